//! The ledger: one KurrentDB stream, read and appended to over a connection that is made again when it breaks.

use std::sync::Arc;
use std::time::Duration;

use kurrentdb::{
    AppendToStreamOptions, Client, ClientSettings, Error, EventData, ReadStreamOptions, StreamPosition,
    StreamState, SubscribeToStreamOptions, Subscription,
};
use parking_lot::Mutex;
use tokio::time::timeout;
use trunkline_kernel::{Position, Recorded};

use super::record::{Entry, Place, decode, encode};
use crate::LogError;
use crate::store::CommitError;

/// The most events of one read of the ledger.
const PAGE_EVENTS: usize = 1_000;
/// The bytes after which a read of the ledger ends early, so that large events do not fill the memory.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The gRPC code of a request that can never succeed, for instance one that is too large.
const INVALID_ARGUMENT: i32 = 3;

/// A part of the ledger.
pub(super) struct Part {
    pub(super) events: Vec<Recorded>,
    /// Whether the read stopped at a limit and not at the ledger's end.
    pub(super) more: bool,
}

/// The ledger of one log. In a cluster every call goes to the leader: a follower can be behind.
pub(super) struct Ledger {
    settings: ClientSettings,
    stream: String,
    /// How long a call may take before it counts as failed.
    patience: Duration,
    client: Mutex<Option<Arc<Client>>>,
}

impl Ledger {
    pub(super) fn new(settings: ClientSettings, stream: String, patience: Duration) -> Self {
        Self { settings, stream, patience, client: Mutex::new(None) }
    }

