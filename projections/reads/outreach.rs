//! Campaigns and leads.

use std::collections::BTreeSet;

use trunkline_database::{AssertSqlSafe, Cell, Value};
use trunkline_domain::campaign::CampaignState;
use trunkline_domain::lead::{LeadOutcome, LeadState};
use trunkline_kernel::{CampaignId, CustomerId, LeadId, Timestamp};

use super::page::Listing;
use super::{IDS_MAX, Page, PageRequest, ReadError, ReadModels, read_all};
use crate::outreach::{CampaignRow, LeadCountRow, LeadRow};
use crate::words::As;

/// Which leads; empty means all.
#[derive(Clone, Debug, Default)]
pub struct LeadFilter {
    /// Only those of this campaign.
    pub campaign: Option<CampaignId>,
    /// Only those of this customer.
    pub customer: Option<CustomerId>,
    /// Only these states.
    pub states: Vec<LeadState>,
    /// Only those that do not rest beyond this moment.
    pub due: Option<Timestamp>,
    /// Only those that ended so.
    pub outcomes: Vec<LeadOutcome>,
    /// Only those that were brought back to the list less often.
    pub recycled_below: Option<u16>,
}

impl LeadFilter {
    fn narrow(&self, list: &mut Listing) {
        if let Some(campaign) = self.campaign {
            list.only("campaign_id = {}", campaign.value());
        }
        if let Some(customer) = self.customer {
            list.only("customer_id = {}", customer.value());
        }
        list.only_in("state", &words(&self.states));
        list.only_in("outcome", &words(&self.outcomes));
        if let Some(due) = self.due {
            list.only("(hold_until IS NULL OR hold_until <= {})", due.value());
        }
        if let Some(below) = self.recycled_below {
            list.only("recycled < {}", i64::from(below).value());
        }
    }
}

fn words<W: Copy>(words: &[W]) -> Vec<As<W>> {
    words.iter().copied().map(As).collect()
}

/// Leads that can be dialed, as the index on them has it.
const OPEN: &str = "state IN ('NEW', 'READY', 'QUEUED', 'ON_HOLD')";
/// Leads whose customers were promised a call.
const PROMISED: &str = "state = 'ON_HOLD' AND last_outcome = 'callback'";

impl ReadModels {
    /// Campaigns by their ids, in no particular order; unknown ones are left out.
    ///
    /// # Errors
    /// When there are more than [`IDS_MAX`](super::IDS_MAX) ids, and when the database fails.
    pub async fn campaigns_by_ids(&self, ids: &[CampaignId]) -> Result<Vec<CampaignRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// Campaigns in the order of their ids; no states mean all.
    ///
    /// # Errors
    /// When the page is malformed, and when the database fails.
    pub async fn campaigns(
        &self,
        states: &[CampaignState],
        page: &PageRequest,
    ) -> Result<Page<CampaignRow>, ReadError> {
        let mut list = Listing::by(&["campaign_id"]);
        let states: Vec<As<CampaignState>> = states.iter().copied().map(As).collect();
        list.only_in("state", &states);
        list.page(self, page).await
    }

    /// Leads by their ids, in no particular order; unknown ones are left out.
    ///
    /// # Errors
    /// When there are too many ids, and when the database fails.
    pub async fn leads_by_ids(&self, ids: &[LeadId]) -> Result<Vec<LeadRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// Leads in the order of their ids.
    ///
    /// # Errors
    /// When the page is malformed, and when the database fails.
    pub async fn leads(&self, filter: &LeadFilter, page: &PageRequest) -> Result<Page<LeadRow>, ReadError> {
        let mut list = Listing::by(&["lead_id"]);
        filter.narrow(&mut list);
        list.page(self, page).await
    }

    /// How many leads there are of those that the filter lets through.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leads_of(&self, filter: &LeadFilter) -> Result<i64, ReadError> {
        let mut list = Listing::by(&["lead_id"]);
        filter.narrow(&mut list);
        list.count::<LeadRow>(self).await
    }

    /// The leads of a campaign that do not rest, at most so many, in the order in which they are to be dialed: those whose
    /// customers were promised a call, the longest waiting first; then by priority, by the fewest attempts, and by the
    /// longest rest.
    ///
    /// # Errors
    /// When `most` is more than a page, and when the database fails.
    pub async fn leads_to_dial(
        &self,
        campaign: CampaignId,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<LeadRow>, ReadError> {
        let mut promised = Listing::by(&["lead_id"]);
        promised.only("campaign_id = {}", campaign.value());
        promised.only_where(PROMISED);
        promised.only("hold_until <= {}", now.value());
        let mut leads: Vec<LeadRow> = promised.top(self, "hold_until, lead_id", most).await?;
        let mut others = Listing::by(&["lead_id"]);
        others.only("campaign_id = {}", campaign.value());
        others.only_where(OPEN);
        others.only("(hold_until IS NULL OR hold_until <= {})", now.value());
        let order = "priority DESC, attempts, state_since, lead_id";
        let others: Vec<LeadRow> = others.top(self, order, most).await?;
        let known: BTreeSet<LeadId> = leads.iter().map(|lead| lead.lead_id).collect();
        leads.extend(others.into_iter().filter(|lead| !known.contains(&lead.lead_id)));
        leads.truncate(most);
        Ok(leads)
    }

    /// How many leads of these campaigns stand where; states without leads are left out.
    ///
    /// # Errors
    /// When there are too many ids, and when the database fails.
    pub async fn lead_counts(&self, campaigns: &[CampaignId]) -> Result<Vec<LeadCountRow>, ReadError> {
        if self.sees_whole("leads") {
            let mut counts: Vec<LeadCountRow> = self.by_ids(campaigns).await?;
            counts.retain(|count| count.leads != 0);
            return Ok(counts);
        }
        if campaigns.len() > IDS_MAX {
            return Err(ReadError::Limit { what: "a look-up of many ids", limit: IDS_MAX });
        }
        if campaigns.is_empty() {
            return Ok(Vec::new());
        }
        // Sums are kept of all leads together; who sees a part of them has that part counted.
        let mut values: Vec<Value> = campaigns.iter().map(|id| id.value()).collect();
        let marks: Vec<String> = (1..=values.len()).map(|at| format!("${at}")).collect();
        let relation = self.relation("leads", &mut values);
        let sql = format!(
            "SELECT campaign_id, state, CAST(COUNT(*) AS bigint) AS leads FROM {relation} \
             WHERE campaign_id IN ({}) GROUP BY campaign_id, state",
            marks.join(", ")
        );
        read_all(&self.database.fetch(AssertSqlSafe(sql), values).await?)
    }

    /// How many leads there are in all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leads_total(&self) -> Result<i64, ReadError> {
        let mut values = Vec::new();
        let sql = if self.sees_whole("leads") {
            "SELECT CAST(COALESCE(SUM(leads), 0) AS bigint) AS leads FROM lead_counts".to_owned()
        } else {
            let relation = self.relation("leads", &mut values);
            format!("SELECT CAST(COUNT(*) AS bigint) AS leads FROM {relation}")
        };
        let row = self.database.fetch_optional(AssertSqlSafe(sql), values).await?;
        Ok(row.map_or(Ok(0), |row| row.get("leads"))?)
    }
}
