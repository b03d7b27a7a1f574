//! Calls: by id, as lists, and behind a figure.

use trunkline_database::Cell;
use trunkline_domain::call::{CallState, EndCause};
use trunkline_domain::words::Direction;
use trunkline_kernel::{CallId, CampaignId, CustomerId, LeadId, Timestamp};

use super::figures::DimensionFilter;
use super::page::Listing;
use super::{Page, PageRequest, ReadError, ReadModels};
use crate::kpi::{CallRow, Dimension, behind};
use crate::words::As;

/// Which calls; empty means all.
#[derive(Clone, Debug, Default)]
pub struct CallFilter {
    /// Only those that began at this moment or later.
    pub from: Option<Timestamp>,
    /// Only those that began before this moment.
    pub until: Option<Timestamp>,
    /// Only this direction.
    pub direction: Option<Direction>,
    /// Only these states.
    pub states: Vec<CallState>,
    /// Only those that ended so.
    pub causes: Vec<EndCause>,
    /// Only those with this customer. Combine it with a range of time, or read the customer's timeline.
    pub customer: Option<CustomerId>,
    /// Only attempts of this lead. Combine it with its campaign.
    pub lead: Option<LeadId>,
    /// Only calls with this wrap-up code.
    pub disposition: Option<String>,
    /// By agent, team, campaign, queue, product and industry.
    pub dimensions: DimensionFilter,
    /// Only calls that have no agent, team, …: the calls behind a figure of what was not named.
    pub unnamed: Vec<Dimension>,
}

impl ReadModels {
    /// Calls by their ids, in no particular order; unknown ones are left out.
    ///
    /// # Errors
    /// When there are more than [`IDS_MAX`](super::IDS_MAX) ids, and when the database fails.
    pub async fn calls_by_ids(&self, ids: &[CallId]) -> Result<Vec<CallRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// Calls, the newest first.
    ///
    /// # Errors
    /// When the page is malformed, and when the database fails.
    pub async fn calls(&self, filter: &CallFilter, page: &PageRequest) -> Result<Page<CallRow>, ReadError> {
        listing(filter).page(self, page).await
    }

    /// The calls behind a figure, the newest first: those that its denominator counts, or that a count counts. A
    /// figure about agents' time or leads has no calls behind it, and then this is empty.
    ///
    /// # Errors
    /// When the page is malformed, and when the database fails.
    pub async fn calls_behind(
        &self,
        kpi: trunkline_insight::Kpi,
        filter: &CallFilter,
        page: &PageRequest,
    ) -> Result<Page<CallRow>, ReadError> {
        let mut list = listing(filter);
        list.only_where(behind(kpi));
        list.page(self, page).await
    }
}

fn listing(filter: &CallFilter) -> Listing {
    let mut list = Listing::by(&["started_at", "call_id"]).newest_first();
    if let Some(from) = filter.from {
        list.only("started_at >= {}", from.value());
    }
    if let Some(until) = filter.until {
        list.only("started_at < {}", until.value());
    }
    if let Some(direction) = filter.direction {
        list.only("direction = {}", As(direction).value());
    }
    let states: Vec<As<CallState>> = filter.states.iter().copied().map(As).collect();
    list.only_in("state", &states);
    let causes: Vec<As<EndCause>> = filter.causes.iter().copied().map(As).collect();
    list.only_in("cause", &causes);
    if let Some(customer) = filter.customer {
        list.only("customer_id = {}", customer.value());
    }
    if let Some(lead) = filter.lead {
        list.only("lead_id = {}", lead.value());
    }
    if let Some(disposition) = &filter.disposition {
        list.only("disposition = {}", disposition.value());
    }
    let DimensionFilter { agents, teams, campaigns, queues, products, industries } = &filter.dimensions;
    list.only_in("agent_id", agents);
    list.only_in("team", teams);
    list.only_in::<CampaignId>("campaign_id", campaigns);
    list.only_in("queue", queues);
    list.only_in("product", products);
    list.only_in("industry", industries);
    for dimension in &filter.unnamed {
        let column = dimension.column();
        // A call without a name has nothing in its row, and an empty text where the source gave an empty name.
        match dimension {
            Dimension::Agent | Dimension::Campaign => list.only_where(&format!("{column} IS NULL")),
            Dimension::Team | Dimension::Queue | Dimension::Product | Dimension::Industry => {
                list.only_where(&format!("{column} IS NULL OR {column} = ''"));
            }
        }
    }
    list
}
