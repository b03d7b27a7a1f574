//! Models: refused, imported, activated while a server routes, explained, replayed, lost, rolled back; and trained with the
//! real library from what was decided.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_testkit::{Client, wait_for};

use super::centre::{accept, agent, call, customer, done, routing};
use crate::place::Place;

const DECISION: &str = "query D($id: ID!) { routingDecision(id: $id) {
    model works { agent { id } candidates { agent { id } score shadowScores { model score } contributions { feature value } reasons } }
} }";

/// One tree: agents with half a level or more in the product score that much higher or lower.
pub(crate) fn tree(product: &str, leaf: f64) -> Value {
    tree_of(&format!("agent.product={product}"), 0.5, leaf)
}

/// The same for so much or more of any feature.
pub(super) fn tree_of(feature: &str, from: f64, leaf: f64) -> Value {
    let tree = json!({
        "tree_param": { "size_leaf_vector": "1" }, "left_children": [1, -1, -1], "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0], "split_conditions": [from, -leaf, leaf], "default_left": [1, 0, 0],
        "split_type": [0, 0, 0], "sum_hessian": [4.0, 2.0, 2.0],
    });
    json!({ "learner": {
        "attributes": { "trunkline_agent_version": "2" },
        "feature_names": [feature],
        "gradient_booster": { "name": "gbtree", "model": { "trees": [tree] } },
        "learner_model_param": { "base_score": "5E-1", "num_class": "0", "num_feature": "1" },
        "objective": { "name": "binary:logistic" },
    } })
}

/// Imports a model. Gives its hash.
pub(crate) async fn import(place: &Place, model: &Value) -> Result<String> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), model.to_string())?;
    let said = place.run(&["model", "import", &file.path().display().to_string()]).await?.success()?;
    let hash = said.lines().next().and_then(|line| line.strip_prefix("model "));
    Ok(hash.with_context(|| format!("a hash: {said}"))?.to_owned())
}

/// What `/readyz` says of models, once it is that.
pub(crate) async fn standing(client: &Client, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
    wait_for(what, async || {
        let health: Value = serde_json::from_str(&client.page("/readyz").await?)?;
        Ok(holds(&health["model"]).then(|| health["model"].clone()))
    })
    .await
}

/// Has an agent found for a new customer's call. Gives the call and who was decided on, by which decision.
pub(super) async fn decided(client: &Client) -> Result<(String, String, Value)> {
    let caller = customer(client).await?;
    decided_for(client, &caller).await
}

/// The same for a call of this customer.
pub(super) async fn decided_for(client: &Client, caller: &str) -> Result<(String, String, Value)> {
    decided_about(client, caller, "云客服").await
}

/// The same for a call about this product.
async fn decided_about(client: &Client, caller: &str, product: &str) -> Result<(String, String, Value)> {
    let call = call(client, product, Some(caller)).await?;
    let route = "mutation R($input: RouteWorkInput!) { routeWork(input: $input) { userErrors { code } } }";
    client.run(route, json!({ "input": { "work": { "callId": call } } })).await?;
    let routed = wait_for("an offer", async || {
        let routed = routing(client, &call).await?;
        Ok(routed["offers"][0]["id"].is_string().then_some(routed))
    })
    .await?;
    let id = routed["decision"]["id"].as_str().context("a decision")?.to_owned();
    let decision = client.run(DECISION, json!({ "id": id })).await?["routingDecision"].take();
    Ok((call, id, decision))
}

/// The call is taken, spoken and classified, and the agent is free again.
pub(super) async fn spoken(client: &Client, call: &str, sale: impl Fn(&str) -> bool) -> Result<()> {
    let offer = routing(client, call).await?["offers"][0].clone();
    ensure!(accept(client, &offer).await?["userErrors"] == json!([]), "accepted");
    let agent = offer["agent"]["id"].as_str().context("an agent")?.to_owned();
    done(client, "bridgeCall", json!({ "id": call, "agentId": agent })).await?;
    done(client, "endCall", json!({ "id": call, "cause": "COMPLETED" })).await?;
    let said = json!({ "id": call, "disposition": "done", "rightParty": true, "sale": sale(&agent) });
    done(client, "dispositionCall", said).await.map(drop)
}

