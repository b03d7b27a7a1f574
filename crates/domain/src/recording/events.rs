//! What can have happened to a recording.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, CallId, CustomerId, InteractionId, Timestamp};

words! {
    /// How long a recording has to be kept, as a company's duties have it; the configuration says how many days
    /// each of them is.
    RetentionKind {
        /// What has to be kept for the shorter time, for instance the sale of a contract of up to a year.
        ShortTerm = "short_term",
        /// What has to be kept for the longer time, for instance the sale of a contract of more than a year.
        LongTerm = "long_term",
    }

    /// Why a recording was paused.
    PauseReason {
        /// The customer says card numbers or passwords.
        Payment = "payment",
        /// The customer asked for it.
        CustomerRequest = "customer_request",
        /// The customer is on hold.
        Hold = "hold",
        /// Any other reason.
        Other = "other",
    }

    /// Why a recording was erased.
    EraseReason {
        /// It was kept as long as it had to be.
        RetentionOver = "retention_over",
        /// The customer's data was erased.
        PersonErased = "person_erased",
        /// It should never have been recorded. It may then not be kept, whatever the retention says.
        Unlawful = "unlawful",
        /// Its audio never came, or came in part only.
        Abandoned = "abandoned",
    }
}

events! {
    /// What can have happened to a recording.
    Announced = "recording.announced" v 1;
    Started = "recording.started" v 1;
    Paused = "recording.paused" v 1;
    Resumed = "recording.resumed" v 1;
    Sealed = "recording.sealed" v 1;
    Transcribed = "recording.transcribed" v 1;
    Retained = "recording.retained" v 1;
    Held = "recording.held" v 1;
    Released = "recording.released" v 1;
    Erased = "recording.erased" v 1;
}

/// The customer was told that the call is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Announced {
    /// The call.
    pub call: CallId,
    /// The customer whose voice it is, when identified; the recording's key hangs on theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// The agent whose voice it is, as far as known by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// How long it has to be kept.
    pub kind: RetentionKind,
}

/// Recording began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Started {}

/// Recording was paused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Paused {
    /// Why.
    pub reason: PauseReason,
}

/// Recording goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resumed {}

/// All of the audio is stored, encrypted, and was read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sealed {
    /// The id of the key that it is encrypted under.
    pub key: String,
    /// What sort of audio, as a media type: `audio/wav`.
    pub media_type: String,
    /// How many bytes of audio.
    pub bytes: u64,
    /// How many bytes it takes where it is stored.
    pub stored_bytes: u64,
    /// SHA-256 of the audio, in hexadecimal digits.
    pub sha256: String,
    /// SHA-256 of what is stored, all parts in order, in hexadecimal digits.
    pub stored_sha256: String,
    /// How many bytes of audio are encrypted together.
    pub chunk_bytes: u32,
    /// Of how many parts it is made.
    pub parts: u32,
    /// The agent who spoke, as known by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
}

/// It was written down what is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transcribed {
    /// What wrote it down, and in which version.
    pub engine: String,
    /// The language that is spoken, as a BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The interaction that has the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionId>,
}

/// It has to be kept until then, and not longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retained {
    /// Until when.
    pub until: Timestamp,
}

/// It must be kept, whatever else is due, because of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// The file number of the case; no name of a person.
    pub case: String,
}

/// A case does not need it any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Released {
    /// The file number of the case.
    pub case: String,
}

/// Its key was destroyed, and what was stored of it removed. Nobody can hear it any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// Why.
    pub reason: EraseReason,
}
