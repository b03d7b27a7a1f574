//! What can have happened to the record of reads.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{GrantId, Timestamp};

use super::{Outcome, Way};

events! {
    /// What can have happened to the record of reads.
    Recorded = "access.recorded" v 1;
}

/// Some accesses of one server, in the order in which it saw them. Several share an event, because a read is far cheaper
/// than an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// The accesses.
    pub entries: Vec<Entry>,
}

/// Somebody got at data, or was refused it. It names things and persons by their ids and holds no personal value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When it was answered.
    pub at: Timestamp,
    /// Who, as an actor; absent when nobody vouches for a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// What they are in the centre.
    pub roles: BTreeSet<String>,
    /// What was lent to them or taken in an emergency, in force at the time.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub grants: BTreeSet<GrantId>,
    /// Whether an emergency was in force, so that they saw everything.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emergency: bool,
    /// The address they asked from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// On which way.
    pub way: Way,
    /// What the client calls the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// SHA-256 in hexadecimal of the operation with everything left out that its caller put in: values and aliases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    /// The fields of the operation itself, `customers`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fields: BTreeSet<String>,
    /// The personal fields that they got in the clear, `Customer.name`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub clear: BTreeSet<String>,
    /// The personal fields that they got masked.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub masked: BTreeSet<String>,
    /// What they got rows of or heard: `customer:UUID`. The first ones; `rows` says how many there were.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub things: BTreeSet<String>,
    /// How many rows they got.
    #[serde(default)]
    pub rows: u64,
    /// Why, in their own words, where a reason is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The stable code of a refusal or an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How long it took, in microseconds.
    #[serde(default)]
    pub took_us: u64,
    /// The distributed trace, or what else names the request in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// How often it happened: the same refusals of one moment are one entry.
    pub times: u64,
}