#[tokio::test]
async fn a_model_scores_seconds_after_its_activation_and_the_one_before_when_it_cannot() -> Result<()> {
    let models = tempfile::tempdir()?;
    let place = Place::sqlite()?
        .with("TRUNKLINE_ROUTING_MODELS_FOLDER", models.path().display().to_string())
        .with("TRUNKLINE_ROUTING_MODELS_RETRY_SECONDS", "1");
    let serving = place.serve().await?;
    let client = &serving.client;
    let other = agent(client, "王芳", "企业版").await?;
    agent(client, "张敏", "云客服").await?;

    let unfit = tree("没有这个产品", 1.0);
    let refused = import(&place, &unfit).await.err().context("refused")?.to_string();
    ensure!(refused.contains("agent.product=没有这个产品"), "{refused}");
    // The wrong way round on purpose, so that it is seen who decides.
    let first = import(&place, &tree("云客服", -2.0)).await?;
    let second = import(&place, &tree("企业版", 3.0)).await?;
    place.run(&["model", "activate", &first[..8], "--reason", "first"]).await?.success()?;
    standing(client, "the first model", |model| model["scoring"] == first).await?;

    let (call, id, decision) = decided(client).await?;
    ensure!(decision["model"] == first && decision["works"][0]["agent"]["id"] == other, "{decision}");
    let best = &decision["works"][0]["candidates"][0];
    ensure!(best["contributions"][0]["feature"] == "agent.product=云客服", "{decision}");
    ensure!(best["reasons"][0].is_string() && best["score"].as_f64() > Some(0.8), "{decision}");
    spoken(client, &call, |_| true).await?;

    place.run(&["model", "activate", &second, "--reason", "second"]).await?.success()?;
    standing(client, "the second model", |model| model["scoring"] == second).await?;
    let said = place.run(&["routing", "replay", &id]).await?.success()?;
    ensure!(said.contains("the same, byte for byte"), "of the model before: {said}");
    serving.process.stop().await?;

    // Damaged behind the server's back: the one before scores, and it says so; mended, it scores again.
    let file = models.path().join(format!("{second}.model"));
    let whole = std::fs::read(&file)?;
    std::fs::write(&file, &whole[..whole.len() / 2])?;
    let serving = place.serve().await?;
    let client = &serving.client;
    let fallen = standing(client, "the model before", |model| model["scoring"] == first).await?;
    ensure!(fallen["active"] == second, "{fallen}");
    ensure!(
        fallen["trouble"].as_str().is_some_and(|said| said.contains("import the file again")),
        "{fallen}"
    );
    ensure!(client.page("/metrics").await?.contains("trunkline_model_fallback 1"), "the metrics say so");
    std::fs::write(&file, &whole)?;
    let mended = standing(client, "the mended model", |model| model["scoring"] == second).await?;
    ensure!(mended["trouble"].is_null(), "{mended}");

    let share = ["model", "activate", &first, "--blend", "cosine=0.25", "--reason", "steadier"];
    let said = place.run(&share).await?.success()?;
    ensure!(said.contains("blended with 0.25 of cosine similarity"), "{said}");
    standing(client, "a blend", |model| model["scoring"] == first && model["cosine"] == 0.25).await?;
    let (blended, id, decision) = decided(client).await?;
    ensure!(
        decision["model"] != first && decision["model"].is_string(),
        "a blend has its own hash: {decision}"
    );
    let parts = decision["works"][0]["candidates"].to_string();
    ensure!(parts.contains("\"agent.product=云客服\"") && parts.contains("\"product=云客服\""), "{decision}");
    done(client, "endCall", json!({ "id": blended, "cause": "ABANDONED" })).await?;
    place.run(&["model", "rollback", "--reason", "no better"]).await?.success()?;
    standing(client, "the second alone", |model| model["scoring"] == second && model["cosine"].is_null())
        .await?;
    let said = place.run(&["routing", "replay", &id]).await?.success()?;
    ensure!(said.contains("the same, byte for byte"), "of a blend that does not score any more: {said}");

    place.run(&["model", "rollback", "--reason", "worse"]).await?.success()?;
    standing(client, "the first model again", |model| model["scoring"] == first).await?;
    place.run(&["model", "rollback", "--reason", "worse still"]).await?.success()?;
    standing(client, "no model", |model| model["scoring"].is_null()).await?;
    let nothing = place.run(&["model", "rollback", "--reason", "once more"]).await?;
    ensure!(nothing.success().err().context("refused")?.to_string().contains("MODEL_NONE_ACTIVE"), "told");
    let shown = place.run(&["model", "show", &second]).await?.success()?;
    ensure!(shown.contains("activated: second") && shown.contains("rolled back: worse"), "{shown}");
    let listed = place.run(&["model", "list"]).await?.success()?;
    ensure!(listed.matches("WITHDRAWN").count() == 2, "{listed}");
    Ok(())
}

