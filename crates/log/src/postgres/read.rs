//! Reads. Each page is one statement and so one snapshot; none waits for any writer.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{PgConnection, Postgres, Row};
use trunkline_kernel::{EventId, Id, Position, Recorded, StreamId, Timestamp, Version};
use uuid::Uuid;

use crate::repeat::Found;
use crate::select::{self, Range};
use crate::store::Snapshot;
use crate::stored::{Bisect, StoredEvent, count, digest, int, store_error};
use crate::{LogError, Page, Query};

const COLUMNS: &str = "e.position, e.event_id, e.stream, e.version, e.type, e.schema_version, \
     e.payload::text AS payload, e.tags, e.actor, e.command_id, e.correlation_id, e.causation_id, e.trace_id, \
     e.occurred_at, e.recorded_at, e.digest";

const STREAM: &str = "SELECT e.position, e.event_id, e.stream, e.version, e.type, e.schema_version, \
     e.payload::text AS payload, e.tags, e.actor, e.command_id, e.correlation_id, e.causation_id, e.trace_id, \
     e.occurred_at, e.recorded_at, e.digest \
     FROM events AS e WHERE e.stream = $1 AND e.version > $2 ORDER BY e.version LIMIT $3";

/// The head and the versions of some streams, in their order, from one snapshot.
const LOOK_UP: &str = "SELECT h.position, h.recorded_at, \
     ARRAY(SELECT coalesce((SELECT max(e.version) FROM events AS e WHERE e.stream = s.stream), 0) \
     FROM unnest($1::text[]) WITH ORDINALITY AS s (stream, n) ORDER BY s.n) AS versions \
     FROM (SELECT) AS one LEFT JOIN LATERAL \
     (SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1) AS h ON TRUE";

const FIND: &str =
    "SELECT event_id, position, version, recorded_at, digest FROM events WHERE event_id = ANY($1)";

pub(super) async fn page(readers: &PgPool, query: &Query) -> Result<Page, LogError> {
    let mut connection = readers.acquire().await.map_err(store_error)?;
    let versions = match &query.filter.stream {
        Some(stream) => Some(versions_between(&mut connection, stream, Range::of(query)).await?),
        None => None,
    };
    let query = &by_rarity(&mut connection, query).await?;
    let mut select = select::page::<Postgres>(COLUMNS, query, versions);
    let rows = select.build().fetch_all(&mut *connection).await.map_err(store_error)?;
    drop(connection);
    let head = match rows.first() {
        Some(row) => row.try_get::<i64, _>("head").map_err(store_error)?,
        None => 0,
    };
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.try_get::<Option<i64>, _>("position").map_err(store_error)?.is_some() {
            events.push(event(row)?);
        }
    }
    Ok(Page { events, head: Position(count(head)) })
}

/// The query as it costs least.
async fn by_rarity(connection: &mut PgConnection, query: &Query) -> Result<Query, LogError> {
    if query.filter.tags.len() < 2 {
        return Ok(query.clone());
    }
    let mut counts = select::tag_counts::<Postgres>(query);
    let rows = counts.build().fetch_all(connection).await.map_err(store_error)?;
    let counts: sqlx::Result<Vec<i64>> = rows.iter().map(|row| row.try_get("events")).collect();
    Ok(select::rarest_first(query, &counts.map_err(store_error)?))
}

pub(super) async fn stream(
    readers: &PgPool,
    stream: &StreamId,
    after: Version,
    limit: usize,
) -> Result<Vec<Recorded>, LogError> {
    let query = sqlx::query(STREAM).bind(stream.as_str()).bind(int(after.0)).bind(int(limit as u64));
    let rows = query.fetch_all(readers).await.map_err(store_error)?;
    rows.iter().map(event).collect()
}

pub(super) async fn head(readers: &PgPool) -> Result<Position, LogError> {
    let head: i64 = sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events")
        .fetch_one(readers)
        .await
        .map_err(store_error)?;
    Ok(Position(count(head)))
}

/// Times never run backwards along the log, so the place of a time is found by halving.
pub(super) async fn position_at(readers: &PgPool, time: Timestamp) -> Result<Position, LogError> {
    let mut search = Bisect::up_to(head(readers).await?.0);
    let mut connection = readers.acquire().await.map_err(store_error)?;
    while let Some(probe) = search.probe() {
        let recorded_at: DateTime<Utc> =
            sqlx::query_scalar("SELECT recorded_at FROM events WHERE position = $1")
                .bind(int(probe))
                .fetch_one(&mut *connection)
                .await
                .map_err(store_error)?;
        search.answer(probe, Timestamp::from(recorded_at) <= time);
    }
    Ok(Position(search.found()))
}

