//! KPI figures: sums of windows by dimensions, as they are known now or as they were known.

use std::collections::BTreeMap;

use trunkline_access::{Kind, Rows};
use trunkline_database::{AssertSqlSafe, Cell, Row, Table, TableRow, Transaction, Value};
use trunkline_insight::Sums;
use trunkline_kernel::{AgentId, CampaignId, Id, Millis, Position, Timestamp};
use uuid::Uuid;

use super::{ReadError, ReadModels};
use crate::kpi::{
    CallHistoryRow, CallRow, Dimension, Dimensions, Granularity, LeadMarkRow, PresenceRow, dimensions_of,
    interval_dimensions, mark_sums, presence_sums, sums_of, windows,
};
use crate::words::As;

/// The most rows of figures in one answer.
pub const KPI_ROWS_MAX: usize = 5_000;
/// The longest range of figures as they were known, and of figures by the minute, in days: both are added up from
/// single calls.
pub const AS_KNOWN_DAYS_MAX: usize = 31;

const DAY: Millis = Millis::from_mins(24 * 60);

/// Only these agents, teams, …; empty means all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DimensionFilter {
    /// Agents.
    pub agents: Vec<AgentId>,
    /// Teams.
    pub teams: Vec<String>,
    /// Campaigns.
    pub campaigns: Vec<CampaignId>,
    /// Queues.
    pub queues: Vec<String>,
    /// Products.
    pub products: Vec<String>,
    /// Lines of business.
    pub industries: Vec<String>,
}

/// Which figures.
#[derive(Clone, Debug, PartialEq)]
pub struct FiguresQuery {
    /// The width of windows; absent for the range as a whole.
    pub granularity: Option<Granularity>,
    /// The first moment of the range; rounded down to the window that it is in.
    pub from: Timestamp,
    /// The range ends before this moment.
    pub until: Timestamp,
    /// What to split by.
    pub by: Vec<Dimension>,
    /// What to keep.
    pub only: DimensionFilter,
}

/// The sums of one window for one combination of what was split by.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureRow {
    /// The window's first moment; absent for the range as a whole.
    pub window_start: Option<Timestamp>,
    /// What it is split by; what was not asked for is absent, and so is an unnamed agent or an empty text.
    pub agent: Option<AgentId>,
    /// The team.
    pub team: Option<String>,
    /// The campaign.
    pub campaign: Option<CampaignId>,
    /// The queue.
    pub queue: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// The line of business.
    pub industry: Option<String>,
    /// What happened; `trunkline_insight::figure` makes figures of it.
    pub sums: Sums,
}

impl FiguresQuery {
    /// The widest windows that make up the range exactly.
    fn stored_in(&self) -> Granularity {
        let fits = |granularity: &Granularity| {
            let width = granularity.width();
            self.from.floor(width) == self.from && self.until.floor(width) == self.until
        };
        self.granularity
            .unwrap_or_else(|| Granularity::ALL.into_iter().rev().find(fits).unwrap_or(Granularity::Minute))
    }

    fn admits(&self, dimensions: &Dimensions) -> bool {
        fn among<T: PartialEq>(list: &[T], value: &T) -> bool {
            list.is_empty() || list.contains(value)
        }
        let DimensionFilter { agents, teams, campaigns, queues, products, industries } = &self.only;
        among(agents, &dimensions.agent_id)
            && among(teams, &dimensions.team)
            && among(campaigns, &dimensions.campaign_id)
            && among(queues, &dimensions.queue)
            && among(products, &dimensions.product)
            && among(industries, &dimensions.industry)
    }

    /// What a row is grouped under: dimensions that were not asked for are left at their default.
    fn group(&self, window: Timestamp, mut dimensions: Dimensions) -> (Option<Timestamp>, Dimensions) {
        let none = Dimensions::default();
        for dimension in Dimension::ALL.into_iter().filter(|dimension| !self.by.contains(dimension)) {
            match dimension {
                Dimension::Agent => dimensions.agent_id = none.agent_id,
                Dimension::Team => dimensions.team.clear(),
                Dimension::Campaign => dimensions.campaign_id = none.campaign_id,
                Dimension::Queue => dimensions.queue.clear(),
                Dimension::Product => dimensions.product.clear(),
                Dimension::Industry => dimensions.industry.clear(),
            }
        }
        (self.granularity.map(|_| window), dimensions)
    }
}

fn figure_row((window_start, dimensions): (Option<Timestamp>, Dimensions), sums: Sums) -> FigureRow {
    let Dimensions { agent_id, team, campaign_id, queue, product, industry } = dimensions;
    let text = |text: String| (!text.is_empty()).then_some(text);
    FigureRow {
        window_start,
        agent: (agent_id.uuid() != Uuid::nil()).then_some(agent_id),
        team: text(team),
        campaign: (campaign_id.uuid() != Uuid::nil()).then_some(campaign_id),
        queue: text(queue),
        product: text(product),
        industry: text(industry),
        sums,
    }
}

