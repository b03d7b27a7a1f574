//! `trunkline migrate`: brings tables up to date.

use std::process::ExitCode;

use crate::config::Settings;
use crate::store;

pub(crate) async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let opened = store::open_log(settings).await?;
    let head = opened.log.head().await?;
    crate::say(&format!("The log is ready; its last position is {head}."));
    opened.log.close().await;
    Ok(ExitCode::SUCCESS)
}
