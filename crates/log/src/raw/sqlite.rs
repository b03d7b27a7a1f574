//! Rows of an SQLite file, through `rusqlite`: it hands out columns where SQLite has them, and what runs here is a
//! thread of its own per connection, while sqlx copies each value and passes each row between threads.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use trunkline_kernel::{Position, Timestamp, Version};
use uuid::Uuid;

use super::{Row, Rows, Take, TakeTag, Unreadable, unfit};
use crate::LogError;
use crate::stored::{count, int};

const SCAN: &str = "SELECT position, event_id, stream, version, category, type, schema_version, payload, tags, actor, \
     command_id, correlation_id, causation_id, trace_id, occurred_at, recorded_at, digest \
     FROM events WHERE position > ?1 AND position <= ?2 ORDER BY position";

const SCAN_TAGS: &str = "SELECT tag, position FROM event_tags WHERE position > ?1 AND position <= ?2";

/// How much of the file is read through the page cache of the system without copying: 2 GiB, SQLite's own limit.
const MAPPED_BYTES: i64 = 0x7fff_0000;

/// The rows of a log in an SQLite file, which is never written to.
#[derive(Debug)]
pub struct SqliteRows {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl SqliteRows {
    /// Opens the file of a log.
    ///
    /// # Errors
    /// When there is none or it cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LogError> {
        let rows = Self { path: path.as_ref().to_owned(), idle: Mutex::default() };
        let connection = rows.connection()?;
        rows.idle.lock().push(connection);
        Ok(rows)
    }

    fn connection(&self) -> Result<Connection, LogError> {
        if let Some(idle) = self.idle.lock().pop() {
            return Ok(idle);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(fault)?;
        connection.pragma_update(None, "mmap_size", MAPPED_BYTES).map_err(fault)?;
        connection.pragma_update(None, "cache_size", -8_192).map_err(fault)?;
        Ok(connection)
    }
}

fn fault(error: rusqlite::Error) -> LogError {
    LogError::Store(Box::new(error))
}

impl Rows for SqliteRows {
    fn head(&self) -> Result<Position, LogError> {
        let connection = self.connection()?;
        let head: i64 = connection
            .query_row("SELECT COALESCE(MAX(position), 0) FROM events", [], |row| row.get(0))
            .map_err(fault)?;
        self.idle.lock().push(connection);
        Ok(Position(count(head)))
    }

    fn position_of(&self, event: Uuid) -> Result<Option<Position>, LogError> {
        let connection = self.connection()?;
        let found = {
            let sql = "SELECT position FROM events WHERE event_id = ?1";
            let mut statement = connection.prepare(sql).map_err(fault)?;
            let mut rows = statement.query([&event.as_bytes()[..]]).map_err(fault)?;
            let row = rows.next().map_err(fault)?;
            row.map(|row| row.get::<_, i64>(0)).transpose().map_err(fault)?
        };
        self.idle.lock().push(connection);
        Ok(found.map(|position| Position(count(position))))
    }

    fn scan(&self, after: Position, until: Position, take: &mut Take<'_>) -> Result<(), LogError> {
        let connection = self.connection()?;
        {
            let mut statement = connection.prepare(SCAN).map_err(fault)?;
            let mut rows = statement.query([int(after.0), int(until.0)]).map_err(fault)?;
            while let Some(row) = rows.next().map_err(fault)? {
                take(read(row));
            }
        }
        self.idle.lock().push(connection);
        Ok(())
    }

    fn scan_tags(&self, after: Position, until: Position, take: &mut TakeTag<'_>) -> Result<(), LogError> {
        let connection = self.connection()?;
        {
            let mut statement = connection.prepare(SCAN_TAGS).map_err(fault)?;
            let mut rows = statement.query([int(after.0), int(until.0)]).map_err(fault)?;
            while let Some(row) = rows.next().map_err(fault)? {
                let tag = row.get_ref(0).map_err(fault)?.as_str().map_err(unfit)?;
                take(tag, Position(count(row.get(1).map_err(fault)?)));
            }
        }
        self.idle.lock().push(connection);
        Ok(())
    }
}

fn read<'r>(row: &'r rusqlite::Row<'_>) -> Result<Row<'r>, Unreadable> {
    let columns = Columns { row, position: None };
    let position = Position(count(columns.int(0)?));
    let columns = Columns { position: Some(position), ..columns };
    Ok(Row {
        position,
        event_id: columns.uuid(1)?,
        stream: columns.text(2)?,
        version: Version(count(columns.int(3)?)),
        category: columns.text(4)?,
        event_type: columns.text(5)?,
        schema_version: columns.int(6)?,
        payload: columns.text(7)?,
        tags: columns.text(8)?,
        actor: columns.text(9)?,
        command_id: columns.uuid(10)?,
        correlation_id: columns.uuid(11)?,
        causation_id: if columns.is_null(12)? { None } else { Some(columns.uuid(12)?) },
        trace_id: if columns.is_null(13)? { None } else { Some(columns.text(13)?) },
        occurred_at: Timestamp::from_micros(columns.int(14)?),
        recorded_at: Timestamp::from_micros(columns.int(15)?),
        digest: columns.bytes(16)?,
    })
}

/// The columns of one row, and where the row stands once that is known.
#[derive(Clone, Copy)]
struct Columns<'r, 's> {
    row: &'r rusqlite::Row<'s>,
    position: Option<Position>,
}

impl<'r> Columns<'r, '_> {
    fn value(&self, at: usize) -> Result<ValueRef<'r>, Unreadable> {
        self.row.get_ref(at).map_err(|error| self.wrong(at, &error.to_string()))
    }

    fn wrong(&self, at: usize, what: &str) -> Unreadable {
        let name = self.row.as_ref().column_name(at).unwrap_or("?");
        Unreadable { position: self.position, reason: format!("its column `{name}` {what}") }
    }

    fn int(&self, at: usize) -> Result<i64, Unreadable> {
        self.value(at)?.as_i64().map_err(|_| self.wrong(at, "is no whole number"))
    }

    fn text(&self, at: usize) -> Result<&'r str, Unreadable> {
        self.value(at)?.as_str().map_err(|_| self.wrong(at, "is no text"))
    }

    fn bytes(&self, at: usize) -> Result<&'r [u8], Unreadable> {
        self.value(at)?.as_blob().map_err(|_| self.wrong(at, "is no bytes"))
    }

    fn uuid(&self, at: usize) -> Result<Uuid, Unreadable> {
        Uuid::from_slice(self.bytes(at)?).map_err(|_| self.wrong(at, "does not have 16 bytes"))
    }

    fn is_null(&self, at: usize) -> Result<bool, Unreadable> {
        Ok(self.value(at)? == ValueRef::Null)
    }
}
