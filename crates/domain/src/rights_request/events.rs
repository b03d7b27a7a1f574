//! What can have happened to a request of a person about their own data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{CustomerId, Timestamp};

words! {
    /// What a person can ask for.
    Right {
        /// To be erased: PIPL article 47.
        Erasure = "erasure",
        /// All data about oneself: PIPL article 45.
        Export = "export",
        /// Not to be judged by programs alone: PIPL article 24.
        AutomatedDecisionOptOut = "automated_decision_opt_out",
    }

    /// Why a request is refused.
    RefusalReason {
        /// Who asks is not who the data is about.
        NotThePerson = "not_the_person",
        /// The law asks for the data to be kept, without an end.
        LegalDuty = "legal_duty",
        /// The person took it back.
        Withdrawn = "withdrawn",
    }

    /// What a place did with a person's data.
    Removal {
        /// Rows or files were deleted.
        Deleted = "deleted",
        /// The key was destroyed, so that what is stored cannot be read any more.
        Unreadable = "unreadable",
    }
}

events! {
    /// What can have happened to a request of a person about their own data.
    Received = "rights_request.received" v 1;
    Verified = "rights_request.verified" v 1;
    Restricted = "rights_request.restricted" v 1;
    Started = "rights_request.started" v 1;
    Done = "rights_request.done" v 1;
    Refused = "rights_request.refused" v 1;
}

/// A person asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// Whose data it is about.
    pub customer: CustomerId,
    /// What is asked.
    pub right: Right,
    /// How it came, for instance the reference of a letter or a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Who asks is who the data is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// What proves it, for instance the reference of a checked document; not the document itself.
    pub evidence: String,
}

/// A duty to keep the data runs: it is stored and not used until it ends (PIPL article 47, last sentence).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Restricted {
    /// The rule that asks for it.
    pub duty: String,
    /// When it ends.
    pub until: Timestamp,
}

/// It is being carried out; what was begun is finished even after a crash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Started {}

/// One place that held data of the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// Which place, for instance `keys` or `name index`.
    pub store: String,
    /// What it did.
    pub removal: Removal,
    /// How many things: keys, rows, recordings.
    pub count: u64,
}

/// What a receipt of an erasure says and who says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The statement: canonical JSON (RFC 8785) of request, customer, time and every place with what was removed.
    pub statement: String,
    /// Ed25519 (RFC 8032) over the bytes of the statement, in hexadecimal.
    pub signature: String,
    /// The public key that the signature is checked with, in hexadecimal.
    pub public_key: String,
}

/// It was carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// What was removed where, for an erasure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Removed>,
    /// The signed receipt, for an erasure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// It will not be carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// Why.
    pub reason: RefusalReason,
}