/// Trains with the real library when `TRUNKLINE_TEST_XGBOOST` names a Python that has it, and writes a model by hand
/// otherwise. Gives its hash.
#[expect(clippy::disallowed_methods, reason = "the developer says with it where xgboost is")]
async fn trained(place: &Place, csv: &str, file: &str) -> Result<String> {
    match std::env::var("TRUNKLINE_TEST_XGBOOST") {
        Ok(python) => {
            let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy/models/match.py");
            let trained = tokio::process::Command::new(python).arg(script).args([csv, file, "20"]).output();
            let trained = trained.await?;
            ensure!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
            let said = place.run(&["model", "import", file]).await?.success()?;
            said.lines()
                .next()
                .and_then(|line| line.strip_prefix("model "))
                .context("a hash")
                .map(str::to_owned)
        }
        Err(_) => import(place, &tree("企业版", 2.0)).await,
    }
}

#[tokio::test]
async fn decisions_train_a_model_that_is_judged_by_them_and_then_decides() -> Result<()> {
    let place = Place::sqlite()?.with("TRUNKLINE_ROUTING_EXPLORATION", "1.0");
    let serving = place.serve().await?;
    let client = &serving.client;
    let seller = agent(client, "王芳", "企业版").await?;
    agent(client, "张敏", "云客服").await?;
    for _ in 0..CALLS {
        let (call, ..) = decided(client).await?;
        spoken(client, &call, |agent| agent == seller).await?;
    }
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (csv, file) = (path("training.csv"), path("match.ubj"));
    let said = place.run(&["routing", "export-training", "--output", &csv]).await?.success()?;
    ensure!(said.contains(&format!("{CALLS} decisions written, 0 left out")), "{said}");
    let lines = std::fs::read_to_string(&csv)?;
    let head = lines.lines().next().context("a header")?;
    ensure!(head.contains("propensity,score,sale") && head.contains(",agent.product=企业版,"), "{head}");

    let hash = trained(&place, &csv, &file).await?;
    let worse = import(&place, &tree("企业版", -2.0)).await?;
    let judged = place.run(&["model", "evaluate", &hash]).await?.success()?;
    ensure!(judged.contains(&format!("decisions with an outcome{CALLS:>37}")), "{judged}");
    let figure = |row: &str, from: &str| -> Option<f64> {
        from.lines()
            .find(|line| line.contains(row))?
            .split(row)
            .nth(1)?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    };
    // Every draw is even: had the seller always been chosen, every call would have been a sale.
    let sold = figure("self-normalised", &judged).context("an estimate")?;
    ensure!(sold > 0.99 && figure("AUC", &judged) == Some(1.0), "{judged}");
    let compared = place.run(&["model", "compare", &hash, &worse]).await?.success()?;
    ensure!(compared.contains(&format!("{} is better", &hash[..12])), "{compared}");

    place.run(&["model", "activate", &hash, "--reason", "trained"]).await?.success()?;
    standing(client, "the trained model", |model| model["scoring"] == hash).await?;
    let (_, id, decision) = decided(client).await?;
    ensure!(decision["model"] == hash, "{decision}");
    let candidates = decision["works"][0]["candidates"].as_array().context("candidates")?;
    let score = |id: &str| {
        let found = candidates.iter().find(|candidate| candidate["agent"]["id"] == id);
        found.and_then(|candidate| candidate["score"].as_f64()).context("a score")
    };
    let others = candidates.iter().filter_map(|candidate| candidate["agent"]["id"].as_str());
    for other in others.filter(|other| *other != seller) {
        ensure!(score(&seller)? > score(other)?, "who sells scores higher: {decision}");
    }
    let said = place.run(&["routing", "replay", &id]).await?.success()?;
    ensure!(said.contains("the same, byte for byte"), "{said}");
    Ok(())
}

