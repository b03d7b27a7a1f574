//! Campaigns, leads and calls.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, InputObject, Object};
use trunkline_domain::call::{CallState, EndCause};
use trunkline_domain::campaign::CampaignState;
use trunkline_domain::lead::LeadState;
use trunkline_domain::words::Direction;
use trunkline_projections::reads;

use crate::error::ApiResult;
use crate::page::{self, Page, connection};
use crate::scalars::{DateTime, LogPosition, StateOf, Word, parse_id};
use crate::types::{Call, CallConnection, Campaign, KpiFilter, Lead, LeadConnection, Reservation, limited};
use crate::view::View;

/// Pages of campaigns.
pub(crate) type CampaignConnection = Connection<String, Campaign>;

/// Which leads: those for which everything given holds.
#[derive(InputObject, Default)]
pub(crate) struct LeadFilter {
    /// Only those of this campaign.
    campaign_id: Option<ID>,
    /// Only those of this customer.
    customer_id: Option<ID>,
    /// Only these states.
    states: Option<Vec<StateOf<LeadState>>>,
}

impl LeadFilter {
    fn parse(self) -> ApiResult<reads::LeadFilter> {
        let states = limited("filter.states", self.states)?;
        Ok(reads::LeadFilter {
            campaign: self.campaign_id.map(|id| parse_id("filter.campaignId", &id)).transpose()?,
            customer: self.customer_id.map(|id| parse_id("filter.customerId", &id)).transpose()?,
            states: states.into_iter().map(|state| state.0).collect(),
            ..reads::LeadFilter::default()
        })
    }
}

/// Which calls: those for which everything given holds.
#[derive(InputObject, Default)]
pub(crate) struct CallFilter {
    /// Only those that began at or after this time.
    since: Option<DateTime>,
    /// Only those that began before this time.
    until: Option<DateTime>,
    /// Only this direction.
    direction: Option<Word<Direction>>,
    /// Only these states.
    states: Option<Vec<StateOf<CallState>>>,
    /// Only those that ended so.
    causes: Option<Vec<Word<EndCause>>>,
    /// Only those with this customer. Combine it with a range of time, or read the customer's timeline.
    customer_id: Option<ID>,
    /// Only attempts of this lead. Combine it with its campaign.
    lead_id: Option<ID>,
    /// Only those with this wrap-up code.
    disposition: Option<String>,
    /// Only those of these agents, teams, campaigns, queues, products and lines of business.
    only: Option<KpiFilter>,
}

impl CallFilter {
    fn parse(self) -> ApiResult<reads::CallFilter> {
        let states = limited("filter.states", self.states)?;
        let causes = limited("filter.causes", self.causes)?;
        Ok(reads::CallFilter {
            from: self.since.map(|at| at.0),
            until: self.until.map(|at| at.0),
            direction: self.direction.map(|direction| direction.0),
            states: states.into_iter().map(|state| state.0).collect(),
            causes: causes.into_iter().map(|cause| cause.0).collect(),
            customer: self.customer_id.map(|id| parse_id("filter.customerId", &id)).transpose()?,
            lead: self.lead_id.map(|id| parse_id("filter.leadId", &id)).transpose()?,
            disposition: self.disposition,
            dimensions: self.only.unwrap_or_default().parse()?,
            unnamed: Vec::new(),
        })
    }
}

#[derive(Default)]
pub(crate) struct OutreachQueries;

#[Object]
impl OutreachQueries {
    /// One campaign.
    async fn campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign.")] id: ID,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Option<Campaign>> {
        let id = parse_id("id", &id)?;
        View::at_least(ctx, min_position.map(|position| position.0)).await?.campaign(Some(id)).await
    }

    /// Campaigns, in the order in which they were drawn up.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn campaigns(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these states; all when absent.")] states: Option<Vec<StateOf<CampaignState>>>,
        #[graphql(desc = "How many from the start, 1 to 100; 20 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<CampaignConnection> {
        let page = Page::of(first, after, last, before)?;
        let states: Vec<_> = limited("states", states)?.into_iter().map(|state| state.0).collect();
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        let found = view.reads().campaigns(&states, &page.request()).await?;
        Ok(connection(found, |row| Campaign { row, view: view.clone() }))
    }

    /// One lead.
    async fn lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead.")] id: ID,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Option<Lead>> {
        let id = parse_id("id", &id)?;
        View::at_least(ctx, min_position.map(|position| position.0)).await?.lead(Some(id)).await
    }

    /// Leads, in the order in which they were added.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads; all when absent.")] filter: Option<LeadFilter>,
        #[graphql(desc = "How many from the start, 1 to 100; 20 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<LeadConnection> {
        let page = Page::of(first, after, last, before)?;
        let filter = filter.unwrap_or_default().parse()?;
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        let found = view.reads().leads(&filter, &page.request()).await?;
        Ok(connection(found, |row| Lead { row, view: view.clone() }))
    }

    /// One call.
    async fn call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The call.")] id: ID,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Option<Call>> {
        let id = parse_id("id", &id)?;
        View::at_least(ctx, min_position.map(|position| position.0)).await?.call(Some(id)).await
    }

    /// One reservation, read from its own events.
    async fn reservation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reservation.")] id: ID,
    ) -> ApiResult<Option<Reservation>> {
        Reservation::read(ctx, parse_id("id", &id)?).await
    }

    /// Calls, the newest first.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn calls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which calls; all when absent.")] filter: Option<CallFilter>,
        #[graphql(
            desc = "How many from the newest on, 1 to 100; 20 when neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the oldest on, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<CallConnection> {
        let page = Page::of(first, after, last, before)?;
        let filter = filter.unwrap_or_default().parse()?;
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        let found = view.reads().calls(&filter, &page.request()).await?;
        Ok(connection(found, |row| Call { row, view: view.clone() }))
    }
}
