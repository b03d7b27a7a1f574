//! The SQL of one page, the same for both databases. Every read walks an index that ends in the position, so
//! that its cost depends on the page and not on the length of the log. Limits stand in the text: SQLite looks at the
//! value of a limit that is bound when it plans, and so plans anew whenever one is bound.

use sqlx::{Database, Encode, QueryBuilder, Type};
use trunkline_kernel::Version;

use crate::stored::int;
use crate::{Direction, Query};

/// A range in the order of the index that is walked, both ends excluded.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    above: i64,
    below: i64,
}

impl Range {
    /// The positions that a query asks for.
    pub(crate) fn of(query: &Query) -> Self {
        let from = query.from.map(|position| int(position.0));
        let until = query.until.map(|position| int(position.0));
        match query.direction {
            Direction::Forwards => Self {
                above: from.unwrap_or(0),
                below: until.map_or(i64::MAX, |until| until.saturating_add(1)),
            },
            Direction::Backwards => {
                Self { above: until.map_or(0, |until| (until - 1).max(0)), below: from.unwrap_or(i64::MAX) }
            }
        }
    }

    /// The last position before the range and the last in it, where they are limited at all, for a caller
    /// that translates them into versions.
    pub(crate) fn bounds(self) -> [Option<i64>; 2] {
        let before = (self.above > 0).then_some(self.above);
        let last = (self.below < i64::MAX).then_some(self.below - 1);
        [before, last]
    }
}

/// The events of the page, each row led by the head of the log in the same snapshot; one row of nulls after the
/// head when there are none. `versions` has the versions that the positions mean, for a query of one stream.
pub(crate) fn page<DB>(
    columns: &'static str,
    query: &Query,
    versions: Option<(Version, Version)>,
) -> QueryBuilder<DB>
where
    DB: Database,
    i64: Encode<'static, DB> + Type<DB>,
    String: Encode<'static, DB> + Type<DB>,
{
    let order = match query.direction {
        Direction::Forwards => "ASC",
        Direction::Backwards => "DESC",
    };
    let limit = int(query.limit as u64);
    let mut sql = QueryBuilder::new(
        "SELECT h.head, p.* FROM (SELECT COALESCE(MAX(position), 0) AS head FROM events) AS h LEFT JOIN (SELECT ",
    );
    sql.push(columns);
    let key = push_source(&mut sql, query, versions, order, limit);
    sql.push(format_args!(" ORDER BY {key} {order} LIMIT {limit}"));
    sql.push(format_args!(") AS p ON TRUE ORDER BY p.position {order}"));
    sql
}

/// A tag on this many events of the range is frequent; by how much more does not matter.
const FREQUENT: i64 = 2_000;

/// For each tag of the query, in their order, on how many events of the range it is, [`FREQUENT`] at most. The page
/// walks the rarest, so that a frequent tag beside it costs nothing.
pub(crate) fn tag_counts<DB>(query: &Query) -> QueryBuilder<DB>
where
    DB: Database,
    i64: Encode<'static, DB> + Type<DB>,
    String: Encode<'static, DB> + Type<DB>,
{
    let mut sql = QueryBuilder::new("");
    for (at, tag) in query.filter.tags.iter().enumerate() {
        sql.push(if at == 0 { "SELECT " } else { " UNION ALL SELECT " });
        sql.push(format_args!(
            "{at} AS n, COUNT(*) AS events FROM (SELECT 1 FROM event_tags AS t WHERE t.tag = "
        ));
        sql.push_bind(tag.as_str().to_owned());
        push_range(&mut sql, "t", Range::of(query));
        sql.push(format_args!(" LIMIT {FREQUENT}) AS c{at}"));
    }
    sql.push(" ORDER BY n");
    sql
}

/// The query with its rarest tag first.
pub(crate) fn rarest_first(query: &Query, counts: &[i64]) -> Query {
    let mut query = query.clone();
    let mut tags: Vec<_> = std::mem::take(&mut query.filter.tags).into_iter().zip(counts).collect();
    tags.sort_by_key(|(_, count)| **count);
    query.filter.tags = tags.into_iter().map(|(tag, _)| tag).collect();
    query
}

