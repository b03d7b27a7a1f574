//! The log as it grows.

use std::sync::Arc;

use async_graphql::{Context, Subscription};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use trunkline_access::{Kind, Rows};
use trunkline_kernel::{Position, Recorded};
use trunkline_log::{Batch, Feed, Filter, Log};
use trunkline_projections::ReadModel;

use super::changes::reach;
use crate::error::{ApiError, ApiResult};
use crate::scalars::LogPosition;
use crate::types::{Event, EventFilter};
use crate::view::View;

#[derive(Default)]
pub(crate) struct LogSubscriptions;

#[Subscription]
impl LogSubscriptions {
    /// The events of the log as they are appended, in order, without a gap and each once. To go on after a
    /// break, give the position of the last event that was seen.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which events; all when absent.")] filter: Option<EventFilter>,
        #[graphql(desc = "Begin after this position; after the present end when absent.")] after: Option<
            LogPosition,
        >,
    ) -> Result<BoxStream<'static, ApiResult<Event>>, ApiError> {
        let filter = filter.unwrap_or_default().parse()?;
        let batches = batches(ctx, filter, after.map(|after| after.0)).await?;
        let view = View::of_subscription(ctx);
        let events = batches
            .and_then(move |batch| {
                let view = view();
                async move {
                    if *view.reads().scope().rows(Kind::Events) != Rows::All {
                        // Whose a thing is that the event made is known once the read models have it.
                        reach(view.reads(), batch.position, &ReadModel::ALL).await?;
                    }
                    let events: Vec<&Recorded> = batch.events.iter().map(|event| &**event).collect();
                    let seen = view.reads().sees_events(&events).await?;
                    let events = batch.events.into_iter().zip(seen).filter(|(_, seen)| *seen);
                    Ok(stream::iter(events.map(|(event, _)| Ok(Event(shared(event)))).collect::<Vec<_>>()))
                }
            })
            .try_flatten();
        Ok(events.boxed())
    }
}

fn shared(event: Arc<Recorded>) -> Recorded {
    Arc::unwrap_or_clone(event)
}

/// The batches of events after a position, or after the present end.
pub(crate) async fn batches(
    ctx: &Context<'_>,
    filter: Filter,
    after: Option<Position>,
) -> ApiResult<BoxStream<'static, ApiResult<Batch>>> {
    let after = match after {
        Some(after) => after,
        None => ctx.data_unchecked::<Arc<dyn Log>>().head().await?,
    };
    let subscription = ctx.data_unchecked::<Arc<Feed>>().subscribe(filter, after);
    let batches = stream::try_unfold(subscription, |mut subscription| async move {
        let batch = subscription.next().await.map_err(ApiError::from)?;
        Ok(Some((batch, subscription)))
    });
    Ok(batches.boxed())
}
