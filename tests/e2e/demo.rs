//! The demo: a call centre that lives through the public API, stops cleanly and goes on with its data.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use trunkline_testkit::{Client, Serving, TrunklineProcess, wait_for};

/// The agents' ids and names in their order, and how many calls have been classified.
async fn centre(client: &Client) -> Result<(Vec<Value>, usize)> {
    let agents = client.run("{ agents(first: 100) { nodes { id name team } } }", json!({})).await?;
    let agents = agents["agents"]["nodes"].as_array().context("a page of agents")?.clone();
    let query = "{ events(first: 100, filter: {types: [\"call.dispositioned\"]}) { nodes { position } } }";
    let calls = client.run(query, json!({})).await?;
    Ok((agents, calls["events"]["nodes"].as_array().map_or(0, Vec::len)))
}

/// Waits until some more than `before` calls have been through everything.
async fn lives(client: &Client, before: usize) -> Result<(Vec<Value>, usize)> {
    wait_for("calls that are over and classified", async || {
        let (agents, calls) = centre(client).await?;
        Ok((calls >= before + 5 || calls == 100).then_some((agents, calls)))
    })
    .await
}

/// Waits until the server's dialer has connected people with agents in both modes that it dials in, and shows how its
/// campaigns are going; every one of its calls was judged.
async fn is_dialed(client: &Client) -> Result<()> {
    let query = "{ events(last: 100, filter: {types: [\"call.bridged\"]}) { nodes { actor } }
        campaigns(first: 5) { nodes { mode pacing { answered abandonmentUpper formula { rule of days shareMax } } } }
        calls(first: 50, filter: {states: [DISPOSITIONED]}) { nodes {
            cause judgement { permitted agentGuaranteed } campaign { mode } } } }";
    wait_for("people whom the dialer connected", async || {
        let data = client.run(query, json!({})).await?;
        let nodes = |of: &str| data[of]["nodes"].as_array().cloned().unwrap_or_default();
        let bridged = nodes("events").iter().filter(|event| event["actor"] == "system:dialer").count();
        let paced =
            nodes("campaigns").iter().filter(|row| row["pacing"]["answered"].as_u64() > Some(0)).count();
        for campaign in nodes("campaigns").iter().filter(|row| !row["pacing"].is_null()) {
            let ours =
                json!({ "rule": "abandonment", "of": "ABANDONED_AND_PASSED", "days": 1, "shareMax": 0.03 });
            assert_eq!(campaign["pacing"]["formula"], ours, "China publishes none");
        }
        let dialed = nodes("calls").into_iter().filter(|call| call["campaign"]["mode"] == "PROGRESSIVE");
        for call in dialed {
            assert_eq!(call["judgement"], json!({ "permitted": true, "agentGuaranteed": true }), "{call}");
        }
        Ok((bridged >= 3 && paced == 2).then_some(()))
    })
    .await
}

#[tokio::test]
async fn the_demo_s_call_centre_works_stops_and_goes_on_with_its_data() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let arguments = ["demo", "--listen", "127.0.0.1:0", "--calls-per-second", "20"];
    let Serving { process, client } = TrunklineProcess::serve(folder.path(), &arguments).await?;
    let (agents, calls) = lives(&client, 0).await?;
    assert_eq!(agents.len(), 24);
    is_dialed(&client).await?;
    assert!(process.stop().await?.success(), "Ctrl-C ends it cleanly");

    let Serving { process, client } = TrunklineProcess::serve(folder.path(), &arguments).await?;
    let (again, _) = lives(&client, calls).await?;
    assert_eq!(again, agents, "the same people are at work again");
    assert!(process.stop().await?.success());
    Ok(())
}