/// The versions of a stream that lie within a range of positions: the one before the first, and the last.
async fn versions_between(
    connection: &mut PgConnection,
    stream: &StreamId,
    range: Range,
) -> Result<(Version, Version), LogError> {
    let last: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM events WHERE stream = $1")
        .bind(stream.as_str())
        .fetch_one(&mut *connection)
        .await
        .map_err(store_error)?;
    let mut ends = [0, count(last)];
    for (end, position) in ends.iter_mut().zip(range.bounds()) {
        let Some(position) = position else { continue };
        let mut search = Bisect::up_to(count(last));
        while let Some(probe) = search.probe() {
            let query = sqlx::query_scalar("SELECT position FROM events WHERE stream = $1 AND version = $2");
            let query = query.bind(stream.as_str()).bind(int(probe));
            let at: i64 = query.fetch_one(&mut *connection).await.map_err(store_error)?;
            search.answer(probe, at <= position);
        }
        *end = search.found();
    }
    let [after, last] = ends.map(Version);
    Ok((after, last))
}

/// See [`crate::store::Store::look_up`]: head and versions come in one snapshot, the events in a later one.
pub(super) async fn look_up(
    connection: &mut PgConnection,
    streams: &[StreamId],
    events: &[EventId],
) -> Result<Snapshot, LogError> {
    let names: Vec<&str> = streams.iter().map(StreamId::as_str).collect();
    let (head, recorded_at, versions): (Option<i64>, Option<DateTime<Utc>>, Vec<i64>) =
        sqlx::query_as(LOOK_UP).bind(names).fetch_one(&mut *connection).await.map_err(store_error)?;
    let versions = streams.iter().cloned().zip(versions.into_iter().map(|version| Version(count(version))));
    let mut found = HashMap::new();
    if !events.is_empty() {
        let ids: Vec<Uuid> = events.iter().map(|event| event.uuid()).collect();
        let rows = sqlx::query(FIND).bind(ids).fetch_all(connection).await.map_err(store_error)?;
        for row in &rows {
            let (id, event) = found_event(row)?;
            found.insert(id, event);
        }
    }
    Ok(Snapshot {
        head: Position(head.map_or(0, count)),
        recorded_at: recorded_at.map_or(Timestamp::from_micros(i64::MIN), Timestamp::from),
        versions: versions.collect(),
        found,
    })
}

fn found_event(row: &PgRow) -> Result<(EventId, Found), LogError> {
    let read = || -> sqlx::Result<_> {
        let recorded_at: DateTime<Utc> = row.try_get("recorded_at")?;
        let (position, version): (i64, i64) = (row.try_get("position")?, row.try_get("version")?);
        let (id, bytes): (Uuid, &[u8]) = (row.try_get("event_id")?, row.try_get("digest")?);
        Ok((id, Position(count(position)), Version(count(version)), Timestamp::from(recorded_at), bytes))
    };
    let (id, position, version, recorded_at, bytes) = read().map_err(store_error)?;
    let digest = digest(position, bytes)?;
    Ok((EventId::from_uuid(id), Found { position, version, recorded_at, digest }))
}

fn event(row: &PgRow) -> Result<Recorded, LogError> {
    columns(row).map_err(store_error)?.read()
}

