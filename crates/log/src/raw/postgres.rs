//! Rows of a PostgreSQL database, through `COPY` in its binary form: the cheapest way to get many rows out of it.

use std::str::FromStr;

use futures::TryStreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolCopyExt as _, PgPoolOptions};
use tokio::runtime::Handle;
use trunkline_kernel::{Position, Timestamp, Version};
use uuid::Uuid;

use super::{Row, Rows, Take, TakeTag, Unreadable, unfit};
use crate::LogError;
use crate::stored::{count, store_error};

/// Microseconds from 1970 to 2000, from where PostgreSQL counts.
const EPOCH: i64 = 946_684_800_000_000;

/// What every binary copy begins with; two further words follow.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// The names of the columns, in the order of the copy.
const COLUMNS: [&str; 17] = [
    "position",
    "event_id",
    "stream",
    "version",
    "category",
    "type",
    "schema_version",
    "payload",
    "tags",
    "actor",
    "command_id",
    "correlation_id",
    "causation_id",
    "trace_id",
    "occurred_at",
    "recorded_at",
    "digest",
];

/// The rows of a log in PostgreSQL.
#[derive(Debug)]
pub struct PostgresRows {
    pool: PgPool,
    runtime: Handle,
}

impl PostgresRows {
    /// Connects to the database of a log. `connections` scans can run at once.
    ///
    /// # Errors
    /// When the URL cannot be read or the database cannot be reached.
    pub async fn open(url: &str, connections: u32) -> Result<Self, LogError> {
        let options = PgConnectOptions::from_str(url).map_err(store_error)?;
        let options = options
            .application_name("trunkline verification")
            .options([("default_transaction_read_only", "on"), ("enable_seqscan", "off")]);
        let pool = PgPoolOptions::new()
            .max_connections(connections.max(1))
            .connect_with(options)
            .await
            .map_err(store_error)?;
        Ok(Self { pool, runtime: Handle::current() })
    }
}

impl Rows for PostgresRows {
    fn head(&self) -> Result<Position, LogError> {
        let head = sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events").fetch_one(&self.pool);
        let head: i64 = self.runtime.block_on(head).map_err(store_error)?;
        Ok(Position(count(head)))
    }

    fn position_of(&self, event: Uuid) -> Result<Option<Position>, LogError> {
        let found = sqlx::query_scalar("SELECT position FROM events WHERE event_id = $1").bind(event);
        let found: Option<i64> =
            self.runtime.block_on(found.fetch_optional(&self.pool)).map_err(store_error)?;
        Ok(found.map(|position| Position(count(position))))
    }

    fn scan(&self, after: Position, until: Position, take: &mut Take<'_>) -> Result<(), LogError> {
        let columns = COLUMNS.join(", ");
        let sql = format!(
            "COPY (SELECT {columns} FROM events WHERE position > {after} AND position <= {until} \
             ORDER BY position) TO STDOUT (FORMAT binary)"
        );
        let mut tags = String::new();
        self.copy(&sql, &mut |fields: &Fields<'_>| {
            take(read(fields, &mut tags));
            Ok(())
        })
    }

    fn scan_tags(&self, after: Position, until: Position, take: &mut TakeTag<'_>) -> Result<(), LogError> {
        let sql = format!(
            "COPY (SELECT tag, position FROM event_tags WHERE position > {after} AND position <= {until}) \
             TO STDOUT (FORMAT binary)"
        );
        self.copy(&sql, &mut |[tag, position]: &Fields<'_, 2>| {
            let tag = std::str::from_utf8(tag.unwrap_or_default()).map_err(unfit)?;
            let position: &[u8; 8] = position.unwrap_or_default().try_into().map_err(unfit)?;
            take(tag, Position(count(i64::from_be_bytes(*position))));
            Ok(())
        })
    }
}

impl PostgresRows {
    fn copy<const N: usize>(&self, sql: &str, take: &mut TakeFields<'_, N>) -> Result<(), LogError> {
        self.runtime.block_on(async {
            let mut chunks = self.pool.copy_out_raw(sql).await.map_err(store_error)?;
            let mut reader = Reader::default();
            while let Some(chunk) = chunks.try_next().await.map_err(store_error)? {
                reader.feed(&chunk, take)?;
            }
            Ok(())
        })
    }
}

type TakeFields<'t, const N: usize> = dyn FnMut(&Fields<'_, N>) -> Result<(), LogError> + 't;

/// What of the copy has come and is not handed over yet.
#[derive(Default)]
struct Reader {
    begun: bool,
    waiting: Vec<u8>,
}

