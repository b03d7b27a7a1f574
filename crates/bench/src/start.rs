//! `query`, the first part: how long the binary takes from its start to the first answered query.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use serde_json::json;
use trunkline_testkit::TrunklineProcess;

use crate::report::target;

/// Starts of the binary, of which the median counts.
const STARTS: usize = 5;

/// Starts `trunkline serve` on a data directory whose read models are at the head of its log.
pub(crate) async fn run(folder: &Path, events: u64) -> Result<()> {
    let data = folder.display().to_string();
    let mut taken = Vec::new();
    for _ in 0..STARTS {
        let began = Instant::now();
        let arguments = ["serve", "--data-dir", &data, "--listen", "127.0.0.1:0"];
        let serving = TrunklineProcess::serve(folder, &arguments).await?;
        serving.client.run("{ customers(first: 1) { edges { node { id } } } }", json!({})).await?;
        taken.push(began.elapsed().as_secs_f64());
        serving.process.stop().await?;
    }
    taken.sort_by(f64::total_cmp);
    let median = taken[taken.len() / 2];
    target(&format!("start to first answered query at {events} events"), median, " s", "< 1 s", median < 1.0);
    Ok(())
}
