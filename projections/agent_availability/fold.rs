//! How events become agent availability.

use trunkline_database::{Json, TableRow};
use trunkline_domain::Event;
use trunkline_domain::agent::{self, Presence};
use trunkline_domain::words::Work;
use trunkline_kernel::{AgentId, Millis, Recorded, Timestamp};

use super::{AgentRow, AgentTimeRow};
use crate::fold::{Fold, Keyed, Store, Totals, Unfoldable};
use crate::words::As;

/// Time in one state: milliseconds, and how often it was entered.
type Time = (i64, i64);

/// The rows in memory.
pub struct AgentAvailability {
    agents: Keyed<AgentId, AgentRow>,
    times: Totals<(AgentId, Timestamp, Presence), Time>,
}

impl Default for AgentAvailability {
    fn default() -> Self {
        let times = Totals::new(AgentTimeRow::TABLE, |&(agent_id, day, presence), &(total_ms, entered)| {
            AgentTimeRow { agent_id, day, presence: As(presence), total_ms, entered }.values()
        });
        Self { agents: Keyed::default(), times }
    }
}

impl Fold for AgentAvailability {
    fn want(&mut self, recorded: &Recorded, event: &Event) {
        if let Event::Agent(_) = event
            && let Some(id) = recorded.stream.id()
        {
            if recorded.version.0 == 1 { self.agents.want_new(id) } else { self.agents.want(id) }
        }
    }

    fn apply(&mut self, recorded: &Recorded, event: &Event) -> Result<(), Unfoldable> {
        let Event::Agent(event) = event else { return Ok(()) };
        let id: AgentId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "agent" })?;
        if let agent::Event::Registered(registered) = event {
            self.agents.insert(id, signed_out(id, registered, recorded));
            return Ok(());
        }
        let row = self.agents.expect(id)?;
        row.position = recorded.position;
        let before = (row.presence.0, row.since);
        apply_to(row, event, recorded.event.occurred_at);
        if row.presence.0 != before.0 || row.since != before.1 {
            let after = (row.presence.0, row.since);
            self.time(id, before, after);
        }
        Ok(())
    }

    fn stores(&mut self) -> Vec<&mut dyn Store> {
        vec![&mut self.agents, &mut self.times]
    }
}

impl AgentAvailability {
    /// Books the interval that is over on the days that it touched.
    fn time(&mut self, agent: AgentId, before: (Presence, Timestamp), after: (Presence, Timestamp)) {
        const DAY: Millis = Millis::from_mins(24 * 60);
        if before.0 != Presence::Offline {
            let mut from = before.1;
            while from < after.1 {
                let day = from.floor(DAY);
                let until = after.1.min(day.plus(DAY));
                self.times.of((agent, day, before.0)).0 += until.since(from).0;
                from = until;
            }
        }
        if after.0 != Presence::Offline {
            self.times.of((agent, after.1.floor(DAY), after.0)).1 += 1;
        }
    }
}

fn signed_out(id: AgentId, registered: &agent::Registered, recorded: &Recorded) -> AgentRow {
    AgentRow {
        agent_id: id,
        name: Some(registered.name.clone()),
        team: registered.team.clone(),
        skills: Json(registered.skills.clone()),
        languages: Json(registered.languages.iter().cloned().collect()),
        licences: Json(registered.licences.clone()),
        shifts: Json(registered.shifts.clone()),
        capacity: registered.capacity.into(),
        extension: registered.extension.clone(),
        presence: As(Presence::Offline),
        since: recorded.event.occurred_at,
        pause_reason: None,
        next_pause_reason: None,
        call_id: None,
        lead_id: None,
        task_id: None,
        reservation_id: None,
        token: 0,
        offer_expires_at: None,
        missed_offers: 0,
        wrap_until: None,
        signed_in_at: None,
        registered_at: recorded.event.occurred_at,
        position: recorded.position,
    }
}

