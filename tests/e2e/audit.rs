//! The record of reads of the real server: logins, refusals and playbacks, across a restart.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_testkit::{Client, Serving, TrunklineProcess, wait_for};

use crate::binary::run;

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
const STRICT: [(&str, &str); 1] = [("TRUNKLINE_IDENTITY_REQUIRED", "true")];

async fn strict(folder: &Path) -> Result<Serving> {
    TrunklineProcess::serve_with(folder, &SERVE, &STRICT).await
}

async fn client_of(serving: &Serving, folder: &Path, subject: &str, role: &str) -> Result<Client> {
    let token = run(folder, &["token", "issue", "--subject", subject, "--role", role]).await?.success()?;
    Ok(serving.client.clone().with_header("authorization", &format!("Bearer {}", token.trim())))
}

async fn records(client: &Client, filter: Value) -> Result<Vec<Value>> {
    let query = "query($filter: AccessFilter) { accessRecords(filter: $filter) {
        nodes { who roles way code outcome fields address operation reason } } }";
    let data = client.run(query, json!({ "filter": filter })).await?;
    data["accessRecords"]["nodes"].as_array().cloned().context("no records")
}

#[tokio::test]
async fn who_came_in_and_who_was_refused_is_found_after_a_restart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let serving = strict(folder.path()).await?;
    let refused = serving.client.answer("{ logHead }", json!({})).await?;
    assert_eq!(refused.status, 401);
    let agent = client_of(&serving, folder.path(), "li.wei", "agent").await?;
    assert_eq!(
        agent.answer("{ accessRecords { nodes { who } } }", json!({})).await?.code(),
        Some("NOT_PERMITTED")
    );
    let id = "00000000-0000-7000-8000-000000000001";
    ensure!(agent.page(&format!("/recordings/{id}?reason=curious")).await.is_err());
    assert!(serving.process.stop().await?.success());

    let serving = strict(folder.path()).await?;
    let auditor = client_of(&serving, folder.path(), "chen.jing", "auditor").await?;
    let login = wait_for("the logins to be found", async || {
        let found = records(&auditor, json!({ "way": "LOGIN", "who": "user:li.wei" })).await?;
        Ok(found.into_iter().next())
    })
    .await?;
    assert_eq!((&login["outcome"], &login["address"]), (&json!("ALLOWED"), &json!("127.0.0.1")));
    let away = records(&auditor, json!({ "way": "LOGIN", "outcome": "REFUSED" })).await?;
    assert_eq!(away.iter().map(|one| &one["code"]).collect::<Vec<_>>(), ["missing"]);
    let refused = records(&auditor, json!({ "who": "user:li.wei", "outcome": "REFUSED" })).await?;
    let codes: Vec<_> = refused.iter().map(|one| (&one["way"], &one["code"])).collect();
    assert_eq!(
        codes,
        [(&json!("PLAYBACK"), &json!("RECORDING_UNKNOWN")), (&json!("QUERY"), &json!("NOT_PERMITTED"))]
    );
    assert_eq!(refused[0]["reason"], "curious");
    assert!(serving.process.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn the_metrics_tell_of_the_record() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let serving = TrunklineProcess::serve_with(folder.path(), &SERVE, &[]).await?;
    serving.client.run("{ logHead }", json!({})).await?;
    wait_for("the access to be counted", async || {
        let metrics = serving.client.page("/metrics").await?;
        Ok(metrics.lines().any(|line| line == "trunkline_audit_written_total 1").then_some(()))
    })
    .await?;
    assert!(serving.process.stop().await?.success());
    Ok(())
}

const RULES: &str = "[[rule]]
name = \"refused again and again\"
when.refusals = { more_than = 2, within_minutes = 1440 }
";

#[tokio::test]
async fn whoever_is_refused_again_and_again_raises_one_alert_that_auditors_hear_of() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("rules.toml"), RULES)?;
    let environment = [STRICT[0], ("TRUNKLINE_AUDIT_ALERT_RULES", "rules.toml")];
    let serving = TrunklineProcess::serve_with(folder.path(), &SERVE, &environment).await?;
    let agent = client_of(&serving, folder.path(), "li.wei", "agent").await?;
    let auditor = client_of(&serving, folder.path(), "chen.jing", "auditor").await?;
    let heard = "subscription { alertRaised(after: \"0\") { rule kind who count limit message } }";
    let mut alerts = auditor.subscribe(heard, json!({})).await?;
    let denied = "{ alerts { nodes { who } } }";
    for _ in 0..5 {
        assert_eq!(agent.answer(denied, json!({})).await?.code(), Some("NOT_PERMITTED"));
    }
    let alert = alerts.next().await?.context("no alert came")?["alertRaised"].take();
    assert_eq!((&alert["kind"], &alert["who"]), (&json!("REFUSALS"), &json!("user:li.wei")));
    assert_eq!((&alert["count"], &alert["limit"]), (&json!(3), &json!(2)));
    // It is the same alert however often it is met, and after a restart as well.
    assert!(serving.process.stop().await?.success());
    let serving = TrunklineProcess::serve_with(folder.path(), &SERVE, &environment).await?;
    let agent = client_of(&serving, folder.path(), "li.wei", "agent").await?;
    agent.answer(denied, json!({})).await?;
    let auditor = client_of(&serving, folder.path(), "chen.jing", "auditor").await?;
    wait_for("the last refusal to be recorded", async || {
        let found = records(&auditor, json!({ "who": "user:li.wei", "outcome": "REFUSED" })).await?;
        Ok((found.len() == 6).then_some(()))
    })
    .await?;
    let chinese = auditor.with_header("accept-language", "zh");
    let all = chinese.run("{ alerts { nodes { message } } }", json!({})).await?;
    let nodes = all["alerts"]["nodes"].as_array().context("no alerts")?;
    ensure!(nodes.len() == 1 && nodes[0]["message"].to_string().contains("被拒绝"), "{all}");
    assert!(serving.process.stop().await?.success());
    Ok(())
}
