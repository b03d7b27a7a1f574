//! Values on their way to and from a database.

use std::borrow::Cow;

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::types::JsonRawValue;
use sqlx::{Postgres, Sqlite};
use trunkline_kernel::Timestamp;
use uuid::Uuid;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 0 or 1, `boolean`.
    Bool,
    /// 64 bits with sign.
    Int,
    /// 64 bits, IEEE 754.
    Real,
    /// Unicode text.
    Text,
    /// 16 bytes, `uuid`.
    Uuid,
    /// Microseconds, `timestamptz`.
    Time,
    /// JSON text, `jsonb`.
    Json,
    /// Bytes, BLOB or `bytea`.
    Bytes,
}

impl Kind {
    /// What PostgreSQL calls the type.
    pub(crate) fn postgres(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Int => "bigint",
            Self::Real => "double precision",
            Self::Text => "text",
            Self::Uuid => "uuid",
            Self::Time => "timestamptz",
            Self::Json => "jsonb",
            Self::Bytes => "bytea",
        }
    }

    /// What error messages call the type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bool => "a truth value",
            Self::Int => "a whole number",
            Self::Real => "a number",
            Self::Text => "text",
            Self::Uuid => "a UUID",
            Self::Time => "a time",
            Self::Json => "JSON",
            Self::Bytes => "bytes",
        }
    }
}

/// One cell. PostgreSQL wants to know the type of an absent value as well.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Absent.
    Null(Kind),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(Cow<'static, str>),
    /// A UUID.
    Uuid(Uuid),
    /// A moment.
    Time(Timestamp),
    /// A JSON text.
    Json(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// Whether the value is absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null(_))
    }

    /// Appends a form that is the same on every database and differs whenever the values differ, for digests.
    pub fn digest_into(&self, bytes: &mut Vec<u8>) {
        let (mark, body): (u8, Cow<'_, [u8]>) = match self {
            Self::Null(_) => (0, Cow::Borrowed(&[])),
            Self::Bool(value) => (1, Cow::Owned(vec![u8::from(*value)])),
            Self::Int(value) => (2, Cow::Owned(value.to_be_bytes().to_vec())),
            Self::Real(value) => (3, Cow::Owned(value.to_bits().to_be_bytes().to_vec())),
            Self::Text(value) => (4, Cow::Borrowed(value.as_bytes())),
            Self::Uuid(value) => (5, Cow::Owned(value.as_bytes().to_vec())),
            Self::Time(value) => (6, Cow::Owned(value.micros().to_be_bytes().to_vec())),
            Self::Json(value) => (7, Cow::Owned(canonical(value).into_bytes())),
            Self::Bytes(value) => (8, Cow::Borrowed(value)),
        };
        bytes.push(mark);
        bytes.extend_from_slice(&(body.len() as u64).to_be_bytes());
        bytes.extend_from_slice(&body);
    }
}

/// `jsonb` keeps neither spaces nor the order of keys; `serde_json`'s map sorts them.
fn canonical(json: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json)
        .map_or_else(|_| json.to_owned(), |value| value.to_string())
}

/// Binds one value to a statement of SQLite.
pub(crate) fn bind_sqlite(
    query: Query<'_, Sqlite, SqliteArguments>,
    value: Value,
) -> Query<'_, Sqlite, SqliteArguments> {
    match value {
        Value::Null(_) => query.bind(None::<i64>),
        Value::Bool(value) => query.bind(value),
        Value::Int(value) => query.bind(value),
        Value::Real(value) => query.bind(value),
        Value::Text(Cow::Owned(value)) => query.bind(value),
        Value::Text(Cow::Borrowed(value)) => query.bind(value),
        Value::Uuid(value) => query.bind(value),
        Value::Time(value) => query.bind(value.micros()),
        Value::Json(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
    }
}

/// Binds one value to a statement of PostgreSQL.
pub(crate) fn bind_postgres(
    query: Query<'_, Postgres, PgArguments>,
    value: Value,
) -> Query<'_, Postgres, PgArguments> {
    match value {
        Value::Null(Kind::Bool) => query.bind(None::<bool>),
        Value::Null(Kind::Int) => query.bind(None::<i64>),
        Value::Null(Kind::Real) => query.bind(None::<f64>),
        Value::Null(Kind::Text) => query.bind(None::<String>),
        Value::Null(Kind::Uuid) => query.bind(None::<Uuid>),
        Value::Null(Kind::Time) => query.bind(None::<chrono::DateTime<chrono::Utc>>),
        Value::Null(Kind::Json) => query.bind(None::<sqlx::types::Json<serde_json::Value>>),
        Value::Null(Kind::Bytes) => query.bind(None::<Vec<u8>>),
        Value::Bytes(value) => query.bind(value),
        Value::Bool(value) => query.bind(value),
        Value::Int(value) => query.bind(value),
        Value::Real(value) => query.bind(value),
        Value::Text(Cow::Owned(value)) => query.bind(value),
        Value::Text(Cow::Borrowed(value)) => query.bind(value),
        Value::Uuid(value) => query.bind(value),
        Value::Time(value) => query.bind(value.datetime()),
        Value::Json(value) => match JsonRawValue::from_string(value) {
            Ok(value) => query.bind(Some(sqlx::types::Json(value))),
            // What is not JSON cannot stand in a jsonb column; absent is the nearest thing.
            Err(_) => query.bind(None::<sqlx::types::Json<serde_json::Value>>),
        },
    }
}
