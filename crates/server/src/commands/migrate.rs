//! `trunkline migrate`: brings tables up to date.

use std::process::ExitCode;

use trunkline_projections::runtime::Runtime;

use crate::config::Settings;
use crate::store;

pub(crate) async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let opened = store::open_log(settings).await?;
    let head = opened.log.head().await?;
    crate::say(&format!("The log is ready; its last position is {head}."));
    store::open_vault(settings).await?.close().await;
    crate::say("The key store is ready.");
    let database = store::open_read_models(settings).await?;
    let runtime = Runtime::prepare(
        database.clone(),
        opened.log.clone(),
        store::clock(),
        &*store::ids(),
        settings.projections.clone(),
    )
    .await?;
    let generations = runtime.status().await?.len();
    crate::say(&format!("The read models are ready; they have {generations} generations."));
    runtime.stop().await;
    opened.log.close().await;
    database.close().await;
    Ok(ExitCode::SUCCESS)
}
