//! Customer-360.

use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, InputObject, Object};
use trunkline_app::Dispatcher;
use trunkline_domain::identifier::{IdentifierId, IdentifierKind};
use trunkline_kernel::BlindKey;
use trunkline_projections::names::NameIndex;
use trunkline_projections::reads::{self, Subject};
use trunkline_vault::search::{Sought, sought};

use super::arguments::AsOf;
use crate::access::{Seer, Sight, sight};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::page::{self, Page, connection};
use crate::scalars::{LogPosition, Word, parse_id};
use crate::types::{Customer, Interaction};
use crate::view::View;

/// Pages of customers.
pub(crate) type CustomerConnection = Connection<String, Customer>;

/// Which customers: those for which everything given holds.
#[derive(InputObject, Default)]
pub(crate) struct CustomerFilter {
    /// Only those whose name begins with this text.
    name_prefix: Option<String>,
    /// Only those whose name contains this text: one Chinese character or two letters at least. Names are found by
    /// single ideographs and by pairs of neighbours, so that a long text can find a name that has all of its pairs
    /// in another order.
    name_contains: Option<String>,
    /// Only those of this agent.
    owner_id: Option<ID>,
    /// Only those in this line of business.
    industry: Option<String>,
}

impl CustomerFilter {
    fn parse(self, index: &BlindKey) -> ApiResult<reads::CustomerFilter> {
        let mut name_parts = Vec::new();
        let sides = [
            ("filter.namePrefix", self.name_prefix.as_deref().map(Sought::Prefix)),
            ("filter.nameContains", self.name_contains.as_deref().map(Sought::Part)),
        ];
        for (field, what) in sides {
            let parts = what.map(|what| sought(index, what)).transpose();
            name_parts.extend(
                parts.map_err(|error| ApiError::input(field, error.to_string()))?.unwrap_or_default(),
            );
        }
        Ok(reads::CustomerFilter {
            name_parts,
            owner: self.owner_id.map(|id| parse_id("filter.ownerId", &id)).transpose()?,
            industry: self.industry,
        })
    }
}

#[derive(Default)]
pub(crate) struct CustomerQueries;

#[Object]
impl CustomerQueries {
    /// One customer, now or as the customer was.
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The customer.")] id: ID,
        #[graphql(desc = "The answer as it was; now when absent.")] as_of: Option<AsOf>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Option<Customer>> {
        let id = parse_id("id", &id)?;
        let view = match as_of {
            Some(as_of) => View::past(ctx, Subject::Customer(id), as_of.moment()).await?,
            None => View::at_least(ctx, min_position.map(|position| position.0)).await?,
        };
        view.customer(Some(id)).await
    }

    /// The customer who has an identifier.
    async fn customer_by_identifier(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What sort of identifier.")] kind: Word<IdentifierKind>,
        #[graphql(desc = "The value as people write it; telephone numbers with their country code.")]
        value: String,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Option<Customer>> {
        let kind = kind.0;
        let value = kind.normalise(&value).map_err(|error| ApiError::input("value", error.to_string()))?;
        // Whoever sees no numbers must not learn whose they are by asking.
        if sight(&ctx.data_unchecked::<Seer>().scope(), "Identifier", "value") == Sight::Nothing {
            let message = "You are not permitted to look customers up by their identifiers.";
            return Err(ApiError::new(ErrorCode::NotPermitted, message));
        }
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        let index = ctx.data_unchecked::<Arc<Dispatcher>>().vault().index();
        let row = view.reads().customer_by_identifier(IdentifierId::of(index, kind, &value)).await?;
        Ok(row.map(|row| Customer { row, view }))
    }

    /// Customers, in the order of their registration.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which customers; all when absent.")] filter: Option<CustomerFilter>,
        #[graphql(desc = "How many from the start, 1 to 100; 20 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<CustomerConnection> {
        let page = Page::of(first, after, last, before)?;
        let index = ctx.data_unchecked::<Arc<Dispatcher>>().vault().index();
        let filter = filter.unwrap_or_default().parse(index)?;
        let position = min_position.map(|position| position.0);
        let view = View::at_least(ctx, position).await?;
        if !filter.name_parts.is_empty() {
            // Whoever does not see names must not learn them by asking which customers have them.
            let scope = ctx.data_unchecked::<Seer>().scope();
            if sight(&scope, "Customer", "name") != Sight::Clear {
                let message = "You are not permitted to search by name.";
                return Err(ApiError::new(ErrorCode::NotPermitted, message));
            }
            ctx.data_unchecked::<Arc<NameIndex>>().reach(position).await?;
        }
        let found = view.reads().customers(&filter, &page.request()).await?;
        Ok(connection(found, |row| Customer { row, view: view.clone() }))
    }

    /// One interaction.
    async fn interaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The interaction.")] id: ID,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Option<Interaction>> {
        let id = parse_id("id", &id)?;
        View::at_least(ctx, min_position.map(|position| position.0)).await?.interaction(Some(id)).await
    }
}
