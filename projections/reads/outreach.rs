//! Campaigns and leads.

use trunkline_database::{AssertSqlSafe, Cell};
use trunkline_domain::campaign::CampaignState;
use trunkline_domain::lead::LeadState;
use trunkline_kernel::{CampaignId, CustomerId, LeadId};

use super::page::Listing;
use super::{Page, PageRequest, ReadError, ReadModels};
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
}

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
        list.page(&self.database, page).await
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
        if let Some(campaign) = filter.campaign {
            list.only("campaign_id = {}", campaign.value());
        }
        if let Some(customer) = filter.customer {
            list.only("customer_id = {}", customer.value());
        }
        let states: Vec<As<LeadState>> = filter.states.iter().copied().map(As).collect();
        list.only_in("state", &states);
        list.page(&self.database, page).await
    }

    /// How many leads of these campaigns stand where; states without leads are left out.
    ///
    /// # Errors
    /// When there are too many ids, and when the database fails.
    pub async fn lead_counts(&self, campaigns: &[CampaignId]) -> Result<Vec<LeadCountRow>, ReadError> {
        let mut counts: Vec<LeadCountRow> = self.by_ids(campaigns).await?;
        counts.retain(|count| count.leads != 0);
        Ok(counts)
    }

    /// How many leads there are in all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leads_total(&self) -> Result<i64, ReadError> {
        let sql = "SELECT CAST(COALESCE(SUM(leads), 0) AS bigint) AS leads FROM lead_counts";
        let row = self.database.fetch_optional(AssertSqlSafe(sql), Vec::new()).await?;
        Ok(row.map_or(Ok(0), |row| row.get("leads"))?)
    }
}
