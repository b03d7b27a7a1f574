//! Customers, their identifiers, consents, interactions and timelines.

use trunkline_database::Cell;
use trunkline_domain::identifier::IdentifierId;
use trunkline_domain::words::Channel;
use trunkline_kernel::{AgentId, CustomerId, InteractionId, Timestamp};
use trunkline_vault::search::Token;

use super::page::Listing;
use super::{Page, PageRequest, ReadError, ReadModels};
use crate::customer_360::{
    ConsentRow, CustomerRow, IdentifierRow, InteractionRow, TimelineKind, TimelineRow,
};
use crate::words::As;

/// Which customers.
#[derive(Clone, Debug, Default)]
pub struct CustomerFilter {
    /// Only those whose name has all of these parts: what [`sought`](trunkline_vault::search::sought) gives.
    pub name_parts: Vec<Token>,
    /// Only those of this agent.
    pub owner: Option<AgentId>,
    /// Only those in this line of business.
    pub industry: Option<String>,
}

impl ReadModels {
    /// Customers by their ids, in no particular order; unknown ones are left out.
    ///
    /// # Errors
    /// When there are more than [`IDS_MAX`](super::IDS_MAX) ids, and when the database fails.
    pub async fn customers_by_ids(&self, ids: &[CustomerId]) -> Result<Vec<CustomerRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// One customer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn customer(&self, id: CustomerId) -> Result<Option<CustomerRow>, ReadError> {
        Ok(self.customers_by_ids(&[id]).await?.pop())
    }

    /// Customers in the order of their ids, which is that of their registration for ids of version 7.
    ///
    /// # Errors
    /// When the page is malformed, and when the database fails.
    pub async fn customers(
        &self,
        filter: &CustomerFilter,
        page: &PageRequest,
    ) -> Result<Page<CustomerRow>, ReadError> {
        let mut list = Listing::by(&["customer_id"]);
        for Token(part) in &filter.name_parts {
            let having = "customer_id IN (SELECT customer_id FROM customer_name_tokens WHERE token = {})";
            list.only(having, part.value());
        }
        if let Some(owner) = filter.owner {
            list.only("owner_id = {}", owner.value());
        }
        if let Some(industry) = &filter.industry {
            list.only("industry = {}", industry.value());
        }
        list.page(self, page).await
    }

    /// The customer who has this identifier: phone, email, …, looked up by its claim.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn customer_by_identifier(
        &self,
        claim: IdentifierId,
    ) -> Result<Option<CustomerRow>, ReadError> {
        let found: Vec<IdentifierRow> = self.by_column("identifier_id", &[claim]).await?;
        match found.first() {
            Some(identifier) => self.customer(identifier.customer_id).await,
            None => Ok(None),
        }
    }

    /// The identifiers of several customers.
    ///
    /// # Errors
    /// When there are too many ids, and when the database fails.
    pub async fn identifiers_of(&self, ids: &[CustomerId]) -> Result<Vec<IdentifierRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// The consents of several customers.
    ///
    /// # Errors
    /// When there are too many ids, and when the database fails.
    pub async fn consents_of(&self, ids: &[CustomerId]) -> Result<Vec<ConsentRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// Interactions by their ids, in no particular order.
    ///
    /// # Errors
    /// When there are too many ids, and when the database fails.
    pub async fn interactions_by_ids(&self, ids: &[InteractionId]) -> Result<Vec<InteractionRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// A customer's timeline, the newest entry first. What an entry is about is looked up by its id.
    ///
    /// # Errors
    /// When the page is malformed, and when the database fails.
    pub async fn timeline(
        &self,
        customer: CustomerId,
        filter: &TimelineFilter,
        page: &PageRequest,
    ) -> Result<Page<TimelineRow>, ReadError> {
        let mut list = Listing::by(&["occurred_at", "entry_id"]).newest_first();
        list.only("customer_id = {}", customer.value());
        let kinds: Vec<As<TimelineKind>> = filter.kinds.iter().copied().map(As).collect();
        list.only_in("kind", &kinds);
        let channels: Vec<As<Channel>> = filter.channels.iter().copied().map(As).collect();
        list.only_in("channel", &channels);
        if let Some(from) = filter.from {
            list.only("occurred_at >= {}", from.value());
        }
        if let Some(until) = filter.until {
            list.only("occurred_at < {}", until.value());
        }
        list.page(self, page).await
    }
}

/// Which entries of a timeline; empty means all.
#[derive(Clone, Debug, Default)]
pub struct TimelineFilter {
    /// Only these sorts.
    pub kinds: Vec<TimelineKind>,
    /// Only these channels.
    pub channels: Vec<Channel>,
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}
