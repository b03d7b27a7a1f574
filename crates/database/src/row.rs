//! Rows as a database gives them.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::types::JsonRawValue;
use sqlx::{ColumnIndex, Row as _};
use trunkline_kernel::Timestamp;
use uuid::Uuid;

use crate::{Cell, DatabaseError, Kind, Result, Value};

/// A row of an answer.
pub struct Row(pub(crate) Inner);

pub(crate) enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// Reads the column of this name.
    ///
    /// # Errors
    /// When there is no such column or its value has another type.
    pub fn get<T: Cell>(&self, column: &str) -> Result<T> {
        let value = match &self.0 {
            Inner::Sqlite(row) => sqlite(row, column, T::KIND),
            Inner::Postgres(row) => postgres(row, column, T::KIND),
        };
        wanted::<T>(value, || column.to_owned())
    }

    /// Reads the column in this place, counted from 0.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn at<T: Cell>(&self, index: usize) -> Result<T> {
        wanted::<T>(self.value(index, T::KIND), || format!("#{index}"))
    }

    /// The value in this place, as the kind that the column is known to have.
    ///
    /// # Errors
    /// When the column has another type.
    pub fn value(&self, index: usize, kind: Kind) -> sqlx::Result<Value> {
        match &self.0 {
            Inner::Sqlite(row) => sqlite(row, index, kind),
            Inner::Postgres(row) => postgres(row, index, kind),
        }
    }
}

fn wanted<T: Cell>(value: sqlx::Result<Value>, column: impl Fn() -> String) -> Result<T> {
    value
        .ok()
        .and_then(T::read)
        .ok_or_else(|| DatabaseError::Column { column: column(), wanted: T::KIND.name() })
}

fn sqlite<I: ColumnIndex<SqliteRow>>(row: &SqliteRow, at: I, kind: Kind) -> sqlx::Result<Value> {
    // SQLite keeps what was stored, whatever an expression is declared as, so no type is checked here.
    let value = match kind {
        Kind::Bool => row.try_get_unchecked::<Option<bool>, _>(at)?.map(Value::Bool),
        Kind::Int => row.try_get_unchecked::<Option<i64>, _>(at)?.map(Value::Int),
        Kind::Real => row.try_get_unchecked::<Option<f64>, _>(at)?.map(Value::Real),
        Kind::Text => row.try_get_unchecked::<Option<String>, _>(at)?.map(|text| Value::Text(text.into())),
        Kind::Uuid => row.try_get_unchecked::<Option<Uuid>, _>(at)?.map(Value::Uuid),
        Kind::Time => row
            .try_get_unchecked::<Option<i64>, _>(at)?
            .map(|micros| Value::Time(Timestamp::from_micros(micros))),
        Kind::Json => row.try_get_unchecked::<Option<String>, _>(at)?.map(Value::Json),
        Kind::Bytes => row.try_get_unchecked::<Option<Vec<u8>>, _>(at)?.map(Value::Bytes),
    };
    Ok(value.unwrap_or(Value::Null(kind)))
}

fn postgres<I: ColumnIndex<PgRow>>(row: &PgRow, at: I, kind: Kind) -> sqlx::Result<Value> {
    let value = match kind {
        Kind::Bool => row.try_get::<Option<bool>, _>(at)?.map(Value::Bool),
        Kind::Int => row.try_get::<Option<i64>, _>(at)?.map(Value::Int),
        Kind::Real => row.try_get::<Option<f64>, _>(at)?.map(Value::Real),
        Kind::Text => row.try_get::<Option<String>, _>(at)?.map(|text| Value::Text(text.into())),
        Kind::Uuid => row.try_get::<Option<Uuid>, _>(at)?.map(Value::Uuid),
        Kind::Time => row
            .try_get::<Option<chrono::DateTime<chrono::Utc>>, _>(at)?
            .map(|moment| Value::Time(moment.into())),
        Kind::Json => row
            .try_get::<Option<sqlx::types::Json<Box<JsonRawValue>>>, _>(at)?
            .map(|json| Value::Json(json.0.get().to_owned())),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Value::Bytes),
    };
    Ok(value.unwrap_or(Value::Null(kind)))
}