fn columns(row: &PgRow) -> sqlx::Result<StoredEvent<'_>> {
    Ok(StoredEvent {
        position: Position(count(row.try_get("position")?)),
        event_id: row.try_get("event_id")?,
        stream: row.try_get("stream")?,
        version: Version(count(row.try_get("version")?)),
        event_type: row.try_get("type")?,
        schema_version: i64::from(row.try_get::<i32, _>("schema_version")?),
        payload: row.try_get("payload")?,
        tags: row.try_get("tags")?,
        actor: row.try_get("actor")?,
        command_id: row.try_get("command_id")?,
        correlation_id: row.try_get("correlation_id")?,
        causation_id: row.try_get("causation_id")?,
        trace_id: row.try_get("trace_id")?,
        occurred_at: row.try_get::<DateTime<Utc>, _>("occurred_at")?.into(),
        recorded_at: row.try_get::<DateTime<Utc>, _>("recorded_at")?.into(),
        digest: row.try_get("digest")?,
    })
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use sqlx::postgres::PgConnectOptions;
    use trunkline_kernel::EventType;
    use trunkline_testkit::{Postgres as Server, clock};

    use super::*;
    use crate::{Direction, Filter, Log as _, PostgresLog, PostgresOptions};

    /// A young log of which the planner knows nothing: 20,000 events, every tag on many of them.
    const FILL: &str = "INSERT INTO events SELECT n, gen_random_uuid(), 'call-' || n / 500, n % 500 + 1, 'call', \
         (ARRAY['call.rang', 'call.ended'])[1 + n % 2], 1, '{}', ARRAY['agent:' || n % 3], 'system:test', \
         gen_random_uuid(), gen_random_uuid(), NULL, NULL, now(), now(), decode(repeat('00', 32), 'hex') \
         FROM generate_series(1, 20000) AS n";

    #[tokio::test]
    async fn no_page_walks_more_than_it_gives() {
        let url = Server::shared().unwrap().fresh_database().unwrap();
        let options = PostgresOptions::default();
        PostgresLog::open(&url, options, clock()).await.unwrap().close().await;
        let options = PgConnectOptions::from_str(&url).unwrap().options(super::super::SESSION);
        let pool = PgPool::connect_with(options).await.unwrap();
        sqlx::query(FILL).execute(&pool).await.unwrap();
        let types = |names: &[&'static str]| names.iter().map(|name| EventType::known(name)).collect();
        let filter = Filter::default;
        let filters = [
            filter(),
            Filter { category: Some("call".to_owned()), ..filter() },
            Filter { types: types(&["call.rang"]), ..filter() },
            Filter { types: types(&["call.rang", "call.none", "call.ended"]), ..filter() },
            Filter { tags: vec!["agent:1".parse().unwrap()], ..filter() },
            Filter { tags: vec!["agent:1".parse().unwrap()], types: types(&["call.rang"]), ..filter() },
        ];
        for filter in filters {
            for direction in [Direction::Forwards, Direction::Backwards] {
                let query = Query { filter: filter.clone(), direction, from: None, until: None, limit: 10 };
                assert_eq!(page(&pool, &query).await.unwrap().events.len(), 10);
                assert!(rows_met(&pool, &query).await <= 200, "{query:?}");
            }
        }
    }

    #[tokio::test]
    async fn of_several_tags_the_rarest_is_walked() {
        let url = Server::shared().unwrap().fresh_database().unwrap();
        PostgresLog::open(&url, PostgresOptions::default(), clock()).await.unwrap().close().await;
        let pool = PgPool::connect(&url).await.unwrap();
        sqlx::query(FILL).execute(&pool).await.unwrap();
        let tags = ["agent:1", "agent:7"].map(|tag| tag.parse().unwrap());
        let filter = Filter { tags: tags.to_vec(), ..Filter::default() };
        let query = Query { filter, direction: Direction::Forwards, from: None, until: None, limit: 10 };
        let mut connection = pool.acquire().await.unwrap();
        let best = by_rarity(&mut connection, &query).await.unwrap();
        assert_eq!(best.filter.tags, [tags[1].clone(), tags[0].clone()]);
    }

    /// How many rows the steps of the plan meet in all.
    async fn rows_met(pool: &PgPool, query: &Query) -> u64 {
        let sql = select::page::<Postgres>(COLUMNS, query, None).into_string();
        // The plan of the prepared statement, as a page uses it, with the values in the order of the page.
        let mut values = Vec::new();
        let names = query.filter.types.iter().map(|name| format!("'{name}'"));
        let range = ["0".to_owned(), i64::MAX.to_string()];
        if let Some(tag) = query.filter.tags.first() {
            values.push(format!("'{}'", tag.as_str()));
            values.extend(range);
            values.extend(names);
        } else if query.filter.types.is_empty() {
            values.extend(range);
            values.extend(query.filter.category.iter().map(|name| format!("'{name}'")));
        } else {
            for name in names {
                values.push(name);
                values.extend(range.clone());
            }
        }
        let mut connection = pool.acquire().await.unwrap();
        let explain = format!(
            "PREPARE page AS {sql}; EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) EXECUTE page ({})",
            values.join(", ")
        );
        let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
        sqlx::raw_sql("DEALLOCATE page").execute(&mut *connection).await.unwrap();
        let plan: serde_json::Value = rows.last().unwrap().try_get(0).unwrap();
        met(&plan[0]["Plan"])
    }

    fn met(step: &serde_json::Value) -> u64 {
        let number = |name: &str| step[name].as_f64().unwrap_or(0.0);
        let here =
            (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops").max(1.0);
        let below = step["Plans"].as_array().into_iter().flatten().map(met).sum::<u64>();
        format!("{here:.0}").parse::<u64>().unwrap() + below
    }
}
