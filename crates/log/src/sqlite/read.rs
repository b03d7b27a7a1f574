//! Reads, each from a snapshot of its own that no writer holds up.

use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, Row, Sqlite, SqliteConnection};
use trunkline_kernel::{EventId, Id, Position, Recorded, StreamId, Timestamp, Version};
use uuid::Uuid;

use crate::repeat::Found;
use crate::select::{self, Range};
use crate::store::Snapshot;
use crate::stored::{Bisect, StoredEvent, count, digest, int, store_error};
use crate::{LogError, Page, Query};

const COLUMNS: &str = "e.position, e.event_id, e.stream, e.version, e.type, e.schema_version, e.payload, e.tags, \
     e.actor, e.command_id, e.correlation_id, e.causation_id, e.trace_id, e.occurred_at, e.recorded_at, e.digest";

const STREAM: &str = "SELECT 0 AS head, e.position, e.event_id, e.stream, e.version, e.type, e.schema_version, \
     e.payload, e.tags, e.actor, e.command_id, e.correlation_id, e.causation_id, e.trace_id, e.occurred_at, \
     e.recorded_at, e.digest FROM events AS e WHERE e.stream = ? AND e.version > ? ORDER BY e.version LIMIT ";

/// The ids travel as one JSON array of hexadecimal texts.
const FIND: &str = "SELECT e.event_id, e.position, e.version, e.recorded_at, e.digest FROM json_each(?) AS i \
     CROSS JOIN events AS e WHERE e.event_id = unhex(i.value)";

pub(super) async fn page(readers: &SqlitePool, query: &Query) -> Result<Page, LogError> {
    let mut connection = readers.acquire().await.map_err(store_error)?;
    let versions = match &query.filter.stream {
        Some(stream) => Some(versions_between(&mut connection, stream, Range::of(query)).await?),
        None => None,
    };
    let query = &by_rarity(&mut connection, query).await?;
    let mut select = select::page::<Sqlite>(COLUMNS, query, versions);
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
async fn by_rarity(connection: &mut SqliteConnection, query: &Query) -> Result<Query, LogError> {
    if query.filter.tags.len() < 2 {
        return Ok(query.clone());
    }
    let mut counts = select::tag_counts::<Sqlite>(query);
    let rows = counts.build().fetch_all(connection).await.map_err(store_error)?;
    let counts: sqlx::Result<Vec<i64>> = rows.iter().map(|row| row.try_get("events")).collect();
    Ok(select::rarest_first(query, &counts.map_err(store_error)?))
}

pub(super) async fn stream(
    readers: &SqlitePool,
    stream: &StreamId,
    after: Version,
    limit: usize,
) -> Result<Vec<Recorded>, LogError> {
    let sql = AssertSqlSafe(format!("{STREAM}{limit}"));
    let query = sqlx::query(sql).bind(stream.as_str()).bind(int(after.0));
    let rows = query.fetch_all(readers).await.map_err(store_error)?;
    rows.iter().map(event).collect()
}

pub(super) async fn head(readers: &SqlitePool) -> Result<Position, LogError> {
    let head: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(position), 0) FROM events")
        .fetch_one(readers)
        .await
        .map_err(store_error)?;
    Ok(Position(count(head)))
}

/// Times never run backwards along the log, so the place of a time is found by halving.
pub(super) async fn position_at(readers: &SqlitePool, time: Timestamp) -> Result<Position, LogError> {
    let head = head(readers).await?;
    let mut connection = readers.acquire().await.map_err(store_error)?;
    let mut search = Bisect::up_to(head.0);
    while let Some(probe) = search.probe() {
        let recorded_at: i64 = sqlx::query_scalar("SELECT recorded_at FROM events WHERE position = ?")
            .bind(int(probe))
            .fetch_one(&mut *connection)
            .await
            .map_err(store_error)?;
        search.answer(probe, recorded_at <= time.micros());
    }
    Ok(Position(search.found()))
}

