//! The gRPC methods.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use tonic::codec::ProstCodec;
use tonic::{Request, Response, Status, Streaming};

use super::Faults;
use super::store::{Outcome, Store};
use super::wire::{
    AppendContent, AppendOptions, AppendRequest, AppendResponse, AppendResult, ClusterInfo, Confirmation,
    EndPoint, Expected, MemberInfo, ProposedMessage, ReadContent, ReadCount, ReadEvent, ReadFrom,
    ReadOptions, ReadRequest, ReadResponse, Revision, StreamNotFound, StreamOptions, Success,
    SupportedMethod, SupportedMethods, WrongExpectedVersion, success, wrong,
};

/// The most bytes in one append: KurrentDB's default `MaxAppendSize`.
const APPEND_BYTES_MAX: usize = 1024 * 1024;
/// How many events a subscription takes from the store at a time.
const SUBSCRIPTION_PAGE: usize = 500;
/// The version that the server says it is; the client reads it to know what it may call.
const VERSION: &str = "24.10.0";
/// `VNodeState.Leader`.
const LEADER: i32 = 8;

type Responses = BoxStream<'static, Result<ReadResponse, Status>>;

/// What a connection serves.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) address: SocketAddr,
    pub(super) store: Arc<Store>,
    pub(super) faults: Arc<Faults>,
}

/// The routes of a node. Each is the path of a gRPC method.
pub(super) fn routes(service: &Service) -> Router {
    Router::new()
        .route("/event_store.client.streams.Streams/Append", {
            let service = service.clone();
            post(async move |request: axum::extract::Request| {
                let call = tower::service_fn(move |request| service.clone().append(request).boxed());
                tonic::server::Grpc::new(ProstCodec::default()).client_streaming(call, request).await
            })
        })
        .route("/event_store.client.streams.Streams/Read", {
            let service = service.clone();
            post(async move |request: axum::extract::Request| {
                let call = tower::service_fn(move |request| service.clone().read(request).boxed());
                tonic::server::Grpc::new(ProstCodec::default()).server_streaming(call, request).await
            })
        })
        .route("/event_store.client.gossip.Gossip/Read", {
            let service = service.clone();
            post(async move |request: axum::extract::Request| {
                let call = tower::service_fn(move |_: Request<()>| {
                    let answer = Response::new(service.gossip());
                    async move { Ok(answer) }
                });
                tonic::server::Grpc::new(ProstCodec::default()).unary(call, request).await
            })
        })
        .route(
            "/event_store.client.server_features.ServerFeatures/GetSupportedMethods",
            post(async |request: axum::extract::Request| {
                let call = tower::service_fn(|_: Request<()>| async { Ok(Response::new(features())) });
                tonic::server::Grpc::new(ProstCodec::default()).unary(call, request).await
            }),
        )
        .fallback(async || {
            Status::unimplemented("this server has no such method").into_http::<axum::body::Body>()
        })
}

impl Service {
    async fn append(
        self,
        request: Request<Streaming<AppendRequest>>,
    ) -> Result<Response<AppendResponse>, Status> {
        let (options, events) = collect(request.into_inner()).await?;
        let stream = options.stream.ok_or_else(|| Status::invalid_argument("no stream is named"))?;
        let expected = options.expected.unwrap_or(Expected::Any(()));
        let write = || self.store.append(&stream, expected, events);
        let outcome = self.faults.around_append(write).await?;
        let result = match outcome {
            Outcome::Done { revision, commit } => AppendResult::Success(Success {
                revision: Some(revision.map_or(success::Revision::NoStream(()), success::Revision::Current)),
                place: Some(success::Place::At(super::wire::Position { commit, prepare: commit })),
            }),
            Outcome::Wrong { current } => AppendResult::WrongExpectedVersion(WrongExpectedVersion {
                current: Some(current.map_or(wrong::Current::NoStream(()), wrong::Current::Revision)),
                expected: Some(match expected {
                    Expected::Revision(revision) => wrong::Expected::Revision(revision),
                    Expected::NoStream(()) => wrong::Expected::NoStream(()),
                    Expected::Any(()) => wrong::Expected::Any(()),
                    Expected::StreamExists(()) => wrong::Expected::StreamExists(()),
                }),
            }),
        };
        Ok(Response::new(AppendResponse { result: Some(result) }))
    }

