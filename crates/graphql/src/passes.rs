//! When look-ups of one request are sent: after each pass over its fields, without a timer.
//!
//! A request is one task. Whenever it is polled, it goes on with every field that can go on, and these ask for
//! their rows; when it comes to rest, everything that it needs next has been asked for.

use std::pin::pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _, stream};
use tokio::sync::watch;

/// Tells when the present pass over a request's fields is over.
#[derive(Clone, Debug)]
pub(crate) struct Passes(Arc<watch::Sender<u64>>);

impl Passes {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// Runs a request and counts its passes.
    pub(crate) async fn count<F: Future>(&self, request: F) -> F::Output {
        let mut request = pin!(request);
        std::future::poll_fn(|context| {
            let polled = request.as_mut().poll(context);
            self.0.send_modify(|pass| *pass += 1);
            polled
        })
        .await
    }

    /// The same for a request that answers again and again.
    pub(crate) fn count_stream<S>(&self, mut responses: S) -> impl Stream<Item = S::Item> + use<S>
    where
        S: Stream + Unpin,
    {
        let passes = self.clone();
        stream::poll_fn(move |context| {
            let polled = responses.poll_next_unpin(context);
            passes.0.send_modify(|pass| *pass += 1);
            polled
        })
    }

    /// Waits for the end of the pass in which this is called.
    pub(crate) fn end(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut passes = self.0.subscribe();
        async move {
            // The request is gone when nobody counts any more, and then nobody waits for rows either.
            let _gone = passes.changed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn the_end_of_a_pass_comes_when_the_request_rests() {
        let passes = Passes::new();
        let end = passes.end();
        let mut end = pin!(end);
        assert_eq!(end.as_mut().now_or_never(), None, "the pass is not over");
        passes.count(async {}).await;
        assert_eq!(end.now_or_never(), Some(()));
    }
}
