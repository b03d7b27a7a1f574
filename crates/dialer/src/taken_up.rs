//! Calls that an earlier run left on the way: they are taken up where the line has them still, and given up otherwise.

use std::collections::BTreeSet;

use trunkline_domain::call::{Answerer, Call, CallState, EndCause};
use trunkline_domain::words::Direction;
use trunkline_kernel::{CampaignId, Millis};
use trunkline_projections::kpi::CallRow;
use trunkline_projections::outreach::CampaignRow;
use trunkline_projections::reads::{CallFilter, ReadError};
use trunkline_projections::{PageRequest, ReadModel};

use crate::desk::Flight;
use crate::{Dialer, PAGE, Trouble};

/// The states of a call in which somebody has to see to it.
const UNDER_WAY: [CallState; 6] = [
    CallState::Dialing,
    CallState::Ringing,
    CallState::Answered,
    CallState::Classified,
    CallState::Bridged,
    CallState::Held,
];

/// The states of a call that arrived and is not connected.
pub(crate) const WAITING: [CallState; 3] = [CallState::Created, CallState::Answered, CallState::Queued];

/// How far back calls are looked for that are still on the way.
const LOOKBACK: Millis = Millis::from_mins(24 * 60);

impl Dialer {
    /// Opens the desks of campaigns whose calls are on the way, whatever became of the campaigns since. Orders that may
    /// have been lost with the earlier run are given again; the line knows them by the call.
    pub(crate) async fn take_up(&mut self) -> Result<(), Trouble> {
        for row in self.under_way(Direction::Inbound, &WAITING).await? {
            self.connect_arrived(row.call_id).await;
        }
        let mut calls = Vec::new();
        for row in self.under_way(Direction::Outbound, &UNDER_WAY).await? {
            // Those that people dial themselves are theirs.
            if self.around.dispatcher.newest::<Call>(row.call_id).await?.is_ordered() {
                calls.push(row);
            }
        }
        let ids: BTreeSet<CampaignId> = calls.iter().filter_map(|call| call.campaign_id).collect();
        let ids: Vec<CampaignId> = ids.into_iter().collect();
        for campaign in self.campaigns(&ids).await? {
            let of_campaign = calls.iter().filter(|call| call.campaign_id == Some(campaign.campaign_id));
            self.take_up_calls(&campaign, of_campaign).await;
        }
        Ok(())
    }

    /// Campaigns by their ids, however many.
    pub(crate) async fn campaigns(&self, ids: &[CampaignId]) -> Result<Vec<CampaignRow>, ReadError> {
        let mut campaigns = Vec::with_capacity(ids.len());
        for page in ids.chunks(PAGE) {
            campaigns.extend(self.around.reads.campaigns_by_ids(page).await?);
        }
        Ok(campaigns)
    }

    async fn take_up_calls(&mut self, campaign: &CampaignRow, calls: impl Iterator<Item = &CallRow> + Send) {
        let id = campaign.campaign_id;
        let (connected, open): (Vec<&CallRow>, Vec<&CallRow>) =
            calls.partition(|row| row.bridged_at.is_some());
        if !self.line.outlives_us() {
            for row in open {
                self.end(row.call_id, EndCause::Failed).await;
            }
            return;
        }
        // Who ran before knew that a machine had answered and had not hung up yet.
        let (machines, open): (Vec<&CallRow>, Vec<&CallRow>) =
            open.into_iter().partition(|row| row.answerer.is_some_and(|by| by.0 == Answerer::Machine));
        for row in machines {
            self.end(row.call_id, EndCause::Machine).await;
        }
        let desk = self.open_desk(campaign);
        for row in &open {
            let (dialed_at, waiting_since) = (row.dialed_at.unwrap_or(row.started_at), row.answered_at);
            let flight = Flight { lead: row.lead_id, dialed_at, waiting_since, agent: row.agent_id };
            desk.flights.insert(row.call_id, flight);
        }
        for row in connected {
            if let Some(agent) = row.agent_id {
                self.connect_line(row.call_id, agent).await;
            }
        }
        for row in open.into_iter().filter(|row| row.state.0 == CallState::Dialing) {
            match self.around.dispatcher.newest::<Call>(row.call_id).await {
                Ok(call) if call.state() == CallState::Dialing => {
                    let line = row.line.clone().or_else(|| self.around.caller_line.clone());
                    self.order(row.call_id, line, id, call.ring_least()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a call cannot be taken up");
                }
            }
        }
    }

    /// The calls that are on the way, whoever made them, once the read models have all that the log has.
    async fn under_way(&self, direction: Direction, states: &[CallState]) -> Result<Vec<CallRow>, Trouble> {
        let reads = &self.around.reads;
        let head = self.around.dispatcher.head().await.ok();
        reads.reach(head, &[ReadModel::Kpi]).await?;
        let filter = CallFilter {
            from: Some(self.around.clock.now().plus(Millis(-LOOKBACK.0))),
            direction: Some(direction),
            states: states.to_vec(),
            ..CallFilter::default()
        };
        let (mut calls, mut page) = (Vec::new(), PageRequest::first(PAGE));
        loop {
            let found = reads.calls(&filter, &page).await?;
            let Some(last) = found.edges.last().map(|edge| edge.cursor.clone()) else { return Ok(calls) };
            calls.extend(found.rows());
            page = PageRequest::first(PAGE).after(last);
        }
    }
}
