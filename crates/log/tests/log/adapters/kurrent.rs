use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use tempfile::TempDir;
use trunkline_kernel::Clock;
use trunkline_log::{KurrentLog, KurrentOptions, Log, LogLimits};
use trunkline_testkit::kurrent::TestLedger;

use crate::contract::Place;

/// A ledger of its own, on a real server where one is named. Each opening is another process and so has a replica
/// of its own.
struct Ledger {
    ledger: TestLedger,
    replicas: TempDir,
    openings: AtomicU32,
}

#[async_trait]
impl Place for Ledger {
    async fn open(&self, clock: Arc<dyn Clock>, limits: LogLimits) -> Arc<dyn Log> {
        let opening = self.openings.fetch_add(1, Ordering::SeqCst);
        let replica = self.replicas.path().join(format!("{opening}.db"));
        let mut options = KurrentOptions::new(self.ledger.connection.as_str(), replica);
        options.ledger.clone_from(&self.ledger.stream);
        if limits != LogLimits::default() {
            options.limits = limits;
        }
        Arc::new(KurrentLog::open(options, clock).await.unwrap())
    }
}

pub(crate) async fn place() -> Box<dyn Place> {
    // Fails only when another test of this process was first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let ledger = TestLedger::start().await.unwrap();
    Box::new(Ledger { ledger, replicas: tempfile::tempdir().unwrap(), openings: AtomicU32::new(0) })
}

contract!(place);
