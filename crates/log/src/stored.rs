//! From a stored row back to the event that was written.

use trunkline_kernel::{
    Cause, CommandId, CorrelationId, Digest, EventId, EventType, Id, NewEvent, Payload, Position, Recorded,
    SchemaVersion, Tags, Timestamp, Version,
};
use uuid::Uuid;

use crate::LogError;

/// An event as a database holds it.
pub(crate) struct StoredEvent<'r> {
    pub(crate) position: Position,
    pub(crate) event_id: Uuid,
    pub(crate) stream: &'r str,
    pub(crate) version: Version,
    pub(crate) event_type: &'r str,
    pub(crate) schema_version: i64,
    pub(crate) payload: &'r str,
    pub(crate) tags: Vec<String>,
    pub(crate) actor: &'r str,
    pub(crate) command_id: Uuid,
    pub(crate) correlation_id: Uuid,
    pub(crate) causation_id: Option<Uuid>,
    pub(crate) trace_id: Option<&'r str>,
    pub(crate) occurred_at: Timestamp,
    pub(crate) recorded_at: Timestamp,
    pub(crate) digest: &'r [u8],
}

impl StoredEvent<'_> {
    /// Reads the event.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when some column cannot have been written by this program.
    pub(crate) fn read(self) -> Result<Recorded, LogError> {
        let position = self.position;
        let tags: Result<Tags, _> =
            self.tags.iter().map(|tag| tag.parse().map_err(damaged(position))).collect();
        Ok(Recorded {
            position,
            stream: self.stream.parse().map_err(damaged(position))?,
            version: self.version,
            recorded_at: self.recorded_at,
            digest: digest(position, self.digest)?,
            event: NewEvent {
                id: EventId::from_uuid(self.event_id),
                event_type: self.event_type.parse::<EventType>().map_err(damaged(position))?,
                schema_version: SchemaVersion(u16::try_from(self.schema_version).map_err(damaged(position))?),
                tags: tags?,
                payload: Payload::stored(self.payload),
                cause: Cause {
                    actor: self.actor.parse().map_err(damaged(position))?,
                    command: CommandId::from_uuid(self.command_id),
                    correlation: CorrelationId::from_uuid(self.correlation_id),
                    causation: self.causation_id.map(EventId::from_uuid),
                    trace: self.trace_id.map(str::parse).transpose().map_err(damaged(position))?,
                },
                occurred_at: self.occurred_at,
            },
        })
    }
}

/// The digest column.
///
/// # Errors
/// [`LogError::Damaged`] when it does not have 32 bytes.
pub(crate) fn digest(position: Position, bytes: &[u8]) -> Result<Digest, LogError> {
    bytes.try_into().map(Digest).map_err(damaged(position))
}

fn damaged<E: std::fmt::Display>(position: Position) -> impl Fn(E) -> LogError {
    move |error| LogError::Damaged { position, reason: error.to_string() }
}

/// A count as the databases keep it. Positions and versions stay far below 2^63.
pub(crate) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count as it comes from a database whose checks keep it from being negative.
pub(crate) fn count(int: i64) -> u64 {
    u64::try_from(int).unwrap_or(0)
}

/// A fault of the database.
pub(crate) fn store_error(error: sqlx::Error) -> LogError {
    LogError::Store(Box::new(error))
}

/// Finds the last of `1..=high` for which something holds that holds up to some point and not after it.
pub(crate) struct Bisect {
    low: u64,
    high: u64,
}

impl Bisect {
    pub(crate) fn up_to(high: u64) -> Self {
        Self { low: 0, high }
    }

    /// What to ask of next; none when it is found.
    pub(crate) fn probe(&self) -> Option<u64> {
        (self.low < self.high).then(|| self.low + (self.high - self.low).div_ceil(2))
    }

    /// Takes the answer about [`Bisect::probe`].
    pub(crate) fn answer(&mut self, probe: u64, holds: bool) {
        if holds {
            self.low = probe;
        } else {
            self.high = probe - 1;
        }
    }

    /// The place, 0 when it holds nowhere.
    pub(crate) fn found(self) -> u64 {
        self.low
    }
}
