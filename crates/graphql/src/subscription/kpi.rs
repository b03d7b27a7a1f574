//! Live figures.

use async_graphql::{Context, SimpleObject, Subscription};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use tokio::time::{Instant, MissedTickBehavior};
use trunkline_kernel::Position;
use trunkline_log::Filter;
use trunkline_projections::ReadModel;

use super::changes::reach;
use super::log::batches;
use crate::config::Limits;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, LogPosition};
use crate::types::{Dimension, Figures, FiguresArguments, KpiFilter, KpiRow, KpiWord, Window, figures_cost};
use crate::view::View;

/// Figures as they stand at a position of the log.
#[derive(SimpleObject)]
pub(crate) struct KpiUpdate {
    /// Everything up to here is in the figures: give it as `after` to go on from here.
    position: LogPosition,
    /// The figures.
    rows: Vec<KpiRow>,
}

#[derive(Default)]
pub(crate) struct KpiSubscriptions;

#[Subscription]
impl KpiSubscriptions {
    /// Figures at once, and again whenever events may have changed them, at most once in
    /// `graphql.live_figures_interval` (1 s).
    #[graphql(complexity = "figures_cost(from, until, window, by.as_deref(), child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn kpis(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which indicators `figures` gives; all when absent.")] kpis: Option<Vec<KpiWord>>,
        #[graphql(desc = "The first moment of the range; rounded down to its window.")] from: DateTime,
        #[graphql(desc = "The range ends before this moment.")] until: DateTime,
        #[graphql(desc = "The width of windows; the range as a whole when absent.")] window: Option<Window>,
        #[graphql(desc = "What to split by; nothing when absent.")] by: Option<Vec<Dimension>>,
        #[graphql(desc = "What to keep; everything when absent.")] only: Option<KpiFilter>,
        #[graphql(desc = "Wait for the first figures until something happens after this position; at once \
                          when absent.")]
        after: Option<LogPosition>,
    ) -> Result<BoxStream<'static, ApiResult<KpiUpdate>>, ApiError> {
        let figures = FiguresArguments { kpis, from, until, window, by, only }.parse()?;
        let view = View::of_subscription(ctx);
        let pause = ctx.data_unchecked::<Limits>().live_figures_interval;
        let start = match after {
            Some(after) => after.0,
            None => view().reads().position(ReadModel::Kpi).await?,
        };
        let batches = batches(ctx, Filter::default(), Some(start)).await?;
        let mut ticks = tokio::time::interval_at(Instant::now(), pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let first = match after {
            Some(_) => None,
            None => Some(update(&figures, view(), start).await?),
        };
        let ready = batches.map_ok(|batch| batch.position).ready_chunks(READY_BATCHES_MAX);
        let updates = stream::unfold((ready, ticks), |(mut ready, mut ticks)| async move {
            ticks.tick().await;
            let chunk = ready.next().await?;
            let last: ApiResult<Vec<Position>> = chunk.into_iter().collect();
            Some((last.map(|positions| positions.into_iter().max().unwrap_or_default()), (ready, ticks)))
        });
        let updates = updates.and_then(move |position| {
            let (figures, view) = (figures.clone(), view());
            async move { update(&figures, view, position).await }
        });
        Ok(stream::iter(first.map(Ok)).chain(updates).boxed())
    }
}

/// How many batches of events lead to one update of the figures at most.
const READY_BATCHES_MAX: usize = 100;

async fn update(figures: &Figures, view: View, position: Position) -> ApiResult<KpiUpdate> {
    reach(view.reads(), position, &[ReadModel::Kpi]).await?;
    let rows = view.reads().figures(&figures.query).await?;
    let rows = figures.rows(rows, &view);
    Ok(KpiUpdate { position: position.into(), rows })
}
