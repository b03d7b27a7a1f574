use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;
use trunkline_kernel::Clock;
use trunkline_log::{Log, LogLimits, SqliteLog, SqliteOptions};

use crate::contract::Place;

/// A log file in a folder of its own.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.path().join("log.db")
    }
}

#[async_trait]
impl Place for Folder {
    async fn open(&self, clock: Arc<dyn Clock>, limits: LogLimits) -> Arc<dyn Log> {
        let options = SqliteOptions { limits, ..SqliteOptions::default() };
        Arc::new(SqliteLog::open(self.file(), options, clock).await.unwrap())
    }
}

pub(crate) async fn place() -> Box<dyn Place> {
    Box::new(Folder::new())
}

contract!(place);
