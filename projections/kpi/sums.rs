//! What one call, one interval or one lead adds to the sums.

use trunkline_domain::agent::Presence;
use trunkline_domain::call::{Answerer, EndCause};
use trunkline_domain::words::Direction;
use trunkline_insight::Sums;
use trunkline_kernel::{AgentId, CampaignId, Id, Timestamp};
use uuid::Uuid;

use super::{CallRow, Dimensions, Granularity, LeadMark, LeadMarkRow, PresenceRow};

/// What a call is split by.
pub(crate) fn dimensions_of(call: &CallRow) -> Dimensions {
    Dimensions {
        agent_id: call.agent_id.unwrap_or_else(|| AgentId::from_uuid(Uuid::nil())),
        team: call.team.clone().unwrap_or_default(),
        campaign_id: call.campaign_id.unwrap_or_else(|| CampaignId::from_uuid(Uuid::nil())),
        queue: call.queue.clone().unwrap_or_default(),
        product: call.product.clone().unwrap_or_default(),
        industry: call.industry.clone().unwrap_or_default(),
    }
}

/// What a call adds to the sums of its window, as it is known now.
pub(crate) fn sums_of(call: &CallRow) -> Sums {
    let mut sums = Sums::default();
    let waited = call.waited_ms.unwrap_or(0);
    if call.queued_at.is_some() {
        sums.queue_entries = 1;
        sums.queue_entry_wait_ms = waited;
    }
    let cause = call.cause.map(|cause| cause.0);
    if cause == Some(EndCause::Phantom) {
        sums.phantoms = 1;
        return sums;
    }
    sums.calls = 1;
    let bridged = call.bridged_at.is_some();
    if call.queued_at.is_some() {
        queue(&mut sums, waited, bridged, cause.is_some());
    }
    if bridged {
        sums.answered = 1;
        sums.answered_unnamed = i64::from(call.agent_id.is_none());
        if cause.is_some() {
            sums.handled = 1;
            sums.talk_ms = call.talk_ms.unwrap_or(0);
            sums.hold_ms = call.hold_ms;
            sums.wrap_ms = call.wrap_ms.unwrap_or(0);
        }
    } else {
        let left = cause == Some(EndCause::CustomerHangup)
            || (cause == Some(EndCause::Abandoned) && call.direction.0 == Direction::Inbound);
        sums.hung_up = i64::from(left);
    }
    sums.suppressed = i64::from(call.suppressed_by.is_some());
    sums.right_party = i64::from(call.right_party == Some(true));
    sums.sales = i64::from(call.sale == Some(true));
    sums.do_not_call = i64::from(call.do_not_call == Some(true));
    match call.direction.0 {
        Direction::Inbound => sums.inbound = 1,
        Direction::Outbound => {
            sums.outbound = 1;
            if call.dialed_at.is_some() {
                dial(&mut sums, call, cause, bridged);
            }
        }
    }
    sums
}

fn queue(sums: &mut Sums, waited: i64, bridged: bool, ended: bool) {
    sums.queued = 1;
    sums.queue_wait_ms = waited;
    let within = |seconds: i64| i64::from(waited <= seconds * 1_000);
    if bridged {
        sums.queue_answered = 1;
        sums.queue_answered_wait_ms = waited;
        (sums.answered_in_10s, sums.answered_in_20s) = (within(10), within(20));
        (sums.answered_in_30s, sums.answered_in_60s) = (within(30), within(60));
    } else if ended {
        sums.queue_abandoned = 1;
        (sums.abandoned_in_10s, sums.abandoned_in_20s) = (within(10), within(20));
        (sums.abandoned_in_30s, sums.abandoned_in_60s) = (within(30), within(60));
    }
}

fn dial(sums: &mut Sums, call: &CallRow, cause: Option<EndCause>, bridged: bool) {
    let answerer = call.answerer.map(|answerer| answerer.0);
    // Who is not known for a machine, and was connected with an agent or waited for one in vain, was taken for a person.
    let human = answerer == Some(Answerer::Human)
        || (answerer != Some(Answerer::Machine) && (bridged || call.abandoned));
    let machine = answerer == Some(Answerer::Machine) || (!human && cause == Some(EndCause::Machine));
    let reached = call.right_party == Some(true);
    let wrong_party = human && call.right_party == Some(false);
    let no_answer = cause == Some(EndCause::NoAnswer);
    let poor = call.slot_chance.zip(call.slot_least).is_some_and(|(chance, least)| chance < least);
    let invalid = cause == Some(EndCause::InvalidNumber);
    sums.dials = 1;
    sums.dial_slots = i64::from(call.first_in_slot);
    sums.human_answers = i64::from(human);
    sums.machine_answers = i64::from(machine);
    sums.dials_abandoned = i64::from(call.abandoned);
    sums.dials_passed = i64::from(bridged && human && !call.abandoned);
    sums.dial_right_party = i64::from(reached);
    sums.dial_sales = i64::from(call.sale == Some(true));
    sums.no_answers = i64::from(no_answer);
    sums.busies = i64::from(cause == Some(EndCause::Busy));
    sums.invalid_numbers = i64::from(invalid);
    sums.failures = i64::from(cause == Some(EndCause::Failed));
    sums.wasted = i64::from(invalid || machine || wrong_party || (no_answer && poor));
}

/// What `length_ms` of an agent's time in one state adds.
pub(crate) fn presence_sums(presence: Presence, length_ms: i64) -> Sums {
    let mut sums = Sums::default();
    match presence {
        Presence::Offline => {}
        Presence::Paused => sums.paused_ms = length_ms,
        Presence::Available => sums.available_ms = length_ms,
        Presence::Reserved | Presence::Preview | Presence::Ringing => sums.ringing_ms = length_ms,
        Presence::Talking => sums.talking_ms = length_ms,
        Presence::Holding => sums.holding_ms = length_ms,
        Presence::Wrapping => sums.wrapping_ms = length_ms,
    }
    sums
}

/// An interval cut at the borders of windows: each window's start and the milliseconds in it.
pub(crate) fn windows(
    granularity: Granularity,
    from: Timestamp,
    until: Timestamp,
) -> impl Iterator<Item = (Timestamp, i64)> {
    let width = granularity.width();
    let mut at = from;
    std::iter::from_fn(move || {
        (at < until).then(|| {
            let window = at.floor(width);
            let end = until.min(window.plus(width));
            let length = end.since(at).0;
            at = end;
            (window, length)
        })
    })
}

/// What an agent's interval is split by.
pub(crate) fn interval_dimensions(interval: &PresenceRow) -> Dimensions {
    let team = interval.team.clone().unwrap_or_default();
    Dimensions { agent_id: interval.agent_id, team, ..Dimensions::default() }
}

/// What something that happened to a lead is split by, and what it adds.
pub(crate) fn mark_sums(mark: &LeadMarkRow) -> (Dimensions, Sums) {
    let mut dimensions = Dimensions::default();
    if let Some(campaign) = mark.campaign_id {
        dimensions.campaign_id = campaign;
    }
    let sums = match mark.mark.0 {
        LeadMark::Added => Sums { leads: 1, ..Sums::default() },
        LeadMark::Dialed => Sums { leads_dialed: 1, ..Sums::default() },
    };
    (dimensions, sums)
}