    async fn read(self, request: Request<ReadRequest>) -> Result<Response<Responses>, Status> {
        let options = request.into_inner().options.ok_or_else(|| Status::invalid_argument("no options"))?;
        let ReadOptions { from, direction, count } = options;
        let Some(ReadFrom::Stream(StreamOptions { stream: Some(stream), revision })) = from else {
            return Err(Status::unimplemented("this server reads single streams only"));
        };
        if self.faults.refuses_read() {
            return Err(Status::unavailable("Server Is Not Ready"));
        }
        let revision = revision.unwrap_or(Revision::Start(()));
        let name = stream.stream_name.to_vec();
        let count = match count {
            Some(ReadCount::Subscription(())) => {
                return Ok(Response::new(self.subscribe(name, revision)));
            }
            Some(ReadCount::Events(count)) => usize::try_from(count).unwrap_or(usize::MAX),
            None => return Err(Status::invalid_argument("neither a count nor a subscription")),
        };
        let found = match (direction, revision) {
            (0, Revision::Start(())) => self.store.read(&name, 0, count),
            (0, Revision::At(revision)) => self.store.read(&name, revision, count),
            (0, Revision::End(())) => self.store.read(&name, u64::MAX, count),
            (_, Revision::Start(())) => self.store.read_back(&name, 0, count),
            (_, Revision::At(revision)) => self.store.read_back(&name, revision, count),
            (_, Revision::End(())) => self.store.read_back(&name, u64::MAX, count),
        };
        let answers = match found {
            Some(events) => events.into_iter().map(|event| answer_event(&event)).collect(),
            None => vec![answer(ReadContent::StreamNotFound(StreamNotFound { stream: Some(stream) }))],
        };
        Ok(Response::new(stream::iter(answers).map(Ok).boxed()))
    }

    /// Confirms, sends what is there, says that it has caught up, and goes on for ever.
    fn subscribe(&self, name: Vec<u8>, revision: Revision) -> Responses {
        let from = match revision {
            Revision::Start(()) => 0,
            Revision::At(revision) => revision.saturating_add(1),
            Revision::End(()) => self
                .store
                .read_back(&name, u64::MAX, 1)
                .and_then(|events| {
                    events.first().and_then(|event| event.event.as_ref().map(|e| e.revision + 1))
                })
                .unwrap_or(0),
        };
        let confirmation = Confirmation { subscription_id: "subscription".to_owned() };
        let tail = Tail {
            service: self.clone(),
            name,
            next: from,
            changes: self.store.watch(),
            waiting: VecDeque::from([answer(ReadContent::Confirmation(confirmation))]),
            live: false,
        };
        stream::unfold(tail, |mut tail| async move { tail.next().await.map(|item| (Ok(item), tail)) }).boxed()
    }

    fn gossip(&self) -> ClusterInfo {
        let end_point =
            EndPoint { address: self.address.ip().to_string(), port: u32::from(self.address.port()) };
        let member = MemberInfo {
            instance_id: Some(uuid::Uuid::nil().into()),
            time_stamp: 0,
            state: LEADER,
            is_alive: true,
            end_point: Some(end_point),
        };
        ClusterInfo { members: vec![member] }
    }
}

/// One subscription's place in its stream.
struct Tail {
    service: Service,
    name: Vec<u8>,
    next: u64,
    changes: tokio::sync::watch::Receiver<u64>,
    waiting: VecDeque<ReadResponse>,
    live: bool,
}

impl Tail {
    async fn next(&mut self) -> Option<ReadResponse> {
        loop {
            if let Some(item) = self.waiting.pop_front() {
                return Some(item);
            }
            self.changes.mark_unchanged();
            let silent = self.service.faults.subscriptions_are_silent();
            let page = self.service.store.read(&self.name, self.next, SUBSCRIPTION_PAGE).unwrap_or_default();
            if !page.is_empty() && !silent {
                self.next += page.len() as u64;
                self.waiting.extend(page.iter().map(|event| answer_event(event)));
            } else if !self.live {
                self.live = true;
                self.waiting.push_back(answer(ReadContent::CaughtUp(())));
            } else if self.changes.changed().await.is_err() {
                return None;
            }
        }
    }
}

async fn collect(
    mut messages: Streaming<AppendRequest>,
) -> Result<(AppendOptions, Vec<(uuid::Uuid, ProposedMessage)>), Status> {
    let Some(AppendContent::Options(options)) = messages.try_next().await?.and_then(|first| first.content)
    else {
        return Err(Status::invalid_argument("an append starts with its options"));
    };
    let mut events = Vec::new();
    let mut bytes = 0;
    while let Some(message) = messages.try_next().await? {
        let Some(AppendContent::Proposed(mut event)) = message.content else {
            return Err(Status::invalid_argument("after the options an append has only events"));
        };
        let id = event.id.take().and_then(super::wire::Uuid::read);
        let id = id.ok_or_else(|| Status::invalid_argument("an event has no id"))?;
        bytes += event.data.len() + event.custom_metadata.len();
        events.push((id, event));
    }
    if bytes > APPEND_BYTES_MAX {
        let text = format!("Maximum Append Size of {APPEND_BYTES_MAX} Exceeded.");
        let mut status = Status::invalid_argument(text);
        let value = tonic::metadata::MetadataValue::from_static("maximum-append-size-exceeded");
        status.metadata_mut().insert("exception", value);
        return Err(status);
    }
    Ok((options, events))
}

fn answer(content: ReadContent) -> ReadResponse {
    ReadResponse { content: Some(content) }
}

fn answer_event(event: &ReadEvent) -> ReadResponse {
    answer(ReadContent::Event(event.clone()))
}

fn features() -> SupportedMethods {
    let method = |method: &str| SupportedMethod {
        method_name: method.to_owned(),
        service_name: "event_store.client.streams.streams".to_owned(),
        features: Vec::new(),
    };
    SupportedMethods { methods: vec![method("append"), method("read")], server_version: VERSION.to_owned() }
}
