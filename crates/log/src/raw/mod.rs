//! The rows of a log as they are stored, unchecked: for whoever has to find out whether somebody changed them
//! behind the log's back, and has millions of them to look at.
//!
//! [`Log::read`](crate::Log::read) builds every event from typed values and copies each text on the way. Here a row
//! is looked at where the database's library has it, and its digest is computed from there.

mod canonical;
mod postgres;
mod sqlite;

use trunkline_kernel::{Digest, Position, Timestamp, Version};
use uuid::Uuid;

use crate::LogError;

pub use postgres::PostgresRows;
pub use sqlite::SqliteRows;

/// The stored rows of one log. Its calls block; make them from threads that may.
pub trait Rows: Send + Sync + 'static {
    /// The highest position that is stored.
    ///
    /// # Errors
    /// When the store fails.
    fn head(&self) -> Result<Position, LogError>;

    /// Where the event with this id stands.
    ///
    /// # Errors
    /// When the store fails.
    fn position_of(&self, event: Uuid) -> Result<Option<Position>, LogError>;

    /// Hands over the rows after `after` up to `until`, itself included, in the order of their positions. Several
    /// threads can do so at once, each on a connection of its own.
    ///
    /// # Errors
    /// When the store fails. A row that cannot be read is handed over as such and is no error.
    fn scan(&self, after: Position, until: Position, take: &mut Take<'_>) -> Result<(), LogError>;

    /// Hands over what the index of tags says of the positions after `after` up to `until`, itself included, in no
    /// order.
    ///
    /// # Errors
    /// When the store fails, or a row of the index has another type than the log writes.
    fn scan_tags(&self, after: Position, until: Position, take: &mut TakeTag<'_>) -> Result<(), LogError>;
}

/// What takes the rows of [`Rows::scan_tags`]: a tag, and where an event that carries it is said to stand.
pub type TakeTag<'t> = dyn FnMut(&str, Position) + 't;

/// A value of another type than the log writes.
fn unfit(error: impl std::error::Error + Send + Sync + 'static) -> LogError {
    LogError::Store(Box::new(error))
}

/// What takes the rows of [`Rows::scan`].
pub type Take<'t> = dyn FnMut(Result<Row<'_>, Unreadable>) + 't;

/// A row that is none of the log's: a column has another type than the log writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where it stands; none when even that cannot be read.
    pub position: Option<Position>,
    /// What is wrong with it.
    pub reason: String,
}

/// One row, its texts where the database's library has them. Nothing in it is checked.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the columns of the table, which documents them")]
pub struct Row<'r> {
    pub position: Position,
    pub event_id: Uuid,
    pub stream: &'r str,
    pub version: Version,
    pub category: &'r str,
    pub event_type: &'r str,
    pub schema_version: i64,
    pub payload: &'r str,
    /// As a JSON array of texts.
    pub tags: &'r str,
    pub actor: &'r str,
    pub command_id: Uuid,
    pub correlation_id: Uuid,
    pub causation_id: Option<Uuid>,
    pub trace_id: Option<&'r str>,
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
    pub digest: &'r [u8],
}

impl Row<'_> {
    /// The digest of what the row says now, computed as [`trunkline_kernel::NewEvent::digest`] does. `scratch` saves
    /// an allocation for each row and holds the canonical text afterwards.
    pub fn computed_digest(&self, scratch: &mut Vec<u8>) -> Digest {
        canonical::digest(self, scratch)
    }

    /// The digest that is stored beside it; none when it does not have 32 bytes.
    pub fn stored_digest(&self) -> Option<Digest> {
        self.digest.try_into().ok().map(Digest)
    }

    /// Its tags, one by one; none when the column is no list of texts.
    pub fn each_tag(&self, mut take: impl FnMut(&str)) {
        match canonical::plain_list(self.tags) {
            Some("") => {}
            Some(inner) => inner.split("\",\"").for_each(take),
            None => serde_json::from_str::<Vec<String>>(self.tags)
                .unwrap_or_default()
                .iter()
                .for_each(|tag| take(tag)),
        }
    }

    /// The category that its stream's name says.
    pub fn category_of_stream(&self) -> &str {
        self.stream.split_once('-').map_or(self.stream, |(category, _)| category)
    }
}
