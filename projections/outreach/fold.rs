//! How events become campaigns and leads.

use trunkline_database::{Json, TableRow};
use trunkline_domain::Event;
use trunkline_domain::campaign::{self, CampaignState};
use trunkline_domain::lead::{self, LeadState};
use trunkline_kernel::{CampaignId, LeadId, Recorded, State};

use super::{CampaignRow, LeadCountRow, LeadRow};
use crate::fold::{Fold, Keyed, Store, Totals, Unfoldable};
use crate::words::As;

/// The rows in memory.
pub struct Outreach {
    campaigns: Keyed<CampaignId, CampaignRow>,
    leads: Keyed<LeadId, LeadRow>,
    counts: Totals<(CampaignId, LeadState), i64>,
}

impl Default for Outreach {
    fn default() -> Self {
        let counts = Totals::new(LeadCountRow::TABLE, |&(campaign_id, state), &leads| {
            LeadCountRow { campaign_id, state: As(state), leads }.values()
        });
        Self { campaigns: Keyed::default(), leads: Keyed::default(), counts }
    }
}

impl Fold for Outreach {
    fn want(&mut self, recorded: &Recorded, event: &Event) {
        let first = recorded.version.0 == 1;
        if let (Event::Campaign(_), Some(id)) = (event, recorded.stream.id()) {
            if first { self.campaigns.want_new(id) } else { self.campaigns.want(id) }
        }
        if let (Event::Lead(_), Some(id)) = (event, recorded.stream.id()) {
            if first { self.leads.want_new(id) } else { self.leads.want(id) }
        }
    }

    fn apply(&mut self, recorded: &Recorded, event: &Event) -> Result<(), Unfoldable> {
        match event {
            Event::Campaign(event) => self.campaign(recorded, event),
            Event::Lead(event) => self.lead(recorded, event),
            Event::Access(_)
            | Event::AccessPolicy(_)
            | Event::Agent(_)
            | Event::Alert(_)
            | Event::Call(_)
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

    fn stores(&mut self) -> Vec<&mut dyn Store> {
        vec![&mut self.campaigns, &mut self.leads, &mut self.counts]
    }
}

impl Outreach {
    fn campaign(&mut self, recorded: &Recorded, event: &campaign::Event) -> Result<(), Unfoldable> {
        let id: CampaignId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "campaign" })?;
        let at = recorded.event.occurred_at;
        if let campaign::Event::Created(created) = event {
            let row = CampaignRow {
                campaign_id: id,
                name: created.name.clone(),
                state: As(CampaignState::default()),
                state_since: at,
                mode: As(created.mode),
                product: created.product.clone(),
                queue: created.queue.clone(),
                script: created.script.clone(),
                attempts: Json(created.attempts.clone()),
                hours: Json(created.hours.clone()),
                jurisdiction: created.jurisdiction.clone(),
                purpose: As(created.purpose()),
                created_at: at,
                position: recorded.position,
            };
            self.campaigns.insert(id, row);
            return Ok(());
        }
        let row = self.campaigns.expect(id)?;
        let to = CampaignState::MACHINE.step(row.state.0, event.verb())?;
        if to != row.state.0 {
            (row.state, row.state_since) = (As(to), at);
        }
        row.position = recorded.position;
        if let campaign::Event::PolicyChanged(changed) = event {
            let campaign::PolicyChanged { mode, script, attempts, hours } = changed;
            row.mode = mode.map_or(row.mode, As);
            if script.is_some() {
                row.script.clone_from(script);
            }
            if let Some(attempts) = attempts {
                row.attempts = Json(attempts.clone());
            }
            if let Some(hours) = hours {
                row.hours = Json(hours.clone());
            }
        }
        Ok(())
    }

    fn lead(&mut self, recorded: &Recorded, event: &lead::Event) -> Result<(), Unfoldable> {
        let id: LeadId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "lead" })?;
        let at = recorded.event.occurred_at;
        if let lead::Event::Added(added) = event {
            let row = LeadRow {
                lead_id: id,
                campaign_id: added.campaign,
                customer_id: added.customer,
                state: As(LeadState::default()),
                state_since: at,
                priority: added.priority.into(),
                attempts: 0,
                recycled: 0,
                last_call_id: None,
                last_called_at: None,
                last_outcome: None,
                hold_until: None,
                outcome: None,
                block_reason: None,
                attributes: Json(added.attributes.clone()),
                added_at: at,
                position: recorded.position,
            };
            *self.counts.of((added.campaign, row.state.0)) += 1;
            self.leads.insert(id, row);
            return Ok(());
        }
        let row = self.leads.expect(id)?;
        let (from, to) = (row.state.0, LeadState::MACHINE.step(row.state.0, event.verb())?);
        change(row, event, to, recorded);
        let campaign = row.campaign_id;
        if from != to {
            *self.counts.of((campaign, from)) -= 1;
            *self.counts.of((campaign, to)) += 1;
        }
        Ok(())
    }
}

fn change(row: &mut LeadRow, event: &lead::Event, to: LeadState, recorded: &Recorded) {
    use lead::Event as E;
    let at = recorded.event.occurred_at;
    if to != row.state.0 {
        (row.state, row.state_since) = (As(to), at);
        row.hold_until = None;
    }
    row.position = recorded.position;
    match event {
        E::Added(_) | E::Readied(_) | E::Queued(_) | E::Unqueued(_) => {}
        E::Called(called) => {
            row.attempts = called.attempt.into();
            (row.last_call_id, row.last_called_at) = (Some(called.call), Some(at));
        }
        E::Returned(returned) => row.last_outcome = Some(As(returned.outcome)),
        E::Held(held) => row.hold_until = Some(held.until),
        E::Finished(finished) => row.outcome = Some(As(finished.outcome)),
        E::Recycled(recycled) => (row.recycled, row.outcome) = (recycled.times.into(), None),
        E::Blocked(blocked) => row.block_reason = Some(As(blocked.reason)),
    }
}
