//! How a call's fact follows its events.

use trunkline_database::Json;
use trunkline_domain::agent::{self, Presence};
use trunkline_domain::call::{self, Answerer, CallState, EndCause};
use trunkline_kernel::{CallId, Recorded, State, Timestamp};

use super::CallRow;
use crate::fold::Unfoldable;
use crate::words::As;

/// A call of which only its beginning is known.
pub(super) fn fresh(id: CallId, created: &call::Created, recorded: &Recorded) -> CallRow {
    CallRow {
        call_id: id,
        direction: As(created.direction),
        state: As(CallState::default()),
        customer_id: created.customer,
        lead_id: created.lead,
        campaign_id: created.campaign,
        agent_id: created.agent,
        team: None,
        queue: created.queue.clone(),
        product: created.product.clone(),
        industry: created.industry.clone(),
        line: created.line.clone(),
        number: created.number.clone(),
        priority: created.priority.map(i64::from),
        attributes: Json(created.attributes.clone()),
        started_at: recorded.event.occurred_at,
        dialed_at: None,
        first_in_slot: true,
        answered_at: None,
        answerer: None,
        queued_at: None,
        waited_ms: None,
        bridged_at: None,
        held_at: None,
        hold_ms: 0,
        ended_at: None,
        cause: None,
        talk_ms: None,
        wrap_ms: None,
        suppressed_by: None,
        bridge_within_ms: None,
        abandoned: false,
        slot_hour: None,
        slot_weekend: None,
        slot_chance: None,
        slot_least: None,
        disposition: None,
        right_party: None,
        sale: None,
        do_not_call: None,
        callback_at: None,
        note: None,
        dispositioned_by: None,
        known_from: recorded.position,
        position: recorded.position,
    }
}

/// A length of time from one moment to another; sources have clocks that run backwards, and a negative length
/// counts as zero.
fn length(from: Timestamp, until: Timestamp) -> i64 {
    until.since(from).0.max(0)
}

/// Applies one event that is not the first.
pub(super) fn change(
    row: &mut CallRow,
    event: &call::Event,
    recorded: &Recorded,
    team: Option<String>,
    first_in_slot: bool,
) -> Result<(), Unfoldable> {
    use call::Event as E;
    let at = recorded.event.occurred_at;
    row.state = As(CallState::MACHINE.step(row.state.0, event.verb())?);
    row.position = recorded.position;
    match event {
        E::Created(_) | E::Rang(_) => {}
        E::Suppressed(suppressed) => row.suppressed_by = Some(suppressed.rule.clone()),
        E::Dialed(dialed) => {
            (row.dialed_at, row.first_in_slot) = (Some(at), first_in_slot);
            dial(row, dialed);
        }
        E::Answered(_) => row.answered_at = Some(at),
        E::Classified(classified) => row.answerer = Some(As(classified.answerer)),
        E::Queued(queued) => {
            row.queued_at = Some(at);
            row.queue = Some(queued.queue.clone());
            row.priority = queued.priority.map_or(row.priority, |priority| Some(priority.into()));
        }
        E::Bridged(bridged) => {
            (row.bridged_at, row.agent_id, row.team) = (Some(at), bridged.agent, team);
            row.waited_ms = waited(row, bridged.waited_ms.map(|waited| waited.0), at);
            row.abandoned = waited_too_long(row, at);
        }
        E::Held(_) => row.held_at = Some(at),
        E::Resumed(_) => release(row, at),
        E::Ended(ended) => {
            release(row, at);
            (row.ended_at, row.cause) = (Some(at), Some(As(ended.cause)));
            if row.bridged_at.is_none() {
                let given_up = row.dialed_at.is_some() && ended.cause == EndCause::Abandoned;
                row.abandoned = given_up || waited_too_long(row, at);
            }
            match row.bridged_at {
                Some(bridged) => row.talk_ms = Some((length(bridged, at) - row.hold_ms).max(0)),
                None => row.waited_ms = waited(row, ended.waited_ms.map(|waited| waited.0), at),
            }
        }
        E::Dispositioned(dispositioned) => disposition(row, dispositioned),
    }
    Ok(())
}

/// What was known when a call was dialed.
fn dial(row: &mut CallRow, dialed: &call::Dialed) {
    if let Some(judged) = dialed.judged.as_ref().filter(|_| row.agent_id.is_none()) {
        row.bridge_within_ms = Some(judged.bridge_within().0);
    }
    if let Some(slot) = &dialed.slot {
        (row.slot_hour, row.slot_weekend) = (Some(slot.hour.into()), Some(slot.weekend));
        (row.slot_chance, row.slot_least) = (slot.chance, slot.least);
    }
}

/// Whether somebody who answered, and was not known for a machine, had nobody to speak with for longer than permitted.
fn waited_too_long(row: &CallRow, until: Timestamp) -> bool {
    let machine = row.answerer == Some(As(Answerer::Machine));
    let waited = row.answered_at.filter(|_| !machine).map(|answered| length(answered, until));
    waited.zip(row.bridge_within_ms).is_some_and(|(waited, within)| waited > within)
}

/// The wait that the source gives, or else the time since the queue was entered.
fn waited(row: &CallRow, given: Option<i64>, at: Timestamp) -> Option<i64> {
    row.queued_at.map(|queued| given.map_or_else(|| length(queued, at), |given| given.max(0)))
}

fn release(row: &mut CallRow, at: Timestamp) {
    if let Some(held) = row.held_at.take() {
        row.hold_ms += length(held, at);
    }
}

fn disposition(row: &mut CallRow, dispositioned: &call::Dispositioned) {
    row.disposition = Some(dispositioned.disposition.clone());
    row.right_party = Some(dispositioned.right_party);
    row.sale = Some(dispositioned.sale);
    row.do_not_call = Some(dispositioned.do_not_call);
    row.callback_at = dispositioned.callback_at;
    row.note.clone_from(&dispositioned.note);
    row.dispositioned_by = Some(As(dispositioned.by));
    row.wrap_ms = dispositioned.wrap_ms.map_or(row.wrap_ms, |wrap| Some(wrap.0.max(0)));
}

/// The presence that an event leads to, when it leads to one.
pub(super) fn presence_after(event: &agent::Event) -> Option<Presence> {
    use agent::Event as E;
    match event {
        E::Registered(_) | E::ProfileChanged(_) | E::PauseRequested(_) | E::PauseRequestCancelled(_) => None,
        E::SignedIn(_) | E::Paused(_) => Some(Presence::Paused),
        E::MadeAvailable(_) | E::OfferMissed(_) | E::OfferReleased(_) | E::WrapEnded(_) => {
            Some(Presence::Available)
        }
        E::Reserved(_) => Some(Presence::Reserved),
        E::PreviewStarted(_) => Some(Presence::Preview),
        E::WorkStarted(_) => Some(Presence::Ringing),
        E::TalkingStarted(_) | E::Resumed(_) => Some(Presence::Talking),
        E::Held(_) => Some(Presence::Holding),
        E::WrapStarted(_) => Some(Presence::Wrapping),
        E::SignedOut(_) => Some(Presence::Offline),
    }
}
