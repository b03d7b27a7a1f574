//! The tables of the record of reads.

use std::collections::BTreeSet;

use trunkline_database::{Json, table};
use trunkline_domain::access::{Outcome, Way};
use trunkline_kernel::{GrantId, Position, Timestamp};

use crate::words::As;

table! {
    /// Somebody got at data, or was refused it.
    #[derive(Clone, Debug, PartialEq)]
    pub struct AccessRow = "access_entries" key(entry) {
        /// Its place in the log: the position of its event, and its place in the event.
        pub entry: i64,
        /// The event.
        pub position: Position,
        /// When it was answered.
        pub at: Timestamp,
        /// Who, as an actor.
        pub who: Option<String>,
        /// What they are in the centre.
        pub roles: Json<BTreeSet<String>>,
        /// What was lent to them.
        pub grants: Json<BTreeSet<GrantId>>,
        /// Whether an emergency was in force.
        pub emergency: bool,
        /// The address they asked from.
        pub address: Option<String>,
        /// On which way.
        pub way: As<Way>,
        /// What the client calls the operation.
        pub operation: Option<String>,
        /// The hash of the operation.
        pub shape: Option<String>,
        /// The fields of the operation itself.
        pub fields: Json<BTreeSet<String>>,
        /// The personal fields that they got in the clear.
        pub clear: Json<BTreeSet<String>>,
        /// The personal fields that they got masked.
        pub masked: Json<BTreeSet<String>>,
        /// What they got rows of, the first ones.
        pub things: Json<BTreeSet<String>>,
        /// How many rows they got.
        pub rows: i64,
        /// Why, in their own words.
        pub reason: Option<String>,
        /// What became of it.
        pub outcome: As<Outcome>,
        /// The code of a refusal or an error.
        pub code: Option<String>,
        /// How long it took, in microseconds.
        pub took_us: i64,
        /// What names the request in the log of the server.
        pub trace: Option<String>,
        /// How often it happened.
        pub times: i64,
    }
}

table! {
    /// That an access is found by a term.
    #[derive(Clone, Debug, PartialEq)]
    pub struct TermRow = "access_terms" key(term, entry) {
        /// The hash of the term.
        pub term: i64,
        /// The access.
        pub entry: i64,
    }
}
