//! Where a database is and how it is used. Each limit has its default here.

use std::path::PathBuf;
use std::time::Duration;

/// How to open an SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The file; made when it is not there.
    pub path: PathBuf,
    /// How many connections read at once; 4 by default. One more connection writes.
    pub readers: u32,
    /// How long a statement waits for another process' lock; 5 s by default.
    pub busy_timeout: Duration,
    /// Page cache of the writing connection in KiB; 49,152 by default.
    pub cache_kib: u32,
    /// Whether a commit outlives a power cut, and whether what is deleted is overwritten; not by default, for read
    /// models can be rebuilt.
    pub lasting: bool,
}

impl SqliteOptions {
    /// The defaults for a file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { path, readers: 4, busy_timeout: Duration::from_secs(5), cache_kib: 49_152, lasting: false }
    }
}

/// How to reach a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database`.
    pub url: String,
    /// The schema that the tables are in; `public` by default. It is made when it is not there.
    pub schema: String,
    /// How many connections at most; 8 by default.
    pub connections: u32,
    /// How long to wait for a free connection; 5 s by default.
    pub acquire_timeout: Duration,
}

impl PostgresOptions {
    /// The defaults for an address.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: "public".to_owned(),
            connections: 8,
            acquire_timeout: Duration::from_secs(5),
        }
    }
}
