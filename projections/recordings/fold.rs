//! How events become recordings.

use std::collections::BTreeSet;

use trunkline_database::Json;
use trunkline_domain::Event;
use trunkline_domain::recording::{self, RecordingState};
use trunkline_kernel::{Recorded, RecordingId, State};

use super::RecordingRow;
use crate::fold::{Fold, Keyed, Store, Unfoldable};
use crate::words::As;

/// The rows in memory.
#[derive(Default)]
pub struct Recordings {
    recordings: Keyed<RecordingId, RecordingRow>,
}

impl Fold for Recordings {
    fn want(&mut self, recorded: &Recorded, event: &Event) {
        if let (Event::Recording(_), Some(id)) = (event, recorded.stream.id()) {
            if recorded.version.0 == 1 { self.recordings.want_new(id) } else { self.recordings.want(id) }
        }
    }

    fn apply(&mut self, recorded: &Recorded, event: &Event) -> Result<(), Unfoldable> {
        let Event::Recording(event) = event else { return Ok(()) };
        let id: RecordingId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "recording" })?;
        match event {
            recording::Event::Announced(announced) => {
                self.recordings.insert(id, row(id, announced, recorded));
            }
            recording::Event::Started(_)
            | recording::Event::Paused(_)
            | recording::Event::Resumed(_)
            | recording::Event::Sealed(_)
            | recording::Event::Transcribed(_)
            | recording::Event::Retained(_)
            | recording::Event::Held(_)
            | recording::Event::Released(_)
            | recording::Event::Erased(_) => change(self.recordings.expect(id)?, event, recorded)?,
        }
        Ok(())
    }

    fn stores(&mut self) -> Vec<&mut dyn Store> {
        vec![&mut self.recordings]
    }
}

fn row(id: RecordingId, announced: &recording::Announced, recorded: &Recorded) -> RecordingRow {
    let at = recorded.event.occurred_at;
    RecordingRow {
        recording_id: id,
        call_id: announced.call,
        customer_id: announced.customer,
        agent_id: announced.agent,
        kind: As(announced.kind),
        state: As(RecordingState::default()),
        state_since: at,
        pause_reason: None,
        media_type: None,
        bytes: None,
        stored_bytes: None,
        sha256: None,
        stored_sha256: None,
        key_id: None,
        transcript_id: None,
        retained_until: None,
        cases: Json(BTreeSet::new()),
        held: false,
        announced_at: at,
        sealed_at: None,
        erased_at: None,
        erase_reason: None,
        position: recorded.position,
    }
}

fn change(row: &mut RecordingRow, event: &recording::Event, recorded: &Recorded) -> Result<(), Unfoldable> {
    use recording::Event as E;
    let at = recorded.event.occurred_at;
    if RecordingState::MACHINE.transitions.iter().any(|step| step.on == event.verb()) {
        let to = RecordingState::MACHINE.step(row.state.0, event.verb())?;
        if to != row.state.0 {
            (row.state, row.state_since, row.pause_reason) = (As(to), at, None);
        }
    }
    row.position = recorded.position;
    match event {
        E::Announced(_) | E::Started(_) | E::Resumed(_) => {}
        E::Paused(paused) => row.pause_reason = Some(As(paused.reason)),
        E::Sealed(sealed) => {
            row.media_type = Some(sealed.media_type.clone());
            row.bytes = i64::try_from(sealed.bytes).ok();
            row.stored_bytes = i64::try_from(sealed.stored_bytes).ok();
            row.sha256 = Some(sealed.sha256.clone());
            row.stored_sha256 = Some(sealed.stored_sha256.clone());
            row.key_id = Some(sealed.key.clone());
            row.agent_id = sealed.agent.or(row.agent_id);
            row.sealed_at = Some(at);
        }
        E::Transcribed(transcribed) => row.transcript_id = transcribed.interaction.or(row.transcript_id),
        E::Retained(retained) => row.retained_until = Some(retained.until),
        E::Held(held) => {
            row.cases.0.insert(held.case.clone());
        }
        E::Released(released) => {
            row.cases.0.remove(&released.case);
        }
        E::Erased(erased) => (row.erased_at, row.erase_reason) = (Some(at), Some(As(erased.reason))),
    }
    row.held = !row.cases.0.is_empty();
    Ok(())
}
