//! The look-ups of one request, run within the request's own task, without a timer and in as few statements as
//! its fields allow.
//!
//! Whenever a request is polled, it goes on with every field that can go on, and these ask for their rows. When it
//! comes to rest, everything that it needs next has been asked for, and only then is it sent. The rows of one
//! look-up all arrive before the request is polled again, so that what they lead to is asked for together too.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{Stream, StreamExt as _, stream};
use parking_lot::Mutex;

/// The look-ups that a request has asked for and that have not begun.
#[derive(Clone, Default)]
pub(crate) struct Passes(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

type LookUps = FuturesUnordered<BoxFuture<'static, ()>>;

impl Passes {
    /// Takes a look-up, to be begun when the present pass is over.
    pub(crate) fn add(&self, look_up: BoxFuture<'static, ()>) {
        self.0.lock().push(look_up);
    }

    /// Runs a request with its look-ups.
    pub(crate) async fn run<F: Future>(&self, request: F) -> F::Output {
        let mut request = pin!(request);
        let mut look_ups = LookUps::new();
        std::future::poll_fn(|context| {
            self.poll(context, &mut look_ups, |context| request.as_mut().poll(context))
        })
        .await
    }

    /// The same for a request that answers again and again.
    pub(crate) fn run_stream<S>(&self, mut responses: S) -> impl Stream<Item = S::Item> + use<S>
    where
        S: Stream + Unpin,
    {
        let (passes, mut look_ups) = (self.clone(), LookUps::new());
        stream::poll_fn(move |context| {
            passes.poll(context, &mut look_ups, |context| responses.poll_next_unpin(context))
        })
    }

    fn poll<T>(
        &self,
        context: &mut Context<'_>,
        look_ups: &mut LookUps,
        mut request: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        loop {
            if let Poll::Ready(answer) = request(context) {
                return Poll::Ready(answer);
            }
            look_ups.extend(self.0.lock().drain(..));
            let mut arrived = false;
            while let Poll::Ready(Some(())) = Pin::new(&mut *look_ups).poll_next(context) {
                arrived = true;
            }
            if !arrived {
                return Poll::Pending;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_look_up_runs_once_the_request_rests_and_the_request_goes_on_after_it() {
        let passes = Passes::default();
        let order = Arc::new(Mutex::new(Vec::new()));
        let ask = |name: &'static str| {
            let (answer, answered) = oneshot::channel();
            let order = order.clone();
            let look_up = async move {
                order.lock().push(name);
                answer.send(name).ok();
            };
            passes.add(Box::pin(look_up));
            answered
        };
        let request = async {
            let (first, second) = (ask("first"), ask("second"));
            order.lock().push("asked");
            let answers = (first.await, second.await);
            let third = ask("third").await;
            (answers.0, answers.1, third)
        };
        assert_eq!(passes.run(request).await, (Ok("first"), Ok("second"), Ok("third")));
        let order = order.lock().clone();
        assert_eq!((order[0], order[3]), ("asked", "third"), "{order:?}");
    }
}