/// The versions of a stream that lie within a range of positions: the one before the first, and the last.
async fn versions_between(
    connection: &mut SqliteConnection,
    stream: &StreamId,
    range: Range,
) -> Result<(Version, Version), LogError> {
    let last: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM events WHERE stream = ?")
        .bind(stream.as_str())
        .fetch_one(&mut *connection)
        .await
        .map_err(store_error)?;
    let mut ends = [0, count(last)];
    for (end, position) in ends.iter_mut().zip(range.bounds()) {
        let Some(position) = position else { continue };
        let mut search = Bisect::up_to(count(last));
        while let Some(probe) = search.probe() {
            let query = sqlx::query_scalar("SELECT position FROM events WHERE stream = ? AND version = ?");
            let query = query.bind(stream.as_str()).bind(int(probe));
            let at: i64 = query.fetch_one(&mut *connection).await.map_err(store_error)?;
            search.answer(probe, at <= position);
        }
        *end = search.found();
    }
    let [after, last] = ends.map(Version);
    Ok((after, last))
}

/// See [`crate::store::Store::look_up`]: the head is read first.
pub(super) async fn look_up(
    connection: &mut SqliteConnection,
    streams: &[StreamId],
    events: &[EventId],
) -> Result<Snapshot, LogError> {
    let head: Option<(i64, i64)> =
        sqlx::query_as("SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1")
            .fetch_optional(&mut *connection)
            .await
            .map_err(store_error)?;
    let (head, recorded_at) = head.unwrap_or((0, i64::MIN));
    let mut snapshot = Snapshot {
        head: Position(count(head)),
        recorded_at: Timestamp::from_micros(recorded_at),
        ..Snapshot::default()
    };
    if !streams.is_empty() {
        // CROSS JOIN fixes the order of the loops; the names travel as one JSON array.
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT s.value, MAX(e.version) FROM json_each(?) AS s CROSS JOIN events AS e \
             WHERE e.stream = s.value GROUP BY s.value",
        )
        .bind(serde_json::to_string(streams).unwrap_or_default())
        .fetch_all(&mut *connection)
        .await
        .map_err(store_error)?;
        let asked = streams.iter().map(|stream| (stream.as_str(), stream));
        let asked: std::collections::HashMap<_, _> = asked.collect();
        let versions = rows.iter().filter_map(|(name, version)| {
            Some((StreamId::clone(asked.get(name.as_str())?), Version(count(*version))))
        });
        snapshot.versions = versions.collect();
    }
    if !events.is_empty() {
        let ids =
            serde_json::to_string(&events.iter().map(|event| event.uuid().simple()).collect::<Vec<_>>());
        let rows = sqlx::query(FIND)
            .bind(ids.unwrap_or_default())
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
        for row in &rows {
            let (id, event) = found_event(row)?;
            snapshot.found.insert(id, event);
        }
    }
    Ok(snapshot)
}

fn found_event(row: &SqliteRow) -> Result<(EventId, Found), LogError> {
    let read = || -> sqlx::Result<_> {
        let (position, version): (i64, i64) = (row.try_get("position")?, row.try_get("version")?);
        let recorded_at = Timestamp::from_micros(row.try_get("recorded_at")?);
        let (id, bytes): (Uuid, &[u8]) = (row.try_get("event_id")?, row.try_get("digest")?);
        Ok((id, Position(count(position)), Version(count(version)), recorded_at, bytes))
    };
    let (id, position, version, recorded_at, bytes) = read().map_err(store_error)?;
    let digest = digest(position, bytes)?;
    Ok((EventId::from_uuid(id), Found { position, version, recorded_at, digest }))
}

fn event(row: &SqliteRow) -> Result<Recorded, LogError> {
    let position = Position(count(row.try_get("position").map_err(store_error)?));
    let tags: &str = row.try_get("tags").map_err(store_error)?;
    let tags = serde_json::from_str(tags)
        .map_err(|error| LogError::Damaged { position, reason: error.to_string() })?;
    columns(row, position, tags).map_err(store_error)?.read()
}

