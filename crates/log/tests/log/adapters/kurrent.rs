use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use tempfile::TempDir;
use trunkline_kernel::Clock;
use trunkline_log::{KurrentLog, KurrentOptions, Log, LogLimits};
use trunkline_testkit::kurrent::KurrentServer;

use crate::contract::Place;

/// A ledger of its own. Each opening is another process and so has a replica of its own.
struct Ledger {
    server: KurrentServer,
    replicas: TempDir,
    openings: AtomicU32,
}

#[async_trait]
impl Place for Ledger {
    async fn open(&self, clock: Arc<dyn Clock>, limits: LogLimits) -> Arc<dyn Log> {
        let opening = self.openings.fetch_add(1, Ordering::SeqCst);
        let replica = self.replicas.path().join(format!("{opening}.db"));
        let mut options = KurrentOptions::new(self.server.connection_string(), replica);
        if limits != LogLimits::default() {
            options.limits = limits;
        }
        Arc::new(KurrentLog::open(options, clock).await.unwrap())
    }
}

async fn place() -> Box<dyn Place> {
    // Fails only when another test of this process was first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let server = KurrentServer::start().await.unwrap();
    Box::new(Ledger { server, replicas: tempfile::tempdir().unwrap(), openings: AtomicU32::new(0) })
}

contract!(place);
