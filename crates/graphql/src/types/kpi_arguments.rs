//! Which figures a client asks for.

use async_graphql::{ID, InputObject};
use trunkline_insight::Kpi;
use trunkline_projections::reads::{DimensionFilter, FigureRow, FiguresQuery};

use super::kpi::{Dimension, KpiRow, KpiWord, Window};
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, parse_id};
use crate::view::View;

/// Only calls of these agents, teams and so on; absent means all.
#[derive(InputObject, Default)]
pub(crate) struct KpiFilter {
    /// Agents, by their ids.
    pub agent_ids: Option<Vec<ID>>,
    /// Teams, by their names.
    pub teams: Option<Vec<String>>,
    /// Campaigns, by their ids.
    pub campaign_ids: Option<Vec<ID>>,
    /// Queues, by their names.
    pub queues: Option<Vec<String>>,
    /// Products, by their names.
    pub products: Option<Vec<String>>,
    /// Lines of business.
    pub industries: Option<Vec<String>>,
}

/// How many values a list of a filter takes.
pub(crate) const FILTER_VALUES_MAX: usize = 100;

impl KpiFilter {
    /// The filter in the words of the read models.
    ///
    /// # Errors
    /// Names the field that holds something that is no id, or too much.
    pub(crate) fn parse(self) -> ApiResult<DimensionFilter> {
        fn ids<I: trunkline_kernel::Id>(field: &str, ids: Option<Vec<ID>>) -> ApiResult<Vec<I>> {
            limited(field, ids)?.iter().map(|id| parse_id(field, id)).collect()
        }
        Ok(DimensionFilter {
            agents: ids("only.agentIds", self.agent_ids)?,
            teams: limited("only.teams", self.teams)?,
            campaigns: ids("only.campaignIds", self.campaign_ids)?,
            queues: limited("only.queues", self.queues)?,
            products: limited("only.products", self.products)?,
            industries: limited("only.industries", self.industries)?,
        })
    }
}

/// A list of a filter, which may not be too long.
///
/// # Errors
/// Names the field.
pub(crate) fn limited<T>(field: &str, values: Option<Vec<T>>) -> ApiResult<Vec<T>> {
    let values = values.unwrap_or_default();
    if values.len() > FILTER_VALUES_MAX {
        return Err(ApiError::input(field, format!("at most {FILTER_VALUES_MAX} values can be given")));
    }
    Ok(values)
}

/// Which figures, as the arguments of a field say it.
pub(crate) struct FiguresArguments {
    pub kpis: Option<Vec<KpiWord>>,
    pub from: DateTime,
    pub until: DateTime,
    pub window: Option<Window>,
    pub by: Option<Vec<Dimension>>,
    pub only: Option<KpiFilter>,
}

/// Which figures, checked.
#[derive(Clone)]
pub(crate) struct Figures {
    pub kpis: Vec<Kpi>,
    pub query: FiguresQuery,
}

impl FiguresArguments {
    /// Checks them.
    ///
    /// # Errors
    /// When the range is empty or the filter cannot be read.
    pub(crate) fn parse(self) -> ApiResult<Figures> {
        if self.until.0 <= self.from.0 {
            return Err(ApiError::input("until", "the range must end after it begins"));
        }
        let kpis = match self.kpis {
            Some(kpis) => kpis.into_iter().map(|word| word.0.kpi()).collect(),
            None => Kpi::ALL.to_vec(),
        };
        let mut by = Vec::new();
        for dimension in self.by.unwrap_or_default() {
            let dimension = dimension.dimension();
            if !by.contains(&dimension) {
                by.push(dimension);
            }
        }
        let query = FiguresQuery {
            granularity: self.window.map(Window::granularity),
            from: self.from.0,
            until: self.until.0,
            by,
            only: self.only.unwrap_or_default().parse()?,
        };
        Ok(Figures { kpis, query })
    }
}

impl Figures {
    /// The rows of figures.
    pub(crate) fn rows(&self, rows: Vec<FigureRow>, view: &View) -> Vec<KpiRow> {
        rows.into_iter().map(|row| KpiRow { row, figures: self.clone(), view: view.clone() }).collect()
    }
}