impl Reader {
    fn feed<const N: usize>(&mut self, chunk: &[u8], take: &mut TakeFields<'_, N>) -> Result<(), LogError> {
        self.waiting.extend_from_slice(chunk);
        let mut rest = self.waiting.as_slice();
        if !self.begun {
            let Some((_, after)) = rest.split_at_checked(SIGNATURE.len() + 8) else { return Ok(()) };
            (self.begun, rest) = (true, after);
        }
        // A row begins with how many columns it has, each column with how many bytes; -1 ends it all or is null.
        while let Some((fields, after)) = fields(rest) {
            take(&fields)?;
            rest = after;
        }
        let left = self.waiting.len() - rest.len();
        self.waiting.drain(..left);
        Ok(())
    }
}

type Fields<'r, const N: usize = { COLUMNS.len() }> = [Option<&'r [u8]>; N];

/// The next whole row and what follows it.
fn fields<const N: usize>(bytes: &[u8]) -> Option<(Fields<'_, N>, &[u8])> {
    let (count, mut rest) = bytes.split_first_chunk::<2>()?;
    if usize::try_from(i16::from_be_bytes(*count)) != Ok(N) {
        return None;
    }
    let mut fields = [None; N];
    for field in &mut fields {
        let (length, after) = rest.split_first_chunk::<4>()?;
        rest = after;
        if let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) {
            let (value, after) = rest.split_at_checked(length)?;
            (*field, rest) = (Some(value), after);
        }
    }
    Some((fields, rest))
}

fn read<'r>(fields: &Fields<'r>, tags: &'r mut String) -> Result<Row<'r>, Unreadable> {
    let columns = Columns { fields, position: None };
    let position = Position(count(columns.int(0)?));
    let columns = Columns { position: Some(position), ..columns };
    tags.clear();
    list(columns.bytes(8)?, tags).ok_or_else(|| columns.wrong(8, "is no list of texts"))?;
    Ok(Row {
        position,
        event_id: columns.uuid(1)?,
        stream: columns.text(2)?,
        version: Version(count(columns.int(3)?)),
        category: columns.text(4)?,
        event_type: columns.text(5)?,
        schema_version: i64::from(columns.number(6)?),
        payload: columns.text(7)?,
        tags,
        actor: columns.text(9)?,
        command_id: columns.uuid(10)?,
        correlation_id: columns.uuid(11)?,
        causation_id: columns.fields[12].map(|_| columns.uuid(12)).transpose()?,
        trace_id: columns.fields[13].map(|_| columns.text(13)).transpose()?,
        occurred_at: columns.time(14)?,
        recorded_at: columns.time(15)?,
        digest: columns.bytes(16)?,
    })
}

/// A one-dimensional array of texts as a JSON array.
fn list(bytes: &[u8], out: &mut String) -> Option<()> {
    let word = |at: usize| Some(i32::from_be_bytes(*bytes.get(at..)?.first_chunk::<4>()?));
    out.push('[');
    if word(0)? == 1 {
        let count = word(12)?;
        let mut rest = bytes.get(20..)?;
        for nth in 0..count {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let (text, after) = after.split_at_checked(usize::try_from(i32::from_be_bytes(*length)).ok()?)?;
            out.push_str(if nth == 0 { "" } else { "," });
            out.push_str(&serde_json::to_string(std::str::from_utf8(text).ok()?).ok()?);
            rest = after;
        }
    } else if word(0)? != 0 {
        return None;
    }
    out.push(']');
    Some(())
}

/// The columns of one row, and where the row stands once that is known.
#[derive(Clone, Copy)]
struct Columns<'f, 'r> {
    fields: &'f Fields<'r>,
    position: Option<Position>,
}

impl<'r> Columns<'_, 'r> {
    fn wrong(&self, at: usize, what: &str) -> Unreadable {
        Unreadable { position: self.position, reason: format!("its column `{}` {what}", COLUMNS[at]) }
    }

    fn bytes(&self, at: usize) -> Result<&'r [u8], Unreadable> {
        self.fields[at].ok_or_else(|| self.wrong(at, "is null"))
    }

    fn exactly<const N: usize>(&self, at: usize) -> Result<[u8; N], Unreadable> {
        self.bytes(at)?.try_into().map_err(|_| self.wrong(at, "has another type than the log writes"))
    }

    fn int(&self, at: usize) -> Result<i64, Unreadable> {
        self.exactly(at).map(i64::from_be_bytes)
    }

    fn number(&self, at: usize) -> Result<i32, Unreadable> {
        self.exactly(at).map(i32::from_be_bytes)
    }

    fn text(&self, at: usize) -> Result<&'r str, Unreadable> {
        std::str::from_utf8(self.bytes(at)?).map_err(|_| self.wrong(at, "is no text"))
    }

    fn uuid(&self, at: usize) -> Result<Uuid, Unreadable> {
        self.exactly(at).map(Uuid::from_bytes)
    }

    fn time(&self, at: usize) -> Result<Timestamp, Unreadable> {
        self.int(at).map(|micros| Timestamp::from_micros(micros.saturating_add(EPOCH)))
    }
}
