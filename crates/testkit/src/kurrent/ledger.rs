//! A ledger to test on, on a real server where one is named.

use trunkline_kernel::{Ids as _, RandomIds};

use super::KurrentServer;

/// Names a real server for tests to use in place of the one in their own process: a connection string.
pub const REAL_SERVER: &str = "TRUNKLINE_TEST_KURRENTDB";

/// A ledger that no other test uses.
#[derive(Debug)]
pub struct TestLedger {
    /// What a client connects with.
    pub connection: String,
    /// The KurrentDB stream.
    pub stream: String,
    server: Option<KurrentServer>,
}

impl TestLedger {
    /// On the server that [`REAL_SERVER`] names, and otherwise in this process. It prints which.
    ///
    /// # Errors
    /// When no port can be opened.
    #[expect(clippy::print_stdout, reason = "whoever runs the tests has to see which server they ran on")]
    pub async fn start() -> anyhow::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
        let Ok(connection) = std::env::var(REAL_SERVER) else {
            println!("KurrentDB: the server of the test kit, because {REAL_SERVER} names no real one");
            return Self::in_this_process().await;
        };
        println!("KurrentDB: the real server that {REAL_SERVER} names");
        let stream = format!("trunkline-test-{}", RandomIds.uuid());
        Ok(Self { connection, stream, server: None })
    }

    /// In this process, where it can be made to misbehave.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn in_this_process() -> anyhow::Result<Self> {
        let server = KurrentServer::start().await?;
        let connection = server.connection_string();
        Ok(Self { connection, stream: "trunkline".to_owned(), server: Some(server) })
    }

    /// The server in this process.
    ///
    /// # Panics
    /// When the ledger is on a real server, which does not misbehave on demand.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn server(&self) -> &KurrentServer {
        self.server.as_ref().expect("a ledger in this process")
    }
}