const MODEL: &str = "{ model { hash name format state active cosine importedBy objective trees shadows
    history { event by reason model } evaluations { decisions auc { value } }
    drift { decisions comparedWith drifted readings { figure value limit beyond } columns { column stability } } } }";

/// Some calls about a product, each with an agent to the end.
async fn calls_about(client: &Client, product: &str) -> Result<()> {
    for _ in 0..DRIFT_CALLS {
        let caller = customer(client).await?;
        let (call, ..) = decided_about(client, &caller, product).await?;
        spoken(client, &call, |_| true).await?;
    }
    Ok(())
}

/// What the model that decides is like, once that holds.
async fn model_once(client: &Client, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
    wait_for(what, async || {
        let model = client.run(MODEL, json!({})).await?["model"].take();
        Ok(holds(&model).then_some(model))
    })
    .await
}

#[tokio::test]
async fn a_model_that_meets_another_world_is_told_once_and_so_is_that_it_is_well_again() -> Result<()> {
    let few = DRIFT_CALLS.to_string();
    let place = Place::sqlite()?
        .with("TRUNKLINE_MODELS_DRIFT_EVERY_SECONDS", "1")
        .with("TRUNKLINE_MODELS_DRIFT_FIRST", &few)
        .with("TRUNKLINE_MODELS_DRIFT_NEWEST", &few)
        .with("TRUNKLINE_MODELS_DRIFT_LEAST", &few)
        .with("TRUNKLINE_MODELS_DRIFT_CALIBRATION_MAX", "1.0");
    let serving = place.serve().await?;
    let client = &serving.client;
    agent(client, "王芳", "企业版").await?;
    let hash = import(&place, &tree_of("customer.product=企业版", 0.5, 1.0)).await?;
    let never = place.run(&["model", "status"]).await?.success()?;
    ensure!(never.contains("no model scores"), "{never}");
    place.run(&["model", "activate", &hash, "--reason", "first"]).await?.success()?;
    standing(client, "the model", |model| model["scoring"] == hash).await?;
    let unmeasured = place.run(&["model", "status"]).await?.success()?;
    ensure!(unmeasured.contains("not measured yet"), "{unmeasured}");

    calls_about(client, "云客服").await?;
    calls_about(client, "云客服").await?;
    let steady = model_once(client, "figures", |model| model["drift"].is_object()).await?;
    ensure!(
        steady["drift"]["drifted"] == false && steady["drift"]["comparedWith"] == DRIFT_CALLS,
        "{steady}"
    );
    ensure!(steady["name"].is_string() && steady["format"] == "XGBOOST_JSON", "{steady}");
    ensure!(steady["history"][1]["event"] == "model.activated", "{steady}");
    ensure!(steady["history"][1]["reason"] == "first", "{steady}");

    calls_about(client, "企业版").await?;
    let drifted = model_once(client, "drift", |model| model["drift"]["drifted"] == true).await?;
    ensure!(drifted["drift"]["columns"][0]["column"] == "customer.product=企业版", "{drifted}");
    let told = place.run(&["model", "status"]).await?.success()?;
    ensure!(told.contains("DRIFTED") && told.contains("customer.product=企业版"), "{told}");

    calls_about(client, "云客服").await?;
    // Part of the newest may be of either world on the way.
    let well = |model: &Value| {
        let drift = &model["drift"];
        drift["drifted"] == false && drift["columns"][0]["stability"] == 0.0
    };
    model_once(client, "the world as it was", well).await?;
    let alerts = "{ alerts(first: 50) { nodes { rule kind who message } } }";
    let alerts = client.run(alerts, json!({})).await?["alerts"]["nodes"].take();
    let alerts = alerts.as_array().context("alerts")?;
    for rule in ["model.scores", "model.columns"] {
        for kind in ["DRIFT", "DRIFT_OVER"] {
            let of = |alert: &&Value| alert["rule"] == rule && alert["kind"] == kind;
            let found: Vec<&Value> = alerts.iter().filter(of).collect();
            ensure!(found.len() == 1, "{kind} of {rule} is told once: {alerts:?}");
            ensure!(found[0]["who"] == format!("model:{hash}"), "{alerts:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn models_that_decide_nothing_score_beside_and_are_compared_by_what_they_said() -> Result<()> {
    let place = Place::sqlite()?.with("TRUNKLINE_ROUTING_EXPLORATION", "1.0");
    let serving = place.serve().await?;
    let client = &serving.client;
    let seller = agent(client, "王芳", "企业版").await?;
    agent(client, "张敏", "云客服").await?;
    let active = import(&place, &tree("云客服", 2.0)).await?;
    let shadow = import(&place, &tree("企业版", 2.0)).await?;
    place
        .run(&["model", "activate", &active, "--blend", "cosine=0.2", "--reason", "first"])
        .await?
        .success()?;
    let refused = place.run(&["model", "shadow", &active, "--reason", "as well"]).await?.success();
    let refused = refused.err().context("what decides scores beside nothing")?.to_string();
    ensure!(refused.contains("MODEL_ALREADY_ACTIVE"), "{refused}");
    place.run(&["model", "shadow", &shadow, "--reason", "promising"]).await?.success()?;
    standing(client, "both", |model| model["scoring"] == active && model["shadows"][0] == shadow).await?;
    let mut last = String::new();
    for _ in 0..SHADOW_CALLS {
        let (call, id, _) = decided(client).await?;
        spoken(client, &call, |agent| agent == seller).await?;
        last = id;
    }
    let decision = wait_for("what the shadow said", async || {
        let decision = client.run(DECISION, json!({ "id": last })).await?["routingDecision"].take();
        let said = decision["works"][0]["candidates"][0]["shadowScores"][0]["model"] == shadow;
        Ok(said.then_some(decision))
    })
    .await?;
    for candidate in decision["works"][0]["candidates"].as_array().context("candidates")? {
        let said = candidate["shadowScores"][0]["score"].as_f64().context("a score")?;
        ensure!((said > 0.5) == (candidate["agent"]["id"] == seller), "the shadow's own scores: {decision}");
    }
    let replayed = place.run(&["routing", "replay", &last]).await?.success()?;
    ensure!(replayed.contains("scored it just so") && replayed.contains("byte for byte"), "{replayed}");
    let metrics = client.page("/metrics").await?;
    ensure!(metrics.contains("trunkline_model_shadow_dropped_total 0"), "{metrics}");

    let compared = place.run(&["model", "compare", &shadow, "--recorded"]).await?.success()?;
    let both = format!("noted when they were made: {SHADOW_CALLS} and {SHADOW_CALLS} decisions");
    ensure!(compared.contains(&both), "{compared}");
    ensure!(compared.contains("+cosine=0.2"), "what decides is judged as it is blended: {compared}");
    ensure!(compared.contains(&format!("{} is better", &shadow[..12])), "{compared}");
    let blended = place.run(&["model", "evaluate", &active, "--blend", "cosine=0.2"]).await?.success()?;
    ensure!(blended.contains("blended with 0.2"), "{blended}");
    let model = model_once(client, "the evaluation", |model| model["evaluations"][0].is_object()).await?;
    ensure!(model["evaluations"][0]["decisions"] == SHADOW_CALLS && model["cosine"] == 0.2, "{model}");

    place.run(&["model", "unshadow", &shadow, "--reason", "seen enough"]).await?.success()?;
    standing(client, "no shadow", |model| model["shadows"] == json!([])).await?;
    let shown = place.run(&["model", "show", &shadow]).await?.success()?;
    ensure!(shown.contains("scores beside: promising"), "{shown}");
    ensure!(shown.contains("scores beside no more: seen enough"), "{shown}");
    Ok(())
}

/// How many calls make a world.
const DRIFT_CALLS: usize = 10;
/// How many calls are decided on while a model scores beside.
const SHADOW_CALLS: usize = 16;
/// How many calls are decided on for the training.
const CALLS: usize = 24;