fn apply_to(row: &mut AgentRow, event: &agent::Event, at: Timestamp) {
    use agent::Event as E;
    match event {
        E::Registered(_) => {}
        E::ProfileChanged(changed) => change_profile(row, changed),
        E::SignedIn(_) => {
            go(row, Presence::Paused, at);
            row.pause_reason = Some(As(agent::PauseReason::SignedIn));
            row.signed_in_at = Some(at);
        }
        E::MadeAvailable(_) | E::OfferReleased(_) => {
            free(row);
            go(row, Presence::Available, at);
        }
        E::WrapEnded(_) => {
            free(row);
            row.missed_offers = 0;
            go(row, Presence::Available, at);
        }
        E::Paused(paused) => {
            free(row);
            row.missed_offers = 0;
            row.next_pause_reason = None;
            go(row, Presence::Paused, at);
            row.pause_reason = Some(As(paused.reason));
        }
        E::PauseRequested(requested) => row.next_pause_reason = Some(As(requested.reason)),
        E::PauseRequestCancelled(_) => row.next_pause_reason = None,
        E::Reserved(reserved) => reserve(row, reserved, at),
        E::OfferMissed(missed) => {
            free(row);
            row.missed_offers = missed.missed.into();
            go(row, Presence::Available, at);
        }
        E::PreviewStarted(preview) => {
            row.lead_id = Some(preview.lead);
            row.offer_expires_at = None;
            go(row, Presence::Preview, at);
        }
        E::WorkStarted(started) => {
            row.call_id = Some(started.call);
            row.offer_expires_at = None;
            go(row, Presence::Ringing, at);
        }
        E::TalkingStarted(talking) => {
            row.call_id = Some(talking.call);
            row.missed_offers = 0;
            go(row, Presence::Talking, at);
        }
        E::Held(_) => go(row, Presence::Holding, at),
        E::Resumed(_) => go(row, Presence::Talking, at),
        E::WrapStarted(wrap) => {
            go(row, Presence::Wrapping, at);
            (row.call_id, row.wrap_until) = (Some(wrap.call), Some(wrap.until));
        }
        E::SignedOut(_) => {
            free(row);
            row.next_pause_reason = None;
            row.signed_in_at = None;
            go(row, Presence::Offline, at);
        }
    }
}

fn change_profile(row: &mut AgentRow, changed: &agent::ProfileChanged) {
    let agent::ProfileChanged { name, team, skills, languages, capacity, extension, licences, shifts } =
        changed;
    if let Some(name) = name {
        row.name = Some(name.clone());
    }
    if team.is_some() {
        row.team.clone_from(team);
    }
    if let Some(skills) = skills {
        row.skills = Json(skills.clone());
    }
    if let Some(languages) = languages {
        row.languages = Json(languages.iter().cloned().collect());
    }
    if let Some(licences) = licences {
        row.licences = Json(licences.clone());
    }
    if let Some(shifts) = shifts {
        row.shifts = Json(shifts.clone());
    }
    if let Some(capacity) = capacity {
        row.capacity = (*capacity).into();
    }
    if extension.is_some() {
        row.extension.clone_from(extension);
    }
}

fn reserve(row: &mut AgentRow, reserved: &agent::Reserved, at: Timestamp) {
    match reserved.work {
        Work::Call(call) => row.call_id = Some(call),
        Work::Lead(lead) => row.lead_id = Some(lead),
        Work::Task(task) => row.task_id = Some(task),
    }
    row.reservation_id = Some(reserved.reservation);
    row.token = i64::try_from(reserved.token).unwrap_or(i64::MAX);
    row.offer_expires_at = Some(reserved.expires_at);
    go(row, Presence::Reserved, at);
}

/// The agent has no work any more.
fn free(row: &mut AgentRow) {
    (row.call_id, row.lead_id, row.task_id) = (None, None, None);
    (row.reservation_id, row.offer_expires_at, row.wrap_until) = (None, None, None);
}

fn go(row: &mut AgentRow, presence: Presence, at: Timestamp) {
    row.presence = As(presence);
    row.pause_reason = None;
    row.wrap_until = None;
    // A clock that went back must not make an interval negative.
    row.since = row.since.max(at);
}
