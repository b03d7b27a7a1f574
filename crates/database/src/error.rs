//! Faults of a database.

/// A fault of a database or of what it holds.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database could not be opened.
    #[error("the database {address} could not be opened")]
    Open {
        /// Which one, without any password.
        address: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// A statement failed.
    #[error("a statement of the database failed")]
    Statement(#[from] sqlx::Error),
    /// A row has no such column, or its value has another type.
    #[error("column {column:?} cannot be read as {wanted}")]
    Column {
        /// The column asked for.
        column: String,
        /// The type asked for.
        wanted: &'static str,
    },
    /// A migration that was applied has changed since, or is newer than this build.
    #[error("migration {name:?} of the database is not the one of this build: {reason}")]
    Migration {
        /// Which one.
        name: String,
        /// What differs, and what to do.
        reason: &'static str,
    },
    /// A row that a statement must change was not there: somebody else got in first.
    #[error("{expected} rows were to be changed, {changed} were")]
    Unchanged {
        /// How many rows the caller relied on.
        expected: u64,
        /// How many there were.
        changed: u64,
    },
}
