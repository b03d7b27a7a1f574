//! Figures: each with its numerator, its denominator and the calls behind it.

use async_graphql::connection::Connection;
use async_graphql::{Enum, Object};
use trunkline_insight::{Figure, Kpi, Unit, figure};
use trunkline_kernel::Timestamp;
use trunkline_projections::kpi::{self, Granularity};
use trunkline_projections::reads::{CallFilter, FigureRow, KPI_ROWS_MAX};

use super::kpi_arguments::Figures;
use super::{Agent, Call, Campaign};
use crate::error::ApiResult;
use crate::page::{self, Page, connection};
use crate::scalars::{DateTime, Word, Words};
use crate::view::View;

/// Pages of calls.
pub(crate) type CallConnection = Connection<String, Call>;

/// An indicator, as the enum `Kpi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KpiName(Kpi);

/// The indicators as an enum.
pub(crate) type KpiWord = Word<KpiName>;

impl KpiName {
    pub(crate) fn kpi(self) -> Kpi {
        self.0
    }
}

/// The names of indicators are written `serviceLevel` where they are stored and `SERVICE_LEVEL` in the enum.
static NAMES: std::sync::LazyLock<Vec<(Kpi, String)>> = std::sync::LazyLock::new(|| {
    let words = |name: &str| {
        let mut words = String::new();
        let mut before = 'a';
        for letter in name.chars() {
            if letter.is_ascii_uppercase() || (letter.is_ascii_digit() && !before.is_ascii_digit()) {
                words.push('_');
            }
            words.push(letter.to_ascii_lowercase());
            before = letter;
        }
        words
    };
    Kpi::ALL.iter().map(|kpi| (*kpi, words(kpi.name()))).collect()
});

static ALL: std::sync::LazyLock<Vec<KpiName>> =
    std::sync::LazyLock::new(|| Kpi::ALL.iter().copied().map(KpiName).collect());

impl Words for KpiName {
    const NAME: &'static str = "Kpi";
    const MEANING: &'static str = "A key performance indicator; each says its formula.";

    fn all() -> &'static [Self] {
        &ALL
    }

    fn word(self) -> &'static str {
        NAMES.iter().find(|(kpi, _)| *kpi == self.0).map_or("", |(_, name)| name)
    }

    fn means(self) -> &'static str {
        self.0.meaning()
    }
}

/// What figures are split by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension {
    /// By agent.
    Agent,
    /// By team.
    Team,
    /// By campaign.
    Campaign,
    /// By queue.
    Queue,
    /// By product.
    Product,
    /// By the customer's line of business.
    Industry,
}

impl Dimension {
    pub(super) fn dimension(self) -> kpi::Dimension {
        match self {
            Self::Agent => kpi::Dimension::Agent,
            Self::Team => kpi::Dimension::Team,
            Self::Campaign => kpi::Dimension::Campaign,
            Self::Queue => kpi::Dimension::Queue,
            Self::Product => kpi::Dimension::Product,
            Self::Industry => kpi::Dimension::Industry,
        }
    }
}

/// How wide a window is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    /// Sixty seconds.
    Minute,
    /// Sixty minutes.
    Hour,
    /// Twenty-four hours, UTC.
    Day,
}

impl Window {
    pub(super) fn granularity(self) -> Granularity {
        match self {
            Self::Minute => Granularity::Minute,
            Self::Hour => Granularity::Hour,
            Self::Day => Granularity::Day,
        }
    }
}

/// What figures are counted in.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FigureUnit {
    /// A plain count.
    Count,
    /// A share from 0 to 1.
    Share,
    /// A length of time in milliseconds.
    Milliseconds,
    /// Things for each other thing.
    Ratio,
}

/// The figures of one window for one combination of what they are split by.
pub(crate) struct KpiRow {
    pub(super) row: FigureRow,
    pub(super) figures: Figures,
    pub(super) view: View,
}

impl KpiRow {
    fn range(&self) -> (Timestamp, Timestamp) {
        let query = &self.figures.query;
        match (self.row.window_start, query.granularity) {
            (Some(start), Some(granularity)) => (start, start.plus(granularity.width())),
            (None, _) | (_, None) => (query.from, query.until),
        }
    }

    /// The calls of this row. What the row is split by and has no name for has no calls to show but unnamed ones.
    fn calls(&self) -> CallFilter {
        let (from, until) = self.range();
        let mut only = self.figures.query.only.clone();
        let row = &self.row;
        row.agent.into_iter().for_each(|agent| only.agents = vec![agent]);
        row.campaign.into_iter().for_each(|campaign| only.campaigns = vec![campaign]);
        let name = |list: &mut Vec<String>, named: &Option<String>| {
            named.iter().for_each(|named| *list = vec![named.clone()]);
        };
        name(&mut only.teams, &row.team);
        name(&mut only.queues, &row.queue);
        name(&mut only.products, &row.product);
        name(&mut only.industries, &row.industry);
        let named = |dimension: &kpi::Dimension| match dimension {
            kpi::Dimension::Agent => row.agent.is_some(),
            kpi::Dimension::Team => row.team.is_some(),
            kpi::Dimension::Campaign => row.campaign.is_some(),
            kpi::Dimension::Queue => row.queue.is_some(),
            kpi::Dimension::Product => row.product.is_some(),
            kpi::Dimension::Industry => row.industry.is_some(),
        };
        let unnamed = self.figures.query.by.iter().copied().filter(|dimension| !named(dimension)).collect();
        CallFilter {
            from: Some(from),
            until: Some(until),
            dimensions: only,
            unnamed,
            ..CallFilter::default()
        }
    }

