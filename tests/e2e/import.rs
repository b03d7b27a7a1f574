//! Imports by the real binary, from the real files to the figures in the API.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_testkit::{Client, TrunklineProcess, wait_for_within};

use crate::binary::{command, exported, real, repository, run};

/// How long an import of a real file and its catching up may take in a debug build on a busy machine.
const LONG: Duration = Duration::from_secs(600);

const BANK: &str = "deploy/mappings/anonymous_bank.toml";

/// Serves a folder whose log is imported, and waits until every read model has all of it.
async fn caught_up(folder: &Path) -> Result<trunkline_testkit::Serving> {
    let serving = TrunklineProcess::serve(folder, &["serve", "--listen", "127.0.0.1:0"]).await?;
    let client = serving.client.clone();
    wait_for_within(LONG, "the read models to catch up", async || {
        let Ok(page) = client.page("/readyz").await else { return Ok(None) };
        let ready: Value = serde_json::from_str(&page)?;
        let behind = |one: &Value| one["lag"].as_u64() != Some(0);
        let projections = ready["projections"].as_array().context("/readyz lists the read models")?;
        Ok((!projections.is_empty() && !projections.iter().any(behind)).then_some(()))
    })
    .await?;
    Ok(serving)
}

/// The numerators and denominators of figures over a range.
async fn figures(client: &Client, from: &str, until: &str, kpis: &[&str]) -> Result<Vec<(i64, i64)>> {
    let query = "query($kpis: [Kpi!], $from: DateTime!, $until: DateTime!) {
        kpis(kpis: $kpis, from: $from, until: $until) { figures { numerator denominator } } }";
    let data = client.run(query, json!({"kpis": kpis, "from": from, "until": until})).await?;
    let figures = data["kpis"][0]["figures"].as_array().context("one row of figures")?;
    let pair = |one: &Value| Some((one["numerator"].as_i64()?, one["denominator"].as_i64()?));
    figures.iter().map(|one| pair(one).context("a figure has both parts")).collect()
}

/// Kills an import of the bank's file when some of it is in the log.
async fn interrupted(folder: &Path, data: &str) -> Result<()> {
    let mut import = command(folder, &["import", "--mapping", &repository(BANK), data])?;
    let told = folder.join("import.err");
    let mut import =
        import.stdout(std::process::Stdio::null()).stderr(std::fs::File::create(&told)?).spawn()?;
    wait_for_within(LONG, "the first rows in the log", async || {
        if let Some(ended) = import.try_wait()? {
            anyhow::bail!("the import ended by itself, {ended}: {}", std::fs::read_to_string(&told)?);
        }
        // Before the log is made there is nothing to show.
        let shown = run(folder, &["log", "show", "2000"]).await?;
        Ok((shown.code == Some(0)).then_some(()))
    })
    .await?;
    import.kill().await.context("the import was over before it could be killed")
}

/// `A imported …, B imported before, C refused` as numbers.
fn counts(out: &str) -> Result<(u64, u64, u64)> {
    let line = out.lines().find(|line| line.contains(" rows: ")).context("the import says what it did")?;
    let number = |before: &str| -> Result<u64> {
        let end = line.find(before).with_context(|| format!("{line:?} has {before:?}"))?;
        let digits = line[..end].rsplit([' ', ',']).next().unwrap_or_default();
        digits.parse().with_context(|| line.to_owned())
    };
    Ok((number(" imported with")?, number(" imported before")?, number(" refused")?))
}

#[tokio::test]
async fn the_bank_s_three_weeks_give_exactly_the_published_figures_even_after_a_kill() -> Result<()> {
    let Some(data) = real("anonymous_bank_1999_02_weeks_1_3.tsv") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let data = data.display().to_string();
    interrupted(folder.path(), &data).await?;
    let out = run(folder.path(), &["import", "--mapping", &repository(BANK), &data]).await?.success()?;
    let (imported, before, refused) = counts(&out)?;
    assert_eq!((imported + before, refused), (25_890, 0), "{out}");
    assert!(imported > 0 && before > 0, "the killed import had done a part: {out}");

    let serving = caught_up(folder.path()).await?;
    let client = &serving.client;
    let range = ("1999-01-31T22:00:00Z", "1999-03-01T00:00:00Z");
    let kpis = [
        "CALLS",
        "ANSWERED",
        "ANSWERED_UNNAMED",
        "HUNG_UP",
        "PHANTOMS",
        "SERVICE_TIME",
        "QUEUE_ENTRIES",
        "QUEUE_ENTRY_WAIT",
        "QUEUED",
        "QUEUE_WAIT",
        "QUEUE_ABANDONMENT",
    ];
    let found = figures(client, range.0, range.1, &kpis).await?;
    let expected = [
        (25_669, 1),
        (20_899, 1),
        (384, 1),
        (4_770, 1),
        (221, 1),
        (3_584_239_000, 1),
        (14_152, 1),
        (1_048_683_000, 14_152),
        (13_931, 1),
        (1_027_457_000, 13_931),
        (3_111, 13_931),
    ];
    let named: Vec<_> = kpis.iter().zip(&found).collect();
    assert_eq!(named, kpis.iter().zip(&expected).collect::<Vec<_>>());

    let query = "query($from: DateTime!, $until: DateTime!) {
        kpis(kpis: [ANSWERED], by: [AGENT], from: $from, until: $until) {
            agent { name } figures { numerator } } }";
    let data = client.run(query, json!({"from": range.0, "until": range.1})).await?;
    let rows = data["kpis"].as_array().context("rows by agent")?;
    let of = |name: &str| {
        rows.iter().find(|row| row["agent"]["name"] == name).map(|row| row["figures"][0]["numerator"].clone())
    };
    assert_eq!(rows.iter().filter(|row| !row["agent"].is_null()).count(), 24);
    for (name, calls) in [("YIFAT", 1_455), ("YITZ", 1_451), ("IDIT", 1_439), ("PINHAS", 34)] {
        assert_eq!(of(name), Some(json!(calls)), "{name}");
    }
    assert!(serving.process.stop().await?.success());
    let customers = exported(folder.path(), &["--type", "customer.registered"]).await?;
    assert_eq!(customers.len(), 3_533);
    let claims = exported(folder.path(), &["--type", "identifier.claimed"]).await?;
    assert_eq!(claims.len(), 3_533);
    Ok(())
}

