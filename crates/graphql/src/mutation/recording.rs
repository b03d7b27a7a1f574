//! What can be done to a recording. Its audio is sent over HTTP.

use async_graphql::{Context, ID, InputObject, Object};
use trunkline_app::cases::AnnounceRecording;
use trunkline_domain::recording::{self, Command, EraseReason, PauseReason, Recording, RetentionKind};

use super::carry_out::{carry_out, single};
use super::edge::Fields;
use super::payload::RecordingPayload;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Word};

/// A call that is recorded.
#[derive(InputObject)]
pub(crate) struct AnnounceRecordingInput {
    /// The call.
    call_id: ID,
    /// How long the recording has to be kept. The longer time unless somebody knows better.
    #[graphql(default_with = "Word(RetentionKind::LongTerm)")]
    kind: Word<RetentionKind>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A recording that something is to be done to.
#[derive(InputObject)]
pub(crate) struct RecordingInput {
    /// The recording.
    id: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A recording that is to pause.
#[derive(InputObject)]
pub(crate) struct PauseRecordingInput {
    /// The recording.
    id: ID,
    /// Why.
    reason: Word<PauseReason>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A recording that was written down.
#[derive(InputObject)]
pub(crate) struct TranscribeRecordingInput {
    /// The recording.
    id: ID,
    /// What wrote it down, and in which version.
    engine: String,
    /// The language that is spoken, as a BCP 47 tag.
    language: Option<String>,
    /// The interaction that has the text.
    interaction_id: Option<ID>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A recording that is to be kept longer.
#[derive(InputObject)]
pub(crate) struct RetainRecordingInput {
    /// The recording.
    id: ID,
    /// Until when; not before the present time.
    until: DateTime,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A recording and a case.
#[derive(InputObject)]
pub(crate) struct RecordingCaseInput {
    /// The recording.
    id: ID,
    /// The file number of the case; no name of a person.
    case: String,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A recording that is to be erased.
#[derive(InputObject)]
pub(crate) struct EraseRecordingInput {
    /// The recording.
    id: ID,
    /// Why.
    reason: Word<EraseReason>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

#[derive(Default)]
pub(crate) struct RecordingMutations;

#[Object]
impl RecordingMutations {
    /// Says that the customer was told that the call is recorded. The recording's audio can be sent from then on.
    async fn announce_recording(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which call.")] input: AnnounceRecordingInput,
    ) -> ApiResult<RecordingPayload> {
        let mut fields = Fields::default();
        let kind = input.kind.0;
        let action = fields.id("callId", &input.call_id).map(|call| AnnounceRecording { call, kind });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(RecordingPayload)
    }

    /// Says that recording begins.
    async fn start_recording(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RecordingInput,
    ) -> ApiResult<RecordingPayload> {
        let start = |_: &mut Fields| Some(Command::Start);
        single::<Recording>(ctx, input.idempotency_key, &input.id, start).await.map(RecordingPayload)
    }

    /// Says that recording pauses, for instance while card numbers are said.
    async fn pause_recording(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: PauseRecordingInput,
    ) -> ApiResult<RecordingPayload> {
        let pause = |_: &mut Fields| Some(Command::Pause(recording::Paused { reason: input.reason.0 }));
        single::<Recording>(ctx, input.idempotency_key, &input.id, pause).await.map(RecordingPayload)
    }

    /// Says that recording goes on.
    async fn resume_recording(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RecordingInput,
    ) -> ApiResult<RecordingPayload> {
        let resume = |_: &mut Fields| Some(Command::Resume);
        single::<Recording>(ctx, input.idempotency_key, &input.id, resume).await.map(RecordingPayload)
    }

    /// Says that it was written down what is said.
    async fn transcribe_recording(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and by what.")] input: TranscribeRecordingInput,
    ) -> ApiResult<RecordingPayload> {
        let TranscribeRecordingInput { id, engine, language, interaction_id, idempotency_key } = input;
        let transcribe = |fields: &mut Fields| {
            let interaction = fields.optional_id("interactionId", interaction_id.as_ref())?;
            Some(Command::Transcribe(recording::Transcribed { engine, language, interaction }))
        };
        single::<Recording>(ctx, idempotency_key, &id, transcribe).await.map(RecordingPayload)
    }

    /// Keeps a recording longer.
    async fn retain_recording(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and until when.")] input: RetainRecordingInput,
    ) -> ApiResult<RecordingPayload> {
        let retain = |_: &mut Fields| Some(Command::Retain(recording::Retained { until: input.until.0 }));
        single::<Recording>(ctx, input.idempotency_key, &input.id, retain).await.map(RecordingPayload)
    }

    /// Keeps a recording for a case, whatever else is due, until the case releases it.
    async fn hold_recording(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and for which case.")] input: RecordingCaseInput,
    ) -> ApiResult<RecordingPayload> {
        let hold = |_: &mut Fields| Some(Command::Hold(recording::Held { case: input.case }));
        single::<Recording>(ctx, input.idempotency_key, &input.id, hold).await.map(RecordingPayload)
    }

    /// Says that a case does not need a recording any more.
    async fn release_recording(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and from which case.")] input: RecordingCaseInput,
    ) -> ApiResult<RecordingPayload> {
        let release = |_: &mut Fields| Some(Command::Release(recording::Released { case: input.case }));
        single::<Recording>(ctx, input.idempotency_key, &input.id, release).await.map(RecordingPayload)
    }

    /// Erases a recording: its key is destroyed and what is stored of it removed, within moments. Refused while a
    /// case holds it or while it has to be kept; only what should never have been recorded goes before its time.
    async fn erase_recording(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: EraseRecordingInput,
    ) -> ApiResult<RecordingPayload> {
        let erase = |_: &mut Fields| Some(Command::Erase(recording::Erased { reason: input.reason.0 }));
        single::<Recording>(ctx, input.idempotency_key, &input.id, erase).await.map(RecordingPayload)
    }
}
