//! Calls that an earlier run left on the way: they are taken up where the line has them still, and given up otherwise.

use trunkline_domain::call::{Call, CallState, EndCause};
use trunkline_kernel::CampaignId;
use trunkline_projections::kpi::CallRow;
use trunkline_projections::reads::{CallFilter, DimensionFilter, ReadError};
use trunkline_projections::{PageRequest, ReadModel};

use crate::desk::{Desk, Flight};
use crate::{Dialer, PAGE};

/// The states of a call in which somebody has to see to it.
const UNDER_WAY: [CallState; 6] = [
    CallState::Dialing,
    CallState::Ringing,
    CallState::Answered,
    CallState::Classified,
    CallState::Bridged,
    CallState::Held,
];

impl Dialer {
    /// Opens the desk of a campaign with the calls that are on the way. Orders that may have been lost with the earlier run
    /// are given again; the line knows them by the call.
    pub(crate) async fn take_up(&mut self, campaign: CampaignId, mut desk: Desk) -> Result<(), ReadError> {
        let mut calls = self.under_way(campaign).await?;
        // Calls that agents dial themselves are theirs.
        calls.retain(|row| row.bridged_at.is_some() || row.agent_id.is_none());
        if !self.line.outlives_us() {
            for row in calls.iter().filter(|row| row.bridged_at.is_none()) {
                self.end(row.call_id, EndCause::Failed).await;
            }
            self.desks.insert(campaign, desk);
            return Ok(());
        }
        let (connected, open): (Vec<CallRow>, Vec<CallRow>) =
            calls.into_iter().partition(|row| row.bridged_at.is_some());
        for row in &open {
            let (dialed_at, waiting_since) = (row.dialed_at.unwrap_or(row.started_at), row.answered_at);
            desk.flights.insert(row.call_id, Flight { lead: row.lead_id, dialed_at, waiting_since });
        }
        self.desks.insert(campaign, desk);
        for row in connected {
            if let Some(agent) = row.agent_id {
                self.connect_line(row.call_id, agent).await;
            }
        }
        for row in open.into_iter().filter(|row| row.state.0 == CallState::Dialing) {
            match self.around.dispatcher.newest::<Call>(row.call_id).await {
                Ok(call) if call.state() == CallState::Dialing => {
                    self.order(row.call_id, row.line, campaign, call.ring_least()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a call cannot be taken up");
                }
            }
        }
        Ok(())
    }

    /// The calls of a campaign that are on the way, once the read models have all that the log has.
    async fn under_way(&self, campaign: CampaignId) -> Result<Vec<CallRow>, ReadError> {
        let reads = &self.around.reads;
        let head = self.around.dispatcher.head().await.ok();
        reads.reach(head, &[ReadModel::Kpi]).await?;
        let filter = CallFilter {
            states: UNDER_WAY.to_vec(),
            dimensions: DimensionFilter { campaigns: vec![campaign], ..DimensionFilter::default() },
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
