//! The table of recordings.

use std::collections::BTreeSet;

use trunkline_database::{Json, table};
use trunkline_domain::recording::{EraseReason, PauseReason, RecordingState, RetentionKind};
use trunkline_kernel::{AgentId, CallId, CustomerId, InteractionId, Position, RecordingId, Timestamp};

use crate::words::As;

table! {
    /// A recording as it stands; the audio is elsewhere.
    #[derive(Clone, Debug, PartialEq)]
    pub struct RecordingRow = "recordings" key(recording_id) {
        /// The recording.
        pub recording_id: RecordingId,
        /// The call.
        pub call_id: CallId,
        /// The customer whose voice it is.
        pub customer_id: Option<CustomerId>,
        /// The agent whose voice it is.
        pub agent_id: Option<AgentId>,
        /// How long it has to be kept.
        pub kind: As<RetentionKind>,
        /// How far it has come.
        pub state: As<RecordingState>,
        /// Since when.
        pub state_since: Timestamp,
        /// Why it is paused.
        pub pause_reason: Option<As<PauseReason>>,
        /// What sort of audio.
        pub media_type: Option<String>,
        /// How many bytes of audio.
        pub bytes: Option<i64>,
        /// How many bytes are stored.
        pub stored_bytes: Option<i64>,
        /// SHA-256 of the audio.
        pub sha256: Option<String>,
        /// SHA-256 of what is stored.
        pub stored_sha256: Option<String>,
        /// The id of its key.
        pub key_id: Option<String>,
        /// The interaction that has its text.
        pub transcript_id: Option<InteractionId>,
        /// Until when it has to be kept.
        pub retained_until: Option<Timestamp>,
        /// The cases that hold it.
        pub cases: Json<BTreeSet<String>>,
        /// Whether a case holds it.
        pub held: bool,
        /// When the customer was told.
        pub announced_at: Timestamp,
        /// When all of the audio was stored.
        pub sealed_at: Option<Timestamp>,
        /// When its key was destroyed.
        pub erased_at: Option<Timestamp>,
        /// Why.
        pub erase_reason: Option<As<EraseReason>>,
        /// The event that changed it last.
        pub position: Position,
    }
}