/// Chooses the index to walk, adds the conditions and returns the column to order by.
fn push_source<DB>(
    sql: &mut QueryBuilder<DB>,
    query: &Query,
    versions: Option<(Version, Version)>,
    order: &str,
    limit: i64,
) -> &'static str
where
    DB: Database,
    i64: Encode<'static, DB> + Type<DB>,
    String: Encode<'static, DB> + Type<DB>,
{
    let filter = &query.filter;
    let range = Range::of(query);
    let mut tags = filter.tags.iter();
    let key = if let (Some(stream), Some((after, last))) = (&filter.stream, versions) {
        sql.push(" FROM events AS e WHERE e.stream = ").push_bind(stream.as_str().to_owned());
        sql.push(" AND e.version > ").push_bind(int(after.0));
        sql.push(" AND e.version <= ").push_bind(int(last.0));
        push_types(sql, query);
        "e.version"
    } else if let Some(tag) = tags.next() {
        sql.push(" FROM event_tags AS t CROSS JOIN events AS e WHERE e.position = t.position AND t.tag = ");
        sql.push_bind(tag.as_str().to_owned());
        push_range(sql, "t", range);
        push_types(sql, query);
        "t.position"
    } else if filter.types.is_empty() {
        sql.push(" FROM events AS e WHERE TRUE");
        push_range(sql, "e", range);
        "e.position"
    } else {
        sql.push(" FROM (SELECT u.position FROM (");
        push_type_branches(sql, query, range, order, limit);
        sql.push(format_args!(") AS u ORDER BY u.position {order} LIMIT {limit}"));
        sql.push(") AS k CROSS JOIN events AS e WHERE e.position = k.position");
        return "k.position";
    };
    push_category(sql, query);
    for tag in tags {
        sql.push(" AND EXISTS (SELECT 1 FROM event_tags AS o WHERE o.position = e.position AND o.tag = ");
        sql.push_bind(tag.as_str().to_owned()).push(")");
    }
    key
}

/// For each type its own first positions, so that a rare type beside a frequent one does not walk the latter.
fn push_type_branches<DB>(sql: &mut QueryBuilder<DB>, query: &Query, range: Range, order: &str, limit: i64)
where
    DB: Database,
    i64: Encode<'static, DB> + Type<DB>,
    String: Encode<'static, DB> + Type<DB>,
{
    for (at, event_type) in query.filter.types.iter().enumerate() {
        let join = if at == 0 { "" } else { " UNION ALL " };
        sql.push(format_args!(
            "{join}SELECT position FROM (SELECT e.position FROM events AS e WHERE e.type = "
        ));
        sql.push_bind(event_type.as_str().to_owned());
        push_category(sql, query);
        push_range(sql, "e", range);
        sql.push(format_args!(" ORDER BY e.position {order} LIMIT {limit}) AS b{at}"));
    }
}

fn push_range<DB>(sql: &mut QueryBuilder<DB>, table: &'static str, range: Range)
where
    DB: Database,
    i64: Encode<'static, DB> + Type<DB>,
{
    sql.push(format_args!(" AND {table}.position > ")).push_bind(range.above);
    sql.push(format_args!(" AND {table}.position < ")).push_bind(range.below);
}

fn push_types<DB>(sql: &mut QueryBuilder<DB>, query: &Query)
where
    DB: Database,
    String: Encode<'static, DB> + Type<DB>,
{
    if query.filter.types.is_empty() {
        return;
    }
    sql.push(" AND e.type IN (");
    let mut types = sql.separated(", ");
    for event_type in &query.filter.types {
        types.push_bind(event_type.as_str().to_owned());
    }
    sql.push(")");
}

fn push_category<DB>(sql: &mut QueryBuilder<DB>, query: &Query)
where
    DB: Database,
    String: Encode<'static, DB> + Type<DB>,
{
    if let Some(category) = &query.filter.category {
        sql.push(" AND e.category = ").push_bind(category.clone());
    }
}