    fn figure(&self, kpi: Kpi) -> KpiFigure {
        KpiFigure { kpi, figure: figure(kpi, &self.row.sums), calls: self.calls(), view: self.view.clone() }
    }
}

/// The figures of one window for one combination of what they are split by.
#[Object]
impl KpiRow {
    /// The window's first moment, in event time.
    async fn from(&self) -> DateTime {
        self.range().0.into()
    }

    /// The first moment after the window.
    async fn until(&self) -> DateTime {
        self.range().1.into()
    }

    /// The agent, when split by agents and named by the source.
    async fn agent(&self) -> ApiResult<Option<Agent>> {
        self.view.agent(self.row.agent).await
    }

    /// The team, when split by teams.
    async fn team(&self) -> Option<&str> {
        self.row.team.as_deref()
    }

    /// The campaign, when split by campaigns.
    async fn campaign(&self) -> ApiResult<Option<Campaign>> {
        self.view.campaign(self.row.campaign).await
    }

    /// The queue, when split by queues.
    async fn queue(&self) -> Option<&str> {
        self.row.queue.as_deref()
    }

    /// The product, when split by products.
    async fn product(&self) -> Option<&str> {
        self.row.product.as_deref()
    }

    /// The line of business, when split by lines of business.
    async fn industry(&self) -> Option<&str> {
        self.row.industry.as_deref()
    }

    /// The indicators that were asked for, in the order in which they were.
    #[graphql(complexity = "10 * child_complexity")]
    async fn figures(&self) -> Vec<KpiFigure> {
        self.figures.kpis.iter().map(|kpi| self.figure(*kpi)).collect()
    }

    /// One indicator.
    #[graphql(name = "figure")]
    async fn one_figure(&self, #[graphql(desc = "Which.")] kpi: KpiWord) -> KpiFigure {
        self.figure(kpi.0.kpi())
    }
}

/// A figure: numerator / denominator, or the numerator alone for counts.
pub(crate) struct KpiFigure {
    kpi: Kpi,
    figure: Figure,
    calls: CallFilter,
    view: View,
}

/// A figure: numerator / denominator, or the numerator alone for counts.
#[Object]
impl KpiFigure {
    /// Which indicator.
    async fn kpi(&self) -> KpiWord {
        Word(KpiName(self.kpi))
    }

    /// Its formula in words.
    async fn formula(&self) -> &'static str {
        self.kpi.meaning()
    }

    /// What it is counted in.
    async fn unit(&self) -> FigureUnit {
        match self.figure.unit {
            Unit::Count => FigureUnit::Count,
            Unit::Share => FigureUnit::Share,
            Unit::Milliseconds => FigureUnit::Milliseconds,
            Unit::Ratio => FigureUnit::Ratio,
        }
    }

    /// What stands above the line.
    async fn numerator(&self) -> i64 {
        self.figure.numerator
    }

    /// What stands below the line; 1 for counts.
    async fn denominator(&self) -> i64 {
        self.figure.denominator
    }

    /// The value; null when there is nothing to divide by.
    async fn value(&self) -> Option<f64> {
        self.figure.value()
    }

    /// The calls behind it as they are known now, the newest first: those that its denominator counts, or that a
    /// count counts. A figure about agents' time or leads has none.
    #[graphql(complexity = "page::STATEMENT_COST + page::cost(first, last, child_complexity)")]
    async fn calls(
        &self,
        #[graphql(
            desc = "How many from the newest on, 1 to 100; 20 when neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the oldest on, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> ApiResult<CallConnection> {
        let page = Page::of(first, after, last, before)?;
        let found = self.view.reads().calls_behind(self.kpi, &self.calls, &page.request()).await?;
        Ok(connection(found, |row| Call { row, view: self.view.clone() }))
    }
}

/// What figures cost: as many rows as the range has windows, and more when they are split.
pub(crate) fn cost(
    from: DateTime,
    until: DateTime,
    window: Option<Window>,
    by: Option<&[Dimension]>,
    child: usize,
) -> usize {
    /// How many rows each dimension is taken to split a window into.
    const SPLIT: usize = 4;
    let range = until.0.since(from.0).0.max(0);
    let windows = window.map_or(1, |window| {
        usize::try_from(range / window.granularity().width().0 + 1).unwrap_or(usize::MAX)
    });
    let split = by.map_or(1, |by| SPLIT.saturating_mul(by.len()).max(1));
    let rows = windows.saturating_mul(split).min(KPI_ROWS_MAX);
    page::STATEMENT_COST + rows.saturating_mul(child)
}
