//! KPI figures.

use std::sync::Arc;

use async_graphql::{Context, Object};
use trunkline_log::Log;

use super::arguments::AsOf;
use crate::error::ApiResult;
use crate::scalars::{DateTime, LogPosition};
use crate::types::{Dimension, FiguresArguments, KpiFilter, KpiRow, KpiWord, Window, figures_cost};
use crate::view::View;

#[derive(Default)]
pub(crate) struct KpiQueries;

#[Object]
impl KpiQueries {
    /// Figures per window and dimension, in event time. With `asOf` they are given as they were known then, without
    /// what came later.
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
        #[graphql(desc = "The figures as they were known; as they are known now when absent.")] as_of: Option<
            AsOf,
        >,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Vec<KpiRow>> {
        let figures = FiguresArguments { kpis, from, until, window, by, only }.parse()?;
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        let rows = match as_of {
            Some(as_of) => {
                let log = ctx.data_unchecked::<Arc<dyn Log>>();
                let position = as_of.moment().position(&**log).await?;
                view.reads().figures_as_known(&figures.query, position).await?
            }
            None => view.reads().figures(&figures.query).await?,
        };
        Ok(figures.rows(rows, &view))
    }
}
