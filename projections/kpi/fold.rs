//! How events become facts, and facts become sums.

use std::collections::HashMap;

use trunkline_database::{Json, TableRow};
use trunkline_domain::agent::Presence;
use trunkline_domain::{Event, agent, call, lead};
use trunkline_insight::Sums;
use trunkline_kernel::{
    AgentId, CallId, CampaignId, CustomerId, LeadId, Millis, Position, Recorded, Timestamp,
};

use super::achievements::Merit;
use super::{
    AchievementRow, AcquaintanceRow, AnswerRow, CallHistoryRow, CallRow, Dimensions, Granularity,
    KpiAgentRow, KpiLeadRow, LeadMark, LeadMarkRow, NonZero, PresenceRow, RollupRow, dimensions_of, facts,
    presence_sums, sums_of, windows,
};
use crate::fold::{Fold, Keyed, Put, Store, Totals, Unfoldable};
use crate::words::As;

type Window = (Granularity, Timestamp, Dimensions);

/// What a call added to its window when a batch began; absent for calls that were not there.
type Before = Option<(Dimensions, Sums)>;

/// How often two have spoken: calls, sales, refusals.
type Acquainted = (i64, i64, i64);

/// The rows in memory.
pub struct KpiFold {
    calls: Keyed<CallId, CallRow>,
    history: Put<(Timestamp, CallId, Position), CallHistoryRow>,
    agents: Keyed<AgentId, KpiAgentRow>,
    intervals: Put<(Timestamp, AgentId), PresenceRow>,
    leads: Keyed<LeadId, KpiLeadRow>,
    marks: Put<(Timestamp, LeadId, As<LeadMark>), LeadMarkRow>,
    rollups: Totals<Window, Sums>,
    achievements: Keyed<AgentId, AchievementRow>,
    acquaintances: Totals<(CustomerId, AgentId), Acquainted>,
    answers: Totals<(CampaignId, bool, i64), (i64, i64)>,
    touched: HashMap<CallId, Before>,
}

impl Default for KpiFold {
    fn default() -> Self {
        let rollups =
            Totals::new(RollupRow::TABLE, |(granularity, window_start, dimensions): &Window, sums| {
                RollupRow {
                    granularity: *granularity,
                    window_start: *window_start,
                    dimensions: dimensions.clone(),
                    sums: *sums,
                }
                .values()
            });
        let acquaintances = Totals::new(
            AcquaintanceRow::TABLE,
            |&(customer_id, agent_id), &(calls, sales, refusals): &Acquainted| {
                AcquaintanceRow { customer_id, agent_id, calls, sales, refusals }.values()
            },
        );
        let answers = Totals::new(
            AnswerRow::TABLE,
            |&(campaign_id, weekend, hour): &(CampaignId, bool, i64), &(dials, answered): &(i64, i64)| {
                AnswerRow { campaign_id, weekend, hour, dials, answered }.values()
            },
        );
        Self {
            answers,
            calls: Keyed::default(),
            history: Put::default(),
            agents: Keyed::default(),
            intervals: Put::default(),
            leads: Keyed::default(),
            marks: Put::default(),
            rollups,
            achievements: Keyed::default(),
            acquaintances,
            touched: HashMap::new(),
        }
    }
}

impl Fold for KpiFold {
    fn want(&mut self, recorded: &Recorded, event: &Event) {
        let first = recorded.version.0 == 1;
        match event {
            Event::Call(event) => {
                if let Some(id) = recorded.stream.id() {
                    if first { self.calls.want_new(id) } else { self.calls.want(id) }
                }
                if let call::Event::Created(call::Created { agent: Some(agent), .. })
                | call::Event::Bridged(call::Bridged { agent: Some(agent), .. }) = event
                {
                    self.agents.want(*agent);
                }
                // Only then can something have been achieved.
                if let call::Event::Ended(_) | call::Event::Dispositioned(_) = event
                    && let Some(agent) = recorded.event.tags.id()
                {
                    self.achievements.want(agent);
                }
                if let (call::Event::Dialed(_), Some(lead)) = (event, recorded.event.tags.id()) {
                    self.leads.want(lead);
                }
            }
            Event::Agent(_) => {
                if let Some(id) = recorded.stream.id() {
                    if first { self.agents.want_new(id) } else { self.agents.want(id) }
                }
            }
            Event::Access(_)
            | Event::AccessPolicy(_)
            | Event::Alert(_)
            | Event::Campaign(_)
            | Event::Command(_)
            | Event::Contact(_)
            | Event::Customer(_)
            | Event::Decision(_)
            | Event::Grant(_)
            | Event::Identifier(_)
            | Event::Interaction(_)
            | Event::Listing(_)
            | Event::Model(_)
            | Event::Demand(_)
            | Event::Dialer(_)
            | Event::Lead(_)
            | Event::Recording(_)
            | Event::Reservation(_)
            | Event::RightsRequest(_)
            | Event::Routing(_)
            | Event::Task(_)
            | Event::Token(_) => {}
        }
    }

