//! Requests of persons about their own data, and all data on one person.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use trunkline_access::Tally;
use trunkline_app::Dispatcher;
use trunkline_app::privacy;
use trunkline_domain::customer;
use trunkline_kernel::{CustomerId, EventType, Id as _, RightsRequestId, StreamId, Tag};
use trunkline_log::{Direction, Filter, Log, Query};

use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, Json, LogPosition, parse_id};
use crate::types::RightsRequest;

/// How many requests or decisions of one customer are shown, the newest first.
const SHOWN_MAX: usize = 100;

/// A judgement that a program made about a customer, with its explanation.
#[derive(SimpleObject)]
pub(crate) struct AutomatedDecision {
    /// The model and its version.
    model: String,
    /// The score that it gave, from 0 to 1.
    score: f64,
    /// The product that it was about.
    product: Option<String>,
    /// How much each feature added, the most weighty first.
    reasons: Vec<Reason>,
    /// When it was made.
    at: DateTime,
    /// The event that records it.
    position: LogPosition,
}

/// How much one feature added to a decision.
#[derive(SimpleObject)]
pub(crate) struct Reason {
    /// The feature.
    feature: String,
    /// What it added.
    value: f64,
}

#[derive(Default)]
pub(crate) struct RightsQueries;

#[Object]
impl RightsQueries {
    /// One request of a person about their own data.
    async fn rights_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request.")] id: ID,
    ) -> ApiResult<Option<RightsRequest>> {
        RightsRequest::read(ctx, parse_id("id", &id)?).await
    }

    /// The requests of one customer, the newest first, 100 at most.
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn rights_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] customer_id: ID,
    ) -> ApiResult<Vec<RightsRequest>> {
        let customer: CustomerId = parse_id("customerId", &customer_id)?;
        let received = about(ctx, customer, "rights_request.received").await?;
        let mut requests = Vec::with_capacity(received.len());
        for recorded in &received {
            if let Some(id) = recorded.stream.id::<RightsRequestId>() {
                requests.extend(RightsRequest::read(ctx, id).await?);
            }
        }
        Ok(requests)
    }

    /// Every judgement that a program made about a customer, with its explanation, the newest first, 100 at most.
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn automated_decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] customer_id: ID,
    ) -> ApiResult<Vec<AutomatedDecision>> {
        let customer: CustomerId = parse_id("customerId", &customer_id)?;
        let mut decisions = Vec::new();
        for recorded in about(ctx, customer, "customer.scored").await? {
            if recorded.stream != StreamId::of(customer) {
                continue;
            }
            let events = trunkline_domain::decode_as::<customer::Event>(&recorded);
            for event in events.map_err(|error| ApiError::fault(&error))? {
                if let customer::Event::Scored(scored) = event {
                    let reasons = scored.contributions.into_iter();
                    let mut reasons: Vec<Reason> =
                        reasons.map(|(feature, value)| Reason { feature, value }).collect();
                    reasons.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
                    decisions.push(AutomatedDecision {
                        model: scored.model,
                        score: scored.score,
                        product: scored.product,
                        reasons,
                        at: recorded.event.occurred_at.into(),
                        position: recorded.position.into(),
                    });
                }
            }
        }
        Ok(decisions)
    }

    /// All data on one person as JSON: everything that the log says about the customer, the customer's own values
    /// readable, other persons' values sealed. For who handles a request for it.
    #[graphql(complexity = "500")]
    async fn customer_data(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] customer_id: ID,
    ) -> ApiResult<Json> {
        let customer: CustomerId = parse_id("customerId", &customer_id)?;
        let tally = ctx.data_unchecked::<Arc<Tally>>();
        tally.row(CustomerId::KIND, customer.uuid());
        tally.shown("Query", "customerData", false);
        let log = ctx.data_unchecked::<Arc<dyn Log>>();
        let vault = ctx.data_unchecked::<Arc<Dispatcher>>().vault();
        let export =
            privacy::export(&**log, vault, customer).await.map_err(|error| ApiError::fault(&error))?;
        serde_json::to_value(export).map(Json).map_err(|error| ApiError::fault(&error))
    }
}

/// The newest events of a type about a customer.
async fn about(
    ctx: &Context<'_>,
    customer: CustomerId,
    event_type: &'static str,
) -> ApiResult<Vec<trunkline_kernel::Recorded>> {
    ctx.data_unchecked::<Arc<Tally>>().row(CustomerId::KIND, customer.uuid());
    let filter = Filter {
        tags: vec![Tag::of(customer)],
        types: vec![EventType::known(event_type)],
        ..Filter::default()
    };
    let query = Query { filter, direction: Direction::Backwards, from: None, until: None, limit: SHOWN_MAX };
    Ok(ctx.data_unchecked::<Arc<dyn Log>>().read(&query).await?.events)
}
