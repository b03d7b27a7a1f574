//! The record of reads.

use async_graphql::{ID, Object};
use trunkline_access::Role;
use trunkline_domain::access::{Entry, Outcome, Way};
use trunkline_kernel::Position;

use super::RoleWord;
use crate::scalars::{DateTime, LogPosition, Word, global};

/// Somebody got at data, or was refused it. It holds no personal value.
pub(crate) struct AccessRecord {
    /// The event that it stands in.
    pub position: Position,
    /// What stands there.
    pub entry: Entry,
}

/// Somebody got at data, or was refused it. It holds no personal value.
#[Object]
impl AccessRecord {
    /// The event that it stands in, which can be proven.
    async fn position(&self) -> LogPosition {
        self.position.into()
    }

    /// When it was answered.
    async fn at(&self) -> DateTime {
        self.entry.at.into()
    }

    /// Who, as an actor; absent when nobody vouches for a name.
    async fn who(&self) -> Option<&str> {
        self.entry.who.as_deref()
    }

    /// What they are in the centre.
    async fn roles(&self) -> Vec<Word<RoleWord>> {
        let roles = self.entry.roles.iter().filter_map(|role| role.parse::<Role>().ok());
        roles.map(|role| Word(RoleWord::of(role))).collect()
    }

    /// What was lent to them or taken in an emergency, in force at the time: `grant:UUID`.
    async fn grants(&self) -> Vec<ID> {
        self.entry.grants.iter().map(|grant| global(*grant)).collect()
    }

    /// Whether an emergency was in force, so that they saw everything.
    async fn emergency(&self) -> bool {
        self.entry.emergency
    }

    /// The address they asked from.
    async fn address(&self) -> Option<&str> {
        self.entry.address.as_deref()
    }

    /// On which way.
    async fn way(&self) -> Word<Way> {
        self.entry.way.into()
    }

    /// What the client calls the operation.
    async fn operation(&self) -> Option<&str> {
        self.entry.operation.as_deref()
    }

    /// SHA-256 of the operation with everything left out that its caller put in, so that the same questions can be
    /// found.
    async fn shape(&self) -> Option<&str> {
        self.entry.shape.as_deref()
    }

    /// The fields of the operation itself, `customers`.
    async fn fields(&self) -> Vec<&str> {
        self.entry.fields.iter().map(String::as_str).collect()
    }

    /// The personal fields that they got in the clear, `Customer.name`.
    async fn clear(&self) -> Vec<&str> {
        self.entry.clear.iter().map(String::as_str).collect()
    }

    /// The personal fields that they got masked.
    async fn masked(&self) -> Vec<&str> {
        self.entry.masked.iter().map(String::as_str).collect()
    }

    /// What they got rows of, by its id; 500 are named, and `rows` says how many there were.
    async fn things(&self) -> Vec<ID> {
        self.entry.things.iter().map(ID::from).collect()
    }

    /// How many rows they got.
    async fn rows(&self) -> i64 {
        i64::try_from(self.entry.rows).unwrap_or(i64::MAX)
    }

    /// Why, in their own words, where a reason is asked for.
    async fn reason(&self) -> Option<&str> {
        self.entry.reason.as_deref()
    }

    /// What became of it.
    async fn outcome(&self) -> Word<Outcome> {
        self.entry.outcome.into()
    }

    /// The stable code of a refusal or an error.
    async fn code(&self) -> Option<&str> {
        self.entry.code.as_deref()
    }

    /// How long it took, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "nothing takes 2^53 microseconds")]
    async fn took_ms(&self) -> f64 {
        self.entry.took_us as f64 / 1_000.0
    }

    /// The distributed trace, or what else names the request in the server's log.
    async fn trace(&self) -> Option<&str> {
        self.entry.trace.as_deref()
    }

    /// How often it happened: the same refusals of a few seconds at the way in are one entry.
    async fn times(&self) -> i64 {
        i64::try_from(self.entry.times).unwrap_or(i64::MAX)
    }
}