#[tokio::test]
async fn the_telesales_contacts_become_customers_leads_calls_and_dispositions() -> Result<()> {
    let Some(data) = real("bank_marketing_contacts.csv") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let mapping = repository("deploy/mappings/bank_marketing.toml");
    let import = ["import", "--mapping", &mapping, &data.display().to_string()];
    let out = run(folder.path(), &import).await?.success()?;
    assert_eq!(counts(&out)?, (28_832, 0, 0));
    let serving = caught_up(folder.path()).await?;
    let kpis = ["CALLS", "DIALS", "SALES", "CONVERSION_OF_CONTACTS"];
    let found = figures(&serving.client, "2008-05-01T00:00:00Z", "2010-12-01T00:00:00Z", &kpis).await?;
    assert_eq!(found, [(28_832, 1), (28_832, 1), (3_234, 1), (3_234, 28_832)]);
    assert!(serving.process.stop().await?.success());
    for (kind, count) in
        [("lead.finished", 28_832), ("customer.features_recorded", 28_832), ("campaign.created", 1)]
    {
        assert_eq!(exported(folder.path(), &["--type", kind]).await?.len(), count, "{kind}");
    }
    let features = exported(folder.path(), &["--type", "customer.features_recorded"]).await?;
    let leaks = features.iter().any(|event| event["payload"]["features"].get("duration").is_some());
    assert!(!leaks, "`duration` is a result and never a feature");
    Ok(())
}

const MAPPING: &str = r#"
[source]
namespace = "e2e"
[value.at]
time = "{when}"
format = "%Y-%m-%d %H:%M"
[[step]]
do = "customer.register"
id = "{no}"
at = "{at}"
with = { name = "{name}" }
"#;

#[tokio::test]
async fn bad_files_are_told_and_bring_nothing_down() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("m.toml"), MAPPING)?;
    let import = async |data: &[u8]| {
        std::fs::write(path("data.csv"), data)?;
        run(folder.path(), &["import", "--mapping", "m.toml", "data.csv"]).await
    };
    let mut data = "\u{feff}no,name,when\n1,李伟,2026-01-05 10:00\n2,王芳\n".as_bytes().to_vec();
    data.extend_from_slice(
        b"3,\xd5\xc5,2026-01-05 10:00\n4,\0,2026-01-05 10:00\n5,\"open,2026-01-05 10:00\n6,",
    );
    data.extend_from_slice(&vec![b'x'; 10 << 20]);
    data.extend_from_slice(b"\n7,ok,2026-01-05 10:00\n8,cut,2026-01-0");
    let done = import(&data).await?;
    assert_eq!(done.code, Some(3), "{done:?}");
    assert_eq!(counts(&done.out)?, (2, 0, 6), "{}", done.out);
    assert!(done.out.contains("The last line has no line end: the file may be cut off."), "{}", done.out);
    let listed = std::fs::read_to_string(path("data.csv.refused.tsv"))?;
    let lines: Vec<&str> = listed.lines().skip(1).filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(lines, ["3", "4", "5", "6", "7", "9"], "{listed}");

    let missing = import(b"no,name\n1,a\n").await?;
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.contains("m.toml, line 5: `value.at.time` names \"when\""), "{}", missing.err);
    let empty = import(b"").await?;
    assert!(empty.code == Some(1) && empty.err.contains("has no header"), "{empty:?}");
    let again = import(b"no,name,when\n7,ok,2026-01-05 10:00\n").await?;
    assert_eq!(counts(&again.success()?)?, (0, 1, 0));
    let events = exported(folder.path(), &[]).await?;
    ensure!(events.len() == 2, "a refused row left something behind: {events:?}");
    Ok(())
}
