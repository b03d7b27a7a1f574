use std::sync::Arc;

use async_trait::async_trait;
use trunkline_kernel::Clock;
use trunkline_log::{Log, LogLimits, PostgresLog, PostgresOptions};
use trunkline_testkit::Postgres;

use crate::contract::Place;

/// A database of its own on the private server.
#[derive(Clone)]
pub(crate) struct Database(pub(crate) String);

impl Database {
    pub(crate) fn fresh() -> Self {
        Self(Postgres::shared().unwrap().fresh_database().unwrap())
    }

    /// Its name on the server.
    pub(crate) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap()
    }

    /// Runs SQL as the superuser.
    pub(crate) fn execute(&self, sql: &str) -> anyhow::Result<String> {
        Postgres::shared()?.execute(self.name(), sql)
    }
}

#[async_trait]
impl Place for Database {
    async fn open(&self, clock: Arc<dyn Clock>, limits: LogLimits) -> Arc<dyn Log> {
        let options = PostgresOptions { limits, readers: 3, ..PostgresOptions::default() };
        Arc::new(PostgresLog::open(&self.0, options, clock).await.unwrap())
    }
}

pub(crate) async fn place() -> Box<dyn Place> {
    Box::new(Database::fresh())
}

contract!(place);
