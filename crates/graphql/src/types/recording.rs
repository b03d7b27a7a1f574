//! Recordings: what is known of them. The audio comes over HTTP, for a reason.

use async_graphql::{ID, Object};
use trunkline_domain::recording::{EraseReason, PauseReason, RecordingState, RetentionKind};
use trunkline_projections::recordings::RecordingRow;

use super::{Agent, Call, Customer, Interaction};
use crate::error::ApiResult;
use crate::scalars::{DateTime, LogPosition, StateOf, Word, global};
use crate::view::View;

/// The recorded voices of one call.
pub(crate) struct Recording {
    pub row: RecordingRow,
    pub view: View,
}

/// The recorded voices of one call. The audio itself is at `/recordings/UUID`, for those who may hear it and say why.
#[Object]
impl Recording {
    /// The id, `recording:UUID`.
    pub(crate) async fn id(&self) -> ID {
        global(self.row.recording_id)
    }

    /// The call.
    async fn call(&self) -> ApiResult<Option<Call>> {
        self.view.call(Some(self.row.call_id)).await
    }

    /// The customer whose voice it is, when identified.
    async fn customer(&self) -> ApiResult<Option<Customer>> {
        self.view.customer(self.row.customer_id).await
    }

    /// The agent whose voice it is.
    async fn agent(&self) -> ApiResult<Option<Agent>> {
        self.view.agent(self.row.agent_id).await
    }

    /// How long it has to be kept.
    async fn kind(&self) -> Word<RetentionKind> {
        self.row.kind.0.into()
    }

    /// How far it has come.
    async fn state(&self) -> StateOf<RecordingState> {
        self.row.state.0.into()
    }

    /// Since when.
    async fn state_since(&self) -> DateTime {
        self.row.state_since.into()
    }

    /// Why it is paused.
    async fn pause_reason(&self) -> Option<Word<PauseReason>> {
        self.row.pause_reason.map(|reason| reason.0.into())
    }

    /// What sort of audio, as a media type.
    async fn media_type(&self) -> Option<&str> {
        self.row.media_type.as_deref()
    }

    /// How many bytes of audio, in decimal digits.
    async fn bytes(&self) -> Option<String> {
        self.row.bytes.map(|bytes| bytes.to_string())
    }

    /// SHA-256 of the audio, in hexadecimal digits.
    async fn sha256(&self) -> Option<&str> {
        self.row.sha256.as_deref()
    }

    /// SHA-256 of what is stored, in hexadecimal digits.
    async fn stored_sha256(&self) -> Option<&str> {
        self.row.stored_sha256.as_deref()
    }

    /// The interaction that has its text.
    async fn transcript(&self) -> ApiResult<Option<Interaction>> {
        self.view.interaction(self.row.transcript_id).await
    }

    /// Until when it has to be kept, and not longer.
    async fn retained_until(&self) -> Option<DateTime> {
        self.row.retained_until.map(DateTime)
    }

    /// The file numbers of the cases that hold it, whatever else is due.
    async fn cases(&self) -> Vec<&str> {
        self.row.cases.0.iter().map(String::as_str).collect()
    }

    /// When the customer was told.
    async fn announced_at(&self) -> DateTime {
        self.row.announced_at.into()
    }

    /// When all of the audio was stored.
    async fn sealed_at(&self) -> Option<DateTime> {
        self.row.sealed_at.map(DateTime)
    }

    /// When it was erased.
    async fn erased_at(&self) -> Option<DateTime> {
        self.row.erased_at.map(DateTime)
    }

    /// Why it was erased.
    async fn erase_reason(&self) -> Option<Word<EraseReason>> {
        self.row.erase_reason.map(|reason| reason.0.into())
    }

    /// The event that changed it last.
    async fn position(&self) -> LogPosition {
        self.row.position.into()
    }
}