/// Conditions and their values, numbered from the values that are already there.
fn only_in<C: Cell>(sql: &mut String, values: &mut Vec<Value>, column: &str, list: &[C]) {
    if list.is_empty() {
        return;
    }
    let marks: Vec<String> = list
        .iter()
        .map(|value| {
            values.push(value.value());
            format!("${}", values.len())
        })
        .collect();
    sql.push_str(&format!(" AND {column} IN ({})", marks.join(", ")));
}

impl ReadModels {
    /// The sums of each window by what was asked for, late events included, in order of windows.
    ///
    /// # Errors
    /// [`ReadError::Limit`] when there would be more than [`KPI_ROWS_MAX`] rows, or when a range in minutes is longer
    /// than [`AS_KNOWN_DAYS_MAX`] days; and when the database fails.
    pub async fn figures(&self, query: &FiguresQuery) -> Result<Vec<FigureRow>, ReadError> {
        let granularity = query.stored_in();
        if granularity == Granularity::Minute {
            // Minutes are not stored: they are added up from single calls as those are known now.
            return self.figures_as_known(query, Position(u64::MAX)).await;
        }
        let mut values =
            vec![As(granularity).value(), query.from.floor(granularity.width()).value(), query.until.value()];
        let mut groups: Vec<&str> = query.by.iter().map(|dimension| dimension.column()).collect();
        if query.granularity.is_some() {
            groups.insert(0, "window_start");
        }
        let sums: Vec<String> = Sums::NAMES
            .iter()
            .map(|name| format!("CAST(COALESCE(SUM({name}), 0) AS bigint) AS {name}"))
            .collect();
        let columns: Vec<&str> = groups.iter().copied().chain(sums.iter().map(String::as_str)).collect();
        let relation = self.relation("kpi_rollups", &mut values);
        let mut sql = format!(
            "SELECT {} FROM {relation} WHERE granularity = $1 AND window_start >= $2 AND window_start < $3",
            columns.join(", ")
        );
        let DimensionFilter { agents, teams, campaigns, queues, products, industries } = &query.only;
        only_in(&mut sql, &mut values, "agent_id", agents);
        only_in(&mut sql, &mut values, "team", teams);
        only_in(&mut sql, &mut values, "campaign_id", campaigns);
        only_in(&mut sql, &mut values, "queue", queues);
        only_in(&mut sql, &mut values, "product", products);
        only_in(&mut sql, &mut values, "industry", industries);
        if !groups.is_empty() {
            let groups = groups.join(", ");
            sql.push_str(&format!(" GROUP BY {groups} ORDER BY {groups}"));
        }
        sql.push_str(&format!(" LIMIT {}", KPI_ROWS_MAX + 1));
        let rows = self.database.fetch(AssertSqlSafe(sql), values).await?;
        if rows.len() > KPI_ROWS_MAX {
            return Err(ReadError::Limit { what: "an answer of figures", limit: KPI_ROWS_MAX });
        }
        let mut figures = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut dimensions = Dimensions::default();
            for dimension in &query.by {
                match dimension {
                    Dimension::Agent => dimensions.agent_id = row.get("agent_id")?,
                    Dimension::Team => dimensions.team = row.get("team")?,
                    Dimension::Campaign => dimensions.campaign_id = row.get("campaign_id")?,
                    Dimension::Queue => dimensions.queue = row.get("queue")?,
                    Dimension::Product => dimensions.product = row.get("product")?,
                    Dimension::Industry => dimensions.industry = row.get("industry")?,
                }
            }
            let window = query.granularity.map(|_| row.get("window_start")).transpose()?;
            let sums = Sums::NAMES.iter().map(|name| row.get::<i64>(name)).collect::<Result<Vec<_>, _>>()?;
            figures.push(figure_row((window, dimensions), Sums::of(sums)));
        }
        figures.retain(|figure| !figure.sums.is_zero() || query.granularity.is_none() && query.by.is_empty());
        Ok(figures)
    }

    /// The same figures as they were known when the log ended at `position`: what came later is not in them.
    ///
    /// # Errors
    /// [`ReadError::Limit`] when the range is longer than [`AS_KNOWN_DAYS_MAX`] days or the answer too large, and
    /// when the database fails.
    pub async fn figures_as_known(
        &self,
        query: &FiguresQuery,
        position: Position,
    ) -> Result<Vec<FigureRow>, ReadError> {
        let days = query.until.since(query.from).0 / DAY.0;
        if usize::try_from(days).is_ok_and(|days| days > AS_KNOWN_DAYS_MAX) {
            return Err(ReadError::Limit {
                what: "days of figures as they were known",
                limit: AS_KNOWN_DAYS_MAX,
            });
        }
        let rows = self.scope().rows(Kind::Figures);
        let mut groups = Groups { query, rows, granularity: query.stored_in(), sums: BTreeMap::new() };
        if query.granularity.is_none() && query.by.is_empty() {
            // The range as a whole has a figure even when nothing happened in it.
            groups.sums.entry((None, Dimensions::default())).or_default();
        }
        let mut snapshot = self.database.snapshot().await?;
        groups.calls(&mut snapshot, position).await?;
        groups.leads(&mut snapshot, position).await?;
        groups.agents(&mut snapshot, position).await?;
        let groups = groups.sums;
        if groups.len() > KPI_ROWS_MAX {
            return Err(ReadError::Limit { what: "an answer of figures", limit: KPI_ROWS_MAX });
        }
        Ok(groups.into_iter().map(|(group, sums)| figure_row(group, sums)).collect())
    }
}

