//! The notary through the binary: what is signed is proven, checked offline, and every change behind it is found.

use std::collections::BTreeMap;
use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use trunkline_database::{AssertSqlSafe, Database, SqliteOptions};
use trunkline_testkit::{Client, Postgres, Serving, TrunklineProcess, wait_for};

use crate::binary::{Done, command};
use crate::place::register;

/// A data directory or a database, with a notary that signs at once.
struct Site {
    folder: TempDir,
    environment: BTreeMap<&'static str, String>,
}

impl Site {
    fn sqlite() -> Result<Self> {
        let pairs = [("TRUNKLINE_NOTARY_INTERVAL_MS", "50"), ("TRUNKLINE_NOTARY_LEASE_MS", "600")];
        let environment = pairs.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        Ok(Self { folder: tempfile::tempdir()?, environment })
    }

    fn postgres() -> Result<Self> {
        let mut site = Self::sqlite()?;
        site.environment.insert("TRUNKLINE_LOG_STORE", "postgres".to_owned());
        site.environment.insert("TRUNKLINE_LOG_URL", Postgres::shared()?.fresh_database()?);
        Ok(site)
    }

    async fn serve(&self) -> Result<Serving> {
        let environment: Vec<(&str, &str)> =
            self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let arguments = ["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"];
        TrunklineProcess::serve_with(self.folder.path(), &arguments, &environment).await
    }

    async fn audit(&self, arguments: &[&str]) -> Result<Done> {
        let all = [&["--data-dir", "data", "audit"], arguments].concat();
        let mut command = command(self.folder.path(), &all)?;
        let Output { status, stdout, stderr } = command.envs(&self.environment).output().await?;
        Ok(Done { code: status.code(), out: String::from_utf8(stdout)?, err: String::from_utf8(stderr)? })
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        Ok(std::fs::write(self.folder.path().join(name), text)?)
    }

    async fn forge(&self, statement: &str) -> Result<()> {
        if let Some(url) = self.environment.get("TRUNKLINE_LOG_URL") {
            let name = url.rsplit('/').next().context("a URL ends with the name of its database")?;
            let sql = format!(
                "ALTER TABLE events DISABLE TRIGGER ALL; GRANT ALL ON events TO postgres; {statement}"
            );
            Postgres::shared()?.execute(name, &sql)?;
            return Ok(());
        }
        let log = Database::sqlite(&SqliteOptions::new(self.folder.path().join("data/log.db"))).await?;
        log.execute("DROP TRIGGER IF EXISTS events_no_update", vec![]).await?;
        log.execute("DROP TRIGGER IF EXISTS events_no_delete", vec![]).await?;
        log.execute(AssertSqlSafe(statement.to_owned()), vec![]).await?;
        log.close().await;
        Ok(())
    }
}

/// Waits until a head vouches for the whole log, and gives it.
async fn vouched(client: &Client) -> Result<Value> {
    let query = "{ logHead treeHead { size root signedAt key signature document } }";
    wait_for("a head for the whole log", async || {
        let mut data = client.run(query, json!({})).await?;
        let whole = data["treeHead"]["size"] == data["logHead"];
        Ok(whole.then(|| data["treeHead"].take()))
    })
    .await
}

