//! Subscriptions as server-sent events, in the "distinct connections" mode of the graphql-sse protocol: every
//! response is an `event: next`, and `event: complete` ends the stream.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Interval, MissedTickBehavior};
use tracing::Instrument as _;

use super::pipe::{Stalled, offer};
use super::stay::Stay;
use super::{Http, stay};
use crate::core::{Answer, Outcome, Prepared, Run};
use crate::error::{ApiError, ErrorCode};

/// The answer to a query or mutation, or a refusal, as a stream of one.
pub(super) fn once(answer: Answer) -> Response {
    let frames = stream::iter([Ok::<_, std::convert::Infallible>(next(&answer.body)), Ok(complete())]);
    response(Body::from_stream(frames))
}

/// A subscription until it ends, the client leaves or has to leave, or the client reads too slowly.
pub(super) fn subscribe(http: &Http, prepared: Prepared, stay: Stay) -> Response {
    let core = http.core.clone();
    let Some(place) = core.stats.subscribe(core.limits.subscriptions_max) else {
        return once(prepared.run.error(too_many(core.limits.subscriptions_max), Outcome::Refused));
    };
    let (sender, receiver) = mpsc::channel(core.limits.subscriber_messages_max);
    let (end, ended) = oneshot::channel();
    let keep_alive = core.limits.keep_alive;
    let produce = async move {
        let (responses, run) = core.stream(prepared);
        let last = tokio::select! {
            () = core.stopping.cancelled() => complete(),
            () = sender.closed() => return,
            end = stay.over() => {
                let error = run.error(stay::ended(end), Outcome::Unavailable);
                Bytes::from([next(&error.body), complete()].concat())
            }
            last = feed(responses, &run, &sender, core.limits.slow_consumer_grace) => match last {
                Ok(()) => {
                    // Everything that was sent has to be read before the end is.
                    drop(sender);
                    drop(place);
                    return;
                }
                Err(Stalled::Gone) => return,
                Err(Stalled::Slow) => {
                    core.stats.count_slow_consumer();
                    let error = run.error(slow(), Outcome::Unavailable);
                    Bytes::from([next(&error.body), complete()].concat())
                }
            },
        };
        drop(place);
        // The client is gone when nobody waits for the end.
        let _gone = end.send(last);
    };
    tokio::spawn(produce.in_current_span());
    response(Body::from_stream(frames(receiver, ended, keep_alive)))
}

/// The error of a consumer that is disconnected.
pub(super) fn slow() -> ApiError {
    let message = "The client read too slowly and is disconnected; subscribe again with `after`.";
    ApiError::new(ErrorCode::SlowConsumer, message)
}

/// The error when no more subscriptions are taken.
pub(super) fn too_many(max: usize) -> ApiError {
    let message = format!("There are {max} subscriptions already, and no more are taken.");
    ApiError::new(ErrorCode::TooManySubscriptions, message)
}

async fn feed(
    mut responses: BoxStream<'static, async_graphql::Response>,
    run: &Run,
    sender: &mpsc::Sender<Bytes>,
    grace: Duration,
) -> Result<(), Stalled> {
    while let Some(response) = responses.next().await {
        offer(sender, next(&run.write_message(response)), grace).await?;
    }
    offer(sender, complete(), grace).await
}

struct Frames {
    receiver: mpsc::Receiver<Bytes>,
    ended: Option<oneshot::Receiver<Bytes>>,
    keep_alive: Interval,
}

/// What the client is sent. The end goes before everything that waits: a slow consumer learns of it first.
fn frames(
    receiver: mpsc::Receiver<Bytes>,
    ended: oneshot::Receiver<Bytes>,
    keep_alive: Duration,
) -> impl futures::Stream<Item = Result<Bytes, std::convert::Infallible>> {
    let mut keep_alive = tokio::time::interval(keep_alive);
    keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let frames = Frames { receiver, ended: Some(ended), keep_alive };
    stream::unfold(frames, |mut frames| async move {
        let frame = frames.next().await?;
        Some((Ok(frame), frames))
    })
}

impl Frames {
    async fn next(&mut self) -> Option<Bytes> {
        // Without it the end has been sent or will never come; then the messages that wait are the rest.
        let Some(ended) = &mut self.ended else { return self.receiver.recv().await };
        let last = tokio::select! {
            biased;
            last = ended => last,
            message = self.receiver.recv() => return message,
            _ = self.keep_alive.tick() => return Some(Bytes::from_static(b":\n\n")),
        };
        self.ended = None;
        match last {
            Ok(last) => {
                self.receiver.close();
                while self.receiver.try_recv().is_ok() {}
                Some(last)
            }
            Err(_) => self.receiver.recv().await,
        }
    }
}

fn next(body: &[u8]) -> Bytes {
    // JSON has no line breaks of its own in the form that is written here, so one `data` line holds it.
    Bytes::from([b"event: next\ndata: ", body, b"\n\n"].concat())
}

fn complete() -> Bytes {
    Bytes::from_static(b"event: complete\ndata:\n\n")
}

fn response(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