    fn apply(&mut self, recorded: &Recorded, event: &Event) -> Result<(), Unfoldable> {
        match event {
            Event::Call(event) => self.call(recorded, event),
            Event::Agent(event) => self.agent(recorded, event),
            Event::Lead(event) => self.lead(recorded, event),
            Event::Access(_)
            | Event::AccessPolicy(_)
            | Event::Alert(_)
            | Event::Campaign(_)
            | Event::Command(_)
            | Event::Contact(_)
            | Event::Customer(_)
            | Event::Decision(_)
            | Event::Grant(_)
            | Event::Identifier(_)
            | Event::Interaction(_)
            | Event::Listing(_)
            | Event::Model(_)
            | Event::Demand(_)
            | Event::Dialer(_)
            | Event::Recording(_)
            | Event::Reservation(_)
            | Event::RightsRequest(_)
            | Event::Routing(_)
            | Event::Task(_)
            | Event::Token(_) => Ok(()),
        }
    }

    /// Takes away what the touched calls added before, and adds what they add now.
    fn settle(&mut self) {
        for (id, before) in std::mem::take(&mut self.touched) {
            let Some(call) = self.calls.get(id) else { continue };
            let after = (dimensions_of(call), sums_of(call));
            if before.as_ref() == Some(&after) {
                continue;
            }
            let started = call.started_at;
            for granularity in Granularity::STORED {
                let window = started.floor(granularity.width());
                if let Some((dimensions, sums)) = &before {
                    *self.rollups.of((granularity, window, dimensions.clone())) -= *sums;
                }
                *self.rollups.of((granularity, window, after.0.clone())) += after.1;
            }
        }
    }

    fn stores(&mut self) -> Vec<&mut dyn Store> {
        vec![
            &mut self.calls,
            &mut self.history,
            &mut self.agents,
            &mut self.intervals,
            &mut self.leads,
            &mut self.marks,
            &mut self.rollups,
            &mut self.achievements,
            &mut self.acquaintances,
            &mut self.answers,
        ]
    }
}

