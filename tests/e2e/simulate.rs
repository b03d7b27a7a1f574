//! `trunkline simulate`: scenarios from a file, the same figures under the same seed, a picture, and refusals that help.

use std::fs;

use anyhow::Result;

use crate::binary::run;

/// A small service desk for two hours, twice.
const SCENARIO: &str = r#"
name = "小组外呼"
seed = 1
runs = 2

[[world]]
name = "服务台"
[world.queue]
agents = 6
hours = 2.0
arrivals = { kind = "poisson", per_hour = [100.0] }
handling = { kind = "exponential", mean_s = 180.0 }
"#;

#[tokio::test]
async fn a_scenario_gives_a_table_a_picture_and_the_same_figures_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("team.toml"), SCENARIO)?;
    let (scenario, plot) = (folder.path().join("team.toml"), folder.path().join("team.svg"));
    let (scenario, plot) = (scenario.display().to_string(), plot.display().to_string());
    let first = run(folder.path(), &["simulate", &scenario, "--plot", &plot]).await?;
    assert_eq!(first.code, Some(0), "{}", first.err);
    assert!(
        first.out.contains("小组外呼: 2 runs from seed 1") && first.out.contains("| 服务台 |"),
        "{}",
        first.out
    );
    assert!(fs::read_to_string(&plot)?.starts_with("<svg"));
    let again = run(folder.path(), &["simulate", &scenario]).await?;
    assert_eq!(again.out, first.out);
    let other = run(folder.path(), &["simulate", &scenario, "--seed", "7", "--runs", "3", "--json"]).await?;
    let other: serde_json::Value = serde_json::from_str(&other.out)?;
    assert_eq!((&other["seed"], &other["runs"]), (&7.into(), &3.into()));
    assert_eq!(other["rows"][0]["figures"][0]["runs"].as_array().map(Vec::len), Some(3));
    Ok(())
}

#[tokio::test]
async fn an_impossible_scenario_is_refused_with_the_reason() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let scenario = folder.path().join("broken.toml");
    fs::write(&scenario, SCENARIO.replace("agents = 6", "agents = 0"))?;
    let scenario = scenario.display().to_string();
    let refused = run(folder.path(), &["simulate", &scenario]).await?;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("服务台: agents must be 1 to 10000"), "{}", refused.err);
    Ok(())
}