#[tokio::test]
async fn events_are_proven_over_the_api_and_checked_offline() -> Result<()> {
    for site in [Site::sqlite()?, Site::postgres()?] {
        let serving = site.serve().await?;
        let client = &serving.client;
        let customer = register(client, "first").await?["id"].as_str().context("an id")?.to_owned();
        let early = vouched(client).await?;
        register(client, "second").await?;
        register(client, "third").await?;
        vouched(client).await?;
        let query = "query Proofs($from: Position!) {
            events(first: 1) { nodes { position proof { path head { size } document } } }
            consistencyProof(from: $from) { path from { size } to { size } document }
            treeHeads(first: 1) { nodes { size key } pageInfo { hasNextPage endCursor } }
        }";
        let data = client.run(query, json!({ "from": early["size"] })).await?;
        let inclusion = &data["events"]["nodes"][0]["proof"]["document"];
        ensure!(inclusion.to_string().len() < 2_048, "{inclusion}");
        ensure!(data["treeHeads"]["pageInfo"]["hasNextPage"] == true, "{data}");
        let health: Value = serde_json::from_str(&client.page("/readyz").await?)?;
        ensure!(health["notary"]["keeping"] == true && health["notary"]["trouble"].is_null(), "{health}");
        ensure!(client.page("/metrics").await?.contains("trunkline_notary_head_size "), "no metrics");
        site.write("inclusion.json", &inclusion.to_string())?;
        site.write("consistency.json", &data["consistencyProof"]["document"].to_string())?;
        site.write("early.json", &early["document"].to_string())?;
        serving.process.stop().await?;

        let key = site.audit(&["key"]).await?.success()?;
        ensure!(key.starts_with("-----BEGIN PUBLIC KEY-----"), "{key}");
        site.write("notary.pub", &key)?;
        let prove = ["prove", "--customer", &customer, "--with-text", "--output", "customer.json"];
        site.audit(&prove).await?.success()?;
        let since = site.audit(&["prove", "--since", "early.json"]).await?.success()?;
        site.write("since.json", &since)?;
        let one = site.audit(&["prove", "1"]).await?.success()?;
        site.write("one.json", &one)?;
        for proof in ["inclusion.json", "consistency.json", "customer.json", "since.json", "one.json"] {
            // Without the data: the key and the proof are enough.
            let arguments = ["--data-dir", "elsewhere", "audit", "check", proof, "--key", "notary.pub"];
            let output = command(site.folder.path(), &arguments)?.output().await?;
            let said = String::from_utf8(output.stdout)?;
            ensure!(output.status.success() && said.starts_with("It holds"), "{proof}: {said}");
        }
        let forged = one.replacen("\"version\":1", "\"version\":2", 1);
        ensure!(forged != one, "{one}");
        site.write("forged.json", &forged)?;
        let checked = site.audit(&["check", "forged.json", "--key", "notary.pub"]).await?;
        ensure!(checked.code == Some(4) && checked.out.contains("does NOT hold"), "{checked:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_change_behind_the_logs_back_is_found_and_named() -> Result<()> {
    for site in [Site::sqlite()?, Site::postgres()?] {
        let serving = site.serve().await?;
        for key in ["one", "two", "three", "four"] {
            register(&serving.client, key).await?;
        }
        vouched(&serving.client).await?;
        serving.process.stop().await?;
        let head = site.audit(&["heads", "--count", "1", "--json"]).await?.success()?;
        site.write("head.json", &head)?;
        let verified = site.audit(&["verify", "--against", "head.json"]).await?.success()?;
        ensure!(verified.contains("The log holds"), "{verified}");
        ensure!(verified.contains("A trusted head vouches for everything up to position"), "{verified}");

        site.forge("UPDATE events SET actor = 'user:mallory' WHERE position = 3").await?;
        let verified = site.audit(&["verify"]).await?;
        ensure!(verified.code == Some(4), "{verified:?}");
        ensure!(verified.out.contains("EDITED at position 3: "), "{verified:?}");
        site.forge("DELETE FROM events WHERE position > 5").await?;
        let verified = site.audit(&["verify", "--json"]).await?;
        let document: Value = serde_json::from_str(&verified.out)?;
        ensure!(document["holds"] == false, "{document}");
        let findings = document["findings"].as_array().context("findings")?;
        let kinds: Vec<_> = findings.iter().filter_map(|one| one["kind"].as_str()).collect();
        ensure!(kinds.contains(&"edited") && kinds.contains(&"truncated"), "{document}");
        let refused = site.audit(&["prove", "3"]).await?;
        ensure!(refused.code == Some(1) && refused.err.contains("somebody changed it"), "{refused:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_signs_leaves_a_tree_that_holds() -> Result<()> {
    let site = Site::sqlite()?;
    let mut kept = Vec::new();
    for round in 0..4 {
        let serving = site.serve().await?;
        for number in 0..5 {
            register(&serving.client, &format!("{round}-{number}")).await?;
        }
        // Killed with appends and a signature under way, once a head of this round is there.
        let query = "{ treeHead { size document } }";
        let before = kept.len() as u64 * 5;
        let head = wait_for("a head of this round", async || {
            let mut data = serving.client.run(query, json!({})).await?;
            let size = data["treeHead"]["size"].as_str().unwrap_or("0").parse::<u64>()?;
            Ok((size > before).then(|| data["treeHead"]["document"].take()))
        });
        kept.push(head.await?.to_string());
        let client = serving.client.clone();
        let busy = tokio::spawn(async move {
            for number in 0..50 {
                if register(&client, &format!("busy-{round}-{number}")).await.is_err() {
                    break;
                }
            }
        });
        serving.process.kill().await?;
        busy.await?;
    }
    let serving = site.serve().await?;
    register(&serving.client, "last").await?;
    vouched(&serving.client).await?;
    serving.process.stop().await?;
    site.write("heads.jsonl", &kept.join("\n"))?;
    let verified = site.audit(&["verify", "--against", "heads.jsonl"]).await?.success()?;
    ensure!(verified.contains("The log holds"), "{verified}");
    Ok(())
}

#[tokio::test]
async fn a_key_hands_over_and_old_friends_follow() -> Result<()> {
    let site = Site::sqlite()?;
    let serving = site.serve().await?;
    register(&serving.client, "before").await?;
    vouched(&serving.client).await?;
    serving.process.stop().await?;
    let first = site.audit(&["key"]).await?.success()?;
    site.write("first.pub", &first)?;
    let rotated = site.audit(&["key", "--rotate"]).await?.success()?;
    ensure!(rotated.contains("has handed over to"), "{rotated}");
    ensure!(site.audit(&["key"]).await?.success()? != first, "the key is the same");
    let serving = site.serve().await?;
    register(&serving.client, "after").await?;
    vouched(&serving.client).await?;
    serving.process.stop().await?;
    let proof = site.audit(&["prove", "1"]).await?.success()?;
    site.write("proof.json", &proof)?;
    let heads = site.audit(&["heads", "--all", "--json"]).await?.success()?;
    site.write("heads.jsonl", &heads)?;
    let alone = site.audit(&["check", "proof.json", "--key", "first.pub"]).await?;
    ensure!(alone.code == Some(4), "{alone:?}");
    let followed = ["check", "proof.json", "--key", "first.pub", "--heads", "heads.jsonl"];
    site.audit(&followed).await?.success()?;
    site.audit(&["verify"]).await?.success()?;
    site.audit(&["verify", "--key", "first.pub"]).await?.success()?;
    Ok(())
}