/// Figures that are being added up from single facts.
struct Groups<'a> {
    query: &'a FiguresQuery,
    /// Which of them are seen. What was known of a call before says whose it was in its dimensions alone, so that this
    /// is looked at here, by the same rule as of the roll-ups.
    rows: &'a Rows,
    granularity: Granularity,
    sums: BTreeMap<(Option<Timestamp>, Dimensions), Sums>,
}

impl Groups<'_> {
    fn add(&mut self, at: Timestamp, dimensions: Dimensions, sums: Sums) {
        let seen = match self.rows {
            Rows::All => true,
            Rows::None => false,
            Rows::Of(circle) => circle.has(Some(dimensions.agent_id), Some(&dimensions.team)),
        };
        if seen && self.query.admits(&dimensions) {
            let group = self.query.group(at.floor(self.granularity.width()), dimensions);
            *self.sums.entry(group).or_default() += sums;
        }
    }

    fn from(&self) -> Timestamp {
        self.query.from.floor(self.granularity.width())
    }

    fn values(&self, position: Position) -> Vec<Value> {
        vec![self.from().value(), self.query.until.value(), position.value()]
    }

    /// Calls as they stand, unless they have changed since, and then as they stood.
    async fn calls(&mut self, snapshot: &mut Transaction, position: Position) -> Result<(), ReadError> {
        let values = self.values(position);
        let sql = facts(CallRow::TABLE, "started_at", "known_from <= $3");
        let each = |row: Row| {
            let call = CallRow::read_in_order(&row)?;
            self.add(call.started_at, dimensions_of(&call), sums_of(&call));
            Ok::<_, ReadError>(())
        };
        snapshot.each(sql, values.clone(), each).await?;
        let sql = facts(CallHistoryRow::TABLE, "started_at", "known_from <= $3 AND known_until > $3");
        let each = |row: Row| {
            let then = CallHistoryRow::read_in_order(&row)?;
            self.add(then.started_at, then.dimensions.0, then.sums.0);
            Ok::<_, ReadError>(())
        };
        snapshot.each(sql, values, each).await
    }

    async fn leads(&mut self, snapshot: &mut Transaction, position: Position) -> Result<(), ReadError> {
        let values = self.values(position);
        let sql = facts(LeadMarkRow::TABLE, "occurred_at", "known_from <= $3");
        let each = |row: Row| {
            let mark = LeadMarkRow::read_in_order(&row)?;
            let (dimensions, sums) = mark_sums(&mark);
            self.add(mark.occurred_at, dimensions, sums);
            Ok::<_, ReadError>(())
        };
        snapshot.each(sql, values, each).await
    }

    /// An interval can begin before the range; those that begin more than a day before it are left out.
    async fn agents(&mut self, snapshot: &mut Transaction, position: Position) -> Result<(), ReadError> {
        let from = self.from();
        let mut values = self.values(position);
        values[0] = Timestamp::from_micros(from.micros() - DAY.0 * 1_000).value();
        values.push(from.value());
        let sql = facts(PresenceRow::TABLE, "started_at", "known_from <= $3 AND ended_at > $4");
        let each = |row: Row| {
            let interval = PresenceRow::read_in_order(&row)?;
            let dimensions = interval_dimensions(&interval);
            for (window, length) in windows(self.granularity, interval.started_at, interval.ended_at) {
                if window >= from && window < self.query.until {
                    self.add(window, dimensions.clone(), presence_sums(interval.presence.0, length));
                }
            }
            Ok::<_, ReadError>(())
        };
        snapshot.each(sql, values, each).await
    }
}

fn facts(table: &Table, at: &str, known: &str) -> AssertSqlSafe<String> {
    let columns = table.column_list();
    AssertSqlSafe(format!("SELECT {columns} FROM {} WHERE {at} >= $1 AND {at} < $2 AND {known}", table.name))
}