impl KpiFold {
    fn call(&mut self, recorded: &Recorded, event: &call::Event) -> Result<(), Unfoldable> {
        let id: CallId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "call" })?;
        if let call::Event::Created(created) = event {
            let mut row = facts::fresh(id, created, recorded);
            row.team =
                created.agent.and_then(|agent| self.agents.get(agent)).and_then(|agent| agent.team.clone());
            self.calls.insert(id, row);
            self.touched.insert(id, None);
            return Ok(());
        }
        let bridged = if let call::Event::Bridged(bridged) = event { bridged.agent } else { None };
        let team = bridged.and_then(|agent| self.agents.get(agent)).and_then(|agent| agent.team.clone());
        let first_in_slot = matches!(event, call::Event::Dialed(_)) && self.first_in_slot(id, recorded);
        let row = self.calls.expect(id)?;
        // Only these two events can change what a call is split by.
        let moves = matches!(event, call::Event::Queued(_) | call::Event::Bridged(_));
        let split = moves.then(|| dimensions_of(row));
        let before = sums_of(row);
        facts::change(row, event, recorded, team, first_in_slot)?;
        if sums_of(row) == before && split.as_ref().is_none_or(|split| *split == dimensions_of(row)) {
            return Ok(());
        }
        let after = sums_of(row);
        if let (Some(campaign), Some(weekend), Some(hour)) =
            (row.campaign_id, row.slot_weekend, row.slot_hour)
        {
            let (dials, answered) = self.answers.of((campaign, weekend, hour));
            *dials += after.dials - before.dials;
            *answered += after.human_answers - before.human_answers;
        }
        let change = Merit::of(&after).since(Merit::of(&before));
        let achieved = row.agent_id.filter(|_| change != Merit::default());
        let customer = row.customer_id;
        let dimensions = split.unwrap_or_else(|| dimensions_of(row));
        let known_from = std::mem::replace(&mut row.known_from, recorded.position);
        let history = CallHistoryRow {
            started_at: row.started_at,
            call_id: id,
            known_from,
            known_until: recorded.position,
            dimensions: Json(dimensions.clone()),
            sums: NonZero(before),
        };
        self.history.put((row.started_at, id, known_from), history);
        if let Some(agent) = achieved {
            self.achieved(agent, customer, &change, &dimensions, recorded.position);
        }
        self.touched.entry(id).or_insert(Some((dimensions, before)));
        Ok(())
    }

    fn achieved(
        &mut self,
        agent: AgentId,
        customer: Option<CustomerId>,
        change: &Merit,
        split: &Dimensions,
        position: Position,
    ) {
        if self.achievements.get(agent).is_none() {
            self.achievements.insert(agent, AchievementRow::fresh(agent));
        }
        if let Some(row) = self.achievements.change(agent) {
            row.add(change, &split.product, &split.industry, position);
        }
        if let Some(customer) = customer {
            let (calls, sales, refusals) = self.acquaintances.of((customer, agent));
            *calls += change.calls;
            *sales += change.sales;
            *refusals += change.refusals;
        }
    }

    /// Whether this is the first dial of the call's lead in its hour.
    fn first_in_slot(&mut self, call: CallId, recorded: &Recorded) -> bool {
        let Some(lead) = self.calls.get(call).and_then(|call| call.lead_id) else { return true };
        let slot = recorded.event.occurred_at.floor(Millis::from_mins(60));
        if self.leads.get(lead).is_some_and(|known| known.last_slot == slot) {
            return false;
        }
        self.leads.insert(lead, KpiLeadRow { lead_id: lead, last_slot: slot });
        true
    }

    fn lead(&mut self, recorded: &Recorded, event: &lead::Event) -> Result<(), Unfoldable> {
        let id: LeadId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "lead" })?;
        let (mark, campaign) = match event {
            lead::Event::Added(added) => (LeadMark::Added, Some(added.campaign)),
            lead::Event::Called(called) if called.attempt == 1 => {
                (LeadMark::Dialed, recorded.event.tags.id::<CampaignId>())
            }
            lead::Event::Called(_)
            | lead::Event::Readied(_)
            | lead::Event::Queued(_)
            | lead::Event::Unqueued(_)
            | lead::Event::Returned(_)
            | lead::Event::Held(_)
            | lead::Event::Finished(_)
            | lead::Event::Blocked(_)
            | lead::Event::Recycled(_) => return Ok(()),
        };
        let at = recorded.event.occurred_at;
        let row = LeadMarkRow {
            occurred_at: at,
            lead_id: id,
            mark: As(mark),
            campaign_id: campaign,
            known_from: recorded.position,
        };
        let (dimensions, sums) = super::mark_sums(&row);
        self.marks.put((at, id, As(mark)), row);
        for granularity in Granularity::STORED {
            *self.rollups.of((granularity, at.floor(granularity.width()), dimensions.clone())) += sums;
        }
        Ok(())
    }

    fn agent(&mut self, recorded: &Recorded, event: &agent::Event) -> Result<(), Unfoldable> {
        let id: AgentId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "agent" })?;
        let at = recorded.event.occurred_at;
        if let agent::Event::Registered(registered) = event {
            let (team, presence) = (registered.team.clone(), As(Presence::Offline));
            self.agents.insert(id, KpiAgentRow { agent_id: id, team, presence, since: at });
            return Ok(());
        }
        let row = self.agents.expect(id)?;
        if let agent::Event::ProfileChanged(changed) = event {
            if changed.team.is_some() {
                row.team.clone_from(&changed.team);
            }
            return Ok(());
        }
        let Some(presence) = facts::presence_after(event) else { return Ok(()) };
        let (was, since) = (row.presence.0, row.since);
        row.presence = As(presence);
        row.since = since.max(at);
        if at <= since || was == Presence::Offline {
            return Ok(());
        }
        let interval = PresenceRow {
            started_at: since,
            agent_id: id,
            ended_at: at,
            presence: As(was),
            team: row.team.clone(),
            known_from: recorded.position,
        };
        self.interval(interval);
        Ok(())
    }

    fn interval(&mut self, interval: PresenceRow) {
        let dimensions = super::interval_dimensions(&interval);
        for granularity in Granularity::STORED {
            for (window, length) in windows(granularity, interval.started_at, interval.ended_at) {
                *self.rollups.of((granularity, window, dimensions.clone())) +=
                    presence_sums(interval.presence.0, length);
            }
        }
        self.intervals.put((interval.started_at, interval.agent_id), interval);
    }
}
