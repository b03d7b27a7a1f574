//! Alerts as they are raised.

use std::sync::Arc;

use async_graphql::{Context, Subscription};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use trunkline_access::Permission;

use super::log::batches;
use crate::access::Seer;
use crate::error::{ApiError, ApiResult};
use crate::query::alert_events;
use crate::scalars::LogPosition;
use crate::types::Alert;

#[derive(Default)]
pub(crate) struct AlertSubscriptions;

#[Subscription]
impl AlertSubscriptions {
    /// Alerts as they are raised, each once. To go on after a break, give the position of the last one that was seen.
    async fn alert_raised(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Begin after this position; after the present end when absent.")] after: Option<
            LogPosition,
        >,
    ) -> Result<BoxStream<'static, ApiResult<Alert>>, ApiError> {
        let batches = batches(ctx, alert_events(), after.map(|after| after.0)).await?;
        let seer = ctx.data_unchecked::<Seer>().clone();
        let alerts = batches.and_then(move |batch| {
            // What was lent can end while it runs.
            let may = seer.scope().may(Permission::Audit);
            let events = batch.events.into_iter().filter(move |_| may);
            let alerts = events.map(|event| Alert::of(Arc::unwrap_or_clone(event)).transpose());
            let alerts: Vec<ApiResult<Alert>> = alerts.flatten().collect();
            async move { Ok(stream::iter(alerts)) }
        });
        Ok(alerts.try_flatten().boxed())
    }
}
