//! Recordings together with the calls that are recorded.

use serde::{Deserialize, Serialize};
use trunkline_domain::call::{self, Call};
use trunkline_domain::recording::{
    self, Recording, RecordingState, Retained, Retention, RetentionKind, Sealed,
};
use trunkline_kernel::{AgentId, CallId, CustomerId, Id as _, RecordingId, StreamId};
use uuid::Uuid;

use crate::{Action, ActionError, Work};

/// The customer was told that the call is recorded.
#[derive(Clone, Debug)]
pub struct AnnounceRecording {
    /// Which call; the recording takes customer and agent from it.
    pub call: CallId,
    /// How long the recording has to be kept.
    pub kind: RetentionKind,
}

impl Action for AnnounceRecording {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let call = work.state::<Call>(self.call).await?;
        if !call.exists() {
            return Err(ActionError::refused(call::Refusal::Unknown));
        }
        let announced = recording::Announced {
            call: self.call,
            customer: call.customer(),
            agent: call.agent(),
            kind: self.kind,
        };
        let id: RecordingId = work.new_id();
        work.run::<Recording>(id, recording::Command::Announce(announced)).await?;
        Ok(id.uuid())
    }
}

/// All of the audio is stored: from now on it is kept as long as it has to be.
#[derive(Clone, Debug)]
pub struct SealRecording {
    /// Which.
    pub recording: RecordingId,
    /// What is stored; the agent who spoke is taken from the call.
    pub sealed: Sealed,
    /// How long recordings are kept.
    pub retention: Retention,
}

impl Action for SealRecording {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let id = self.recording;
        let recording = work.require::<Recording>(id).await?;
        let agent = match recording.call() {
            Some(call) => work.state::<Call>(call).await?.agent(),
            None => None,
        };
        let sealed = Sealed { agent, ..self.sealed.clone() };
        work.run::<Recording>(id, recording::Command::Seal(sealed)).await?;
        if let Some(announced) = recording.announced() {
            let until = work.now().plus(self.retention.of(announced.kind));
            work.run::<Recording>(id, recording::Command::Retain(Retained { until })).await?;
        }
        Ok(id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.recording))
    }
}

/// What whoever stores or plays a recording has to know of it, as it is at this moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownRecording {
    /// How far it has come.
    pub state: RecordingState,
    /// The call.
    pub call: CallId,
    /// The customer whose voice it is.
    pub customer: Option<CustomerId>,
    /// The agent whose voice it is.
    pub agent: Option<AgentId>,
    /// What is stored, once all of it is.
    pub sealed: Option<Sealed>,
}

/// Asks what is known of a recording; nothing when it was never announced. It reads the log, not a read model, for
/// what was erased a moment ago must not be heard.
#[derive(Clone, Copy, Debug)]
pub struct LookUpRecording(pub RecordingId);

impl Action for LookUpRecording {
    type Answer = Option<KnownRecording>;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Self::Answer, ActionError> {
        let recording = work.require::<Recording>(self.0).await?;
        let (Some(call), customer) = (recording.call(), recording.customer()) else { return Ok(None) };
        // Before the audio is there, the call knows better who speaks than the announcement did.
        let agent = match recording.sealed() {
            Some(_) => recording.agent(),
            None => work.state::<Call>(call).await?.agent().or(recording.agent()),
        };
        let sealed = recording.sealed().cloned();
        Ok(Some(KnownRecording { state: recording.state(), call, customer, agent, sealed }))
    }
}
