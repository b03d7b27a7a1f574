//! The record of reads, for auditors.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::connection::{Connection, Edge};
use async_graphql::{Context, ID, InputObject, Object};
use trunkline_domain::access::{self, Outcome, Way};
use trunkline_domain::decode_as;
use trunkline_kernel::{Actor, Position, Tag, Timestamp};
use trunkline_log::{Direction, Filter, Log, Query};
use trunkline_projections::audit::{AccessRow, sought};
use trunkline_projections::reads;

use crate::error::{ApiError, ApiResult};
use crate::page::{self, Page};
use crate::scalars::{DateTime, LogPosition, Word};
use crate::types::{AccessRecord, RoleWord};
use crate::view::View;

/// The longest text that is searched for, in bytes.
const TEXT_BYTES_MAX: usize = 200;

/// Which accesses: those for which everything given holds.
#[derive(InputObject, Default)]
pub(crate) struct AccessFilter {
    /// Only those by this actor, `user:li.wei`.
    who: Option<String>,
    /// Only those that gave rows of this thing or person, by its global id: `customer:UUID`.
    whom: Option<ID>,
    /// Only those by somebody with this role.
    role: Option<Word<RoleWord>>,
    /// Only those on this way.
    way: Option<Word<Way>>,
    /// Only those that came to this.
    outcome: Option<Word<Outcome>>,
    /// Only those while an emergency was in force.
    emergency: Option<bool>,
    /// Only those recorded at or after this time.
    since: Option<DateTime>,
    /// Only those recorded before this time.
    until: Option<DateTime>,
}

impl AccessFilter {
    async fn parse(self, log: &dyn Log, text: Option<String>) -> ApiResult<reads::AccessFilter> {
        if let Some(who) = &self.who {
            who.parse::<Actor>().map_err(|error| ApiError::input("filter.who", error.to_string()))?;
        }
        let thing = |id: &ID| {
            let tag: Result<Tag, _> = id.parse();
            tag.map(|tag| tag.to_string()).map_err(|_| ApiError::input("filter.whom", "not a global id"))
        };
        if text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX || sought(text).is_empty()) {
            let message = format!("takes a word at least, and {TEXT_BYTES_MAX} bytes at most");
            return Err(ApiError::input("text", message));
        }
        Ok(reads::AccessFilter {
            thing: self.whom.as_ref().map(thing).transpose()?,
            who: self.who,
            role: self.role.map(|role| role.0.role()),
            way: self.way.map(|way| way.0),
            outcome: self.outcome.map(|outcome| outcome.0),
            emergency: self.emergency.unwrap_or_default(),
            text,
            after: before(log, self.since).await?,
            until: before(log, self.until).await?,
        })
    }
}

/// The last position that was recorded before a time.
async fn before(log: &dyn Log, time: Option<DateTime>) -> ApiResult<Option<Position>> {
    let Some(DateTime(time)) = time else { return Ok(None) };
    Ok(Some(log.position_at(Timestamp::from_micros(time.micros().saturating_sub(1))).await?))
}

#[derive(Default)]
pub(crate) struct AuditQueries;

#[Object]
impl AuditQueries {
    /// Who read what: every operation, export, playback, reveal, login and refusal, the newest first. Reading this is
    /// recorded as well.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn access_records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which accesses; all when absent.")] filter: Option<AccessFilter>,
        #[graphql(
            desc = "Only those with every word of this in their reason, operation, fields, code, address or trace. Chinese \
                    is searched by single characters and pairs of them."
        )]
        text: Option<String>,
        #[graphql(desc = "How many from the start, 1 to 100; 20 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Connection<String, AccessRecord>> {
        let page = Page::of(first, after, last, before)?;
        let log = &**ctx.data_unchecked::<Arc<dyn Log>>();
        let filter = filter.unwrap_or_default().parse(log, text).await?;
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        let found = view.reads().accesses(&filter, &page.request()).await?;
        let mut records = records(log, &found).await?;
        let mut connection = Connection::new(found.has_previous, found.has_next);
        let record =
            |edge: reads::Edge<AccessRow>| Some(Edge::new(edge.cursor.0, records.remove(&edge.row.entry)?));
        connection.edges = found.edges.into_iter().filter_map(record).collect();
        Ok(connection)
    }
}

/// What the events say of the accesses of a page.
async fn records(log: &dyn Log, found: &reads::Page<AccessRow>) -> ApiResult<BTreeMap<i64, AccessRecord>> {
    let mut places: BTreeMap<Position, Vec<&AccessRow>> = BTreeMap::new();
    for edge in &found.edges {
        places.entry(edge.row.position).or_default().push(&edge.row);
    }
    let mut records = BTreeMap::new();
    for (position, rows) in places {
        let from = Some(Position(position.0.saturating_sub(1)));
        let (filter, direction) = (Filter::default(), Direction::Forwards);
        let query = Query { filter, direction, from, until: Some(position), limit: 1 };
        for recorded in log.read(&query).await?.events {
            let events = decode_as(&recorded).map_err(|error| ApiError::fault(&error))?;
            for access::Event::Recorded(batch) in events {
                let record = |row: &&AccessRow| {
                    let entry = batch.entries.get(row.place())?.clone();
                    Some((row.entry, AccessRecord { position, entry }))
                };
                records.extend(rows.iter().filter_map(record));
            }
        }
    }
    Ok(records)
}