    /// Appends events right after `first - 1`, all or none.
    pub(super) async fn append(&self, events: &[Recorded]) -> Result<(), CommitError> {
        let [first, ..] = events else { return Ok(()) };
        let fatal = |error| CommitError::Failed { error, transient: false };
        let count = events.len() as u64;
        let places = (1..).map(|index| Place { index, count });
        let data: Result<Vec<EventData>, LogError> =
            events.iter().zip(places).map(|(event, place)| encode(event, place)).collect();
        let data = data.map_err(fatal)?;
        let state = match first.position.0.checked_sub(2) {
            None => StreamState::NoStream,
            Some(revision) => StreamState::StreamRevision(revision),
        };
        let options = AppendToStreamOptions::default()
            .stream_state(state)
            .requires_leader(true)
            .deadline(self.patience);
        let client = self.client().map_err(fatal)?;
        let call = client.append_to_stream(self.stream.as_str(), &options, data);
        match timeout(self.patience, call).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(Error::WrongExpectedVersion { .. })) => Err(CommitError::Stale),
            Ok(Err(error)) => {
                let transient = self.is_transient(&client, &error);
                Err(CommitError::Failed { error: store(error), transient })
            }
            Err(elapsed) => {
                self.forget(&client);
                Err(CommitError::Failed { error: store(elapsed), transient: true })
            }
        }
    }

    /// Reads the next events after a position, never a part of a commit.
    pub(super) async fn read_after(&self, after: Position) -> Result<Part, LogError> {
        let (mut entries, full) = self.read(after, PAGE_EVENTS, PAGE_BYTES).await?;
        let cut = entries.last().filter(|last| last.place.index < last.place.count);
        if let Some(Entry { recorded: Recorded { position, .. }, place }) = cut {
            let missing = place.count.saturating_sub(place.index);
            let count = usize::try_from(missing).unwrap_or(usize::MAX);
            let (rest, _) = self.read(*position, count, usize::MAX).await?;
            if rest.len() != count {
                let reason = format!("only {} of the {missing} events committed with it follow", rest.len());
                return Err(LogError::Damaged { position: *position, reason });
            }
            entries.extend(rest);
        }
        Ok(Part { events: entries.into_iter().map(|entry| entry.recorded).collect(), more: full })
    }

    /// The event after a position, when there is one.
    pub(super) async fn read_one_after(&self, after: Position) -> Result<Option<Recorded>, LogError> {
        let (mut entries, _) = self.read(after, 1, usize::MAX).await?;
        Ok(entries.pop().map(|entry| entry.recorded))
    }

    /// Reads events after a position until one of the limits is reached, and says whether one was.
    async fn read(
        &self,
        after: Position,
        count: usize,
        bytes: usize,
    ) -> Result<(Vec<Entry>, bool), LogError> {
        let client = self.client()?;
        let options = ReadStreamOptions::default()
            .position(StreamPosition::Position(after.0))
            .max_count(count)
            .requires_leader(true)
            .deadline(self.patience);
        let call = async {
            let mut events = Vec::new();
            let mut read = 0;
            let mut stream = client.read_stream(self.stream.as_str(), &options).await?;
            while let Some(event) = stream.next().await? {
                read +=
                    event.event.as_ref().map_or(0, |event| event.data.len() + event.custom_metadata.len());
                events.extend(event.event);
                if read >= bytes {
                    break;
                }
            }
            Ok((events, read))
        };
        let (events, read) = match timeout(self.patience, call).await {
            Ok(Ok(found)) => found,
            // Nobody has appended yet.
            Ok(Err(Error::ResourceNotFound)) => (Vec::new(), 0),
            Ok(Err(error)) => {
                self.is_transient(&client, &error);
                return Err(store(error));
            }
            Err(elapsed) => {
                self.forget(&client);
                return Err(store(elapsed));
            }
        };
        let full = events.len() >= count || read >= bytes;
        let positions = (1..).map(|step| after.plus(step));
        let entries: Result<Vec<Entry>, LogError> =
            events.iter().zip(positions).map(|(event, position)| decode(event, position)).collect();
        Ok((entries?, full))
    }

    /// A subscription to everything after a position.
    pub(super) async fn subscribe(&self, after: Position) -> Result<Subscription, LogError> {
        let from = match after.0.checked_sub(1) {
            None => StreamPosition::Start,
            Some(revision) => StreamPosition::Position(revision),
        };
        let options = SubscribeToStreamOptions::default().start_from(from).requires_leader(true);
        Ok(self.client()?.subscribe_to_stream(self.stream.as_str(), &options).await)
    }

    /// The present connection, or a new one.
    fn client(&self) -> Result<Arc<Client>, LogError> {
        let mut client = self.client.lock();
        if let Some(client) = &*client {
            return Ok(Arc::clone(client));
        }
        let made = Client::new(self.settings.clone()).map_err(|error| LogError::Store(error.into()))?;
        Ok(Arc::clone(client.insert(Arc::new(made))))
    }

    /// Whether the same call can succeed later. The client's connection task ends for good when a node cannot
    /// be reached, so after such an error the next call makes a new client.
    fn is_transient(&self, client: &Arc<Client>, error: &Error) -> bool {
        match error {
            Error::ServerError(_)
            | Error::ConnectionClosed
            | Error::GrpcConnectionError(_)
            | Error::DeadlineExceeded => {
                self.forget(client);
                true
            }
            Error::Grpc { code, .. } => i32::from(*code) != INVALID_ARGUMENT,
            Error::NotLeaderException(_) => true,
            Error::InternalParsingError(_)
            | Error::AccessDenied
            | Error::ResourceAlreadyExists
            | Error::ResourceNotFound
            | Error::ResourceDeleted
            | Error::UnsupportedFeature
            | Error::InternalClientError
            | Error::InitializationError(_)
            | Error::IllegalStateError(_)
            | Error::WrongExpectedVersion { .. } => false,
        }
    }

    /// Lets go of a client, unless somebody has made a new one meanwhile.
    fn forget(&self, broken: &Arc<Client>) {
        let mut client = self.client.lock();
        if client.as_ref().is_some_and(|present| Arc::ptr_eq(present, broken)) {
            *client = None;
        }
    }
}

pub(super) fn store(error: impl std::error::Error + Send + Sync + 'static) -> LogError {
    LogError::Store(Box::new(error))
}
