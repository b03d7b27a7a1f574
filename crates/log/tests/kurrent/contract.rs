//! The contract of every log, on this adapter.

use anyhow::Result;

use crate::support::Ledger;

#[tokio::test]
async fn which_kurrentdb_server_these_tests_run_on() -> Result<()> {
    let ledger = Ledger::start().await?;
    ledger.open("a").await?;
    Ok(())
}