fn columns(row: &SqliteRow, position: Position, tags: Vec<String>) -> sqlx::Result<StoredEvent<'_>> {
    Ok(StoredEvent {
        position,
        event_id: row.try_get::<Uuid, _>("event_id")?,
        stream: row.try_get("stream")?,
        version: Version(count(row.try_get("version")?)),
        event_type: row.try_get("type")?,
        schema_version: row.try_get("schema_version")?,
        payload: row.try_get("payload")?,
        tags,
        actor: row.try_get("actor")?,
        command_id: row.try_get("command_id")?,
        correlation_id: row.try_get("correlation_id")?,
        causation_id: row.try_get("causation_id")?,
        trace_id: row.try_get("trace_id")?,
        occurred_at: Timestamp::from_micros(row.try_get("occurred_at")?),
        recorded_at: Timestamp::from_micros(row.try_get("recorded_at")?),
        digest: row.try_get("digest")?,
    })
}

#[cfg(test)]
mod tests {
    use sqlx::Execute as _;
    use trunkline_kernel::EventType;

    use super::*;
    use crate::sqlite::SqliteStore;
    use crate::{Direction, Filter};

    /// The steps of SQLite's plan for a page.
    async fn plan(store: &SqliteStore, filter: Filter, direction: Direction) -> Vec<String> {
        let versions = filter.stream.is_some().then_some((Version(3), Version(9)));
        let query =
            Query { filter, direction, from: Some(Position(50)), until: Some(Position(90)), limit: 10 };
        let mut select = select::page::<Sqlite>(COLUMNS, &query, versions);
        let sql = format!("EXPLAIN QUERY PLAN {}", select.build().sql().as_str());
        let mut explain = sqlx::query(AssertSqlSafe(sql));
        for _ in 0..30 {
            explain = explain.bind(1);
        }
        let rows = explain.fetch_all(&store.readers).await.unwrap();
        rows.iter().map(|row| row.get::<String, _>("detail")).collect()
    }

    #[tokio::test]
    async fn no_page_walks_the_whole_log() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("log.db"), 1).await.unwrap();
        let filter = Filter::default;
        let types = |names: &[&'static str]| names.iter().map(|name| EventType::known(name)).collect();
        let filters = [
            (filter(), "PRIMARY KEY"),
            (Filter { stream: Some("call-a".parse().unwrap()), ..filter() }, "stream=? AND version>?"),
            (Filter { category: Some("call".to_owned()), ..filter() }, "events_by_category"),
            (Filter { types: types(&["call.rang"]), ..filter() }, "events_by_type"),
            (Filter { types: types(&["call.rang", "call.ended"]), ..filter() }, "events_by_type"),
            (Filter { tags: vec!["agent:1".parse().unwrap()], ..filter() }, "tag=? AND position>?"),
        ];
        for (filter, index) in filters {
            for direction in [Direction::Forwards, Direction::Backwards] {
                let plan = plan(&store, filter.clone(), direction).await;
                assert!(plan.iter().any(|step| step.contains(index)), "{index}: {plan:#?}");
                let scans = |step: &&String| step.starts_with("SCAN e") || step.starts_with("SCAN t");
                assert!(plan.iter().find(scans).is_none(), "{plan:#?}");
            }
        }
    }

    #[tokio::test]
    async fn of_several_tags_the_rarest_is_walked() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("log.db"), 1).await.unwrap();
        let fill = "INSERT INTO event_tags (tag, position) SELECT column1, column2 FROM \
             (VALUES ('agent:1', 1), ('agent:1', 2), ('agent:2', 2))";
        sqlx::query(fill).execute(&mut store.writer.lock().await.connection).await.unwrap();
        let tags = ["agent:1", "agent:2"].map(|tag| tag.parse().unwrap());
        let filter = Filter { tags: tags.to_vec(), ..Filter::default() };
        let query = Query { filter, direction: Direction::Forwards, from: None, until: None, limit: 10 };
        let mut connection = store.readers.acquire().await.unwrap();
        let best = by_rarity(&mut connection, &query).await.unwrap();
        assert_eq!(best.filter.tags, [tags[1].clone(), tags[0].clone()]);
    }
}
