//! The record of reads.

use async_graphql::{ID, Object};
use trunkline_access::Role;
use trunkline_domain::access::{Outcome, Way};
use trunkline_projections::audit::AccessRow;

use super::RoleWord;
use crate::scalars::{DateTime, LogPosition, Word, global};

/// Somebody got at data, or was refused it. It holds no personal value.
pub(crate) struct AccessRecord(pub AccessRow);

/// Somebody got at data, or was refused it. It holds no personal value.
#[Object]
impl AccessRecord {
    /// The event that it stands in, which can be proven.
    async fn position(&self) -> LogPosition {
        self.0.position.into()
    }

    /// When it was answered.
    async fn at(&self) -> DateTime {
        self.0.at.into()
    }

    /// Who, as an actor; absent when nobody vouches for a name.
    async fn who(&self) -> Option<&str> {
        self.0.who.as_deref()
    }

    /// What they are in the centre.
    async fn roles(&self) -> Vec<Word<RoleWord>> {
        let roles = self.0.roles.0.iter().filter_map(|role| role.parse::<Role>().ok());
        roles.map(|role| Word(RoleWord::of(role))).collect()
    }

    /// What was lent to them or taken in an emergency, in force at the time: `grant:UUID`.
    async fn grants(&self) -> Vec<ID> {
        self.0.grants.0.iter().map(|grant| global(*grant)).collect()
    }

    /// Whether an emergency was in force, so that they saw everything.
    async fn emergency(&self) -> bool {
        self.0.emergency
    }

    /// The address they asked from.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// On which way.
    async fn way(&self) -> Word<Way> {
        self.0.way.0.into()
    }

    /// What the client calls the operation.
    async fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// SHA-256 of the operation with everything left out that its caller put in, so that the same questions can be
    /// found.
    async fn shape(&self) -> Option<&str> {
        self.0.shape.as_deref()
    }

    /// The fields of the operation itself, `customers`.
    async fn fields(&self) -> Vec<&str> {
        self.0.fields.0.iter().map(String::as_str).collect()
    }

    /// The personal fields that they got in the clear, `Customer.name`.
    async fn clear(&self) -> Vec<&str> {
        self.0.clear.0.iter().map(String::as_str).collect()
    }

    /// The personal fields that they got masked.
    async fn masked(&self) -> Vec<&str> {
        self.0.masked.0.iter().map(String::as_str).collect()
    }

    /// What they got rows of, by its id; 500 are named, and `rows` says how many there were.
    async fn things(&self) -> Vec<ID> {
        self.0.things.0.iter().map(ID::from).collect()
    }

    /// How many rows they got.
    async fn rows(&self) -> i64 {
        self.0.rows
    }

    /// Why, in their own words, where a reason is asked for.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// What became of it.
    async fn outcome(&self) -> Word<Outcome> {
        self.0.outcome.0.into()
    }

    /// The stable code of a refusal or an error.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// How long it took, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "nothing takes 2^53 microseconds")]
    async fn took_ms(&self) -> f64 {
        self.0.took_us as f64 / 1_000.0
    }

    /// The distributed trace, or what else names the request in the server's log.
    async fn trace(&self) -> Option<&str> {
        self.0.trace.as_deref()
    }

    /// How often it happened: the same refusals of a few seconds at the way in are one entry.
    async fn times(&self) -> i64 {
        self.0.times
    }
}
