//! Who is let in: tokens of our own, over every way in, and what somebody is told who is not.

use std::path::Path;

use anyhow::{Context as _, Result};
use reqwest::StatusCode;
use reqwest::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Value, json};
use trunkline_testkit::{Client, Postgres, Serving, TrunklineProcess, wait_for};

use crate::binary::{exported, run};

/// A server that needs a token on loopback as well. Clocks are the same, so that no skew is allowed for.
const STRICT: [(&str, &str); 2] =
    [("TRUNKLINE_IDENTITY_REQUIRED", "true"), ("TRUNKLINE_IDENTITY_CLOCK_SKEW_SECONDS", "0")];
const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
const WHO: &str = "mutation { registerCustomer(input: {kind: COMPANY}) { id userErrors { code } } }";
const EVENTS: &str =
    "subscription { events(filter: { category: \"token\" }, after: \"0\") { position type } }";

async fn strict(folder: &Path) -> Result<Serving> {
    TrunklineProcess::serve_with(folder, &SERVE, &STRICT).await
}

/// `trunkline token issue …`.
async fn issue(folder: &Path, arguments: &[&str]) -> Result<String> {
    let out = run(folder, &[&["token", "issue"], arguments].concat()).await?.success()?;
    Ok(out.trim().to_owned())
}

fn with(client: &Client, token: &str) -> Client {
    client.clone().with_header("authorization", &format!("Bearer {token}"))
}

/// The id of the token that names this subject.
async fn listed(folder: &Path, subject: &str) -> Result<String> {
    let list = run(folder, &["token", "list"]).await?.success()?;
    let line = list.lines().find(|line| line.contains(subject)).with_context(|| list.clone())?;
    Ok(line.split_whitespace().next().unwrap_or_default().to_owned())
}

async fn post(base: &str, authorization: Option<&str>) -> Result<(StatusCode, Option<String>, Value)> {
    let request =
        reqwest::Client::new().post(format!("{base}/graphql")).json(&json!({"query": "{ __typename }"}));
    let request =
        authorization.iter().fold(request, |request, value| request.header("authorization", *value));
    let response = request.send().await?;
    let challenge = response.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str()).transpose()?;
    let challenge = challenge.map(str::to_owned);
    assert_eq!(response.headers().get(RETRY_AFTER), None);
    Ok((response.status(), challenge, response.json().await?))
}

#[tokio::test]
async fn a_token_names_who_does_something_and_without_one_nothing_is_done() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let serving = strict(folder.path()).await?;
    let client = &serving.client;
    let refused = client.answer(WHO, json!({})).await?;
    assert_eq!((refused.status, refused.code()), (401, Some("UNAUTHENTICATED")));
    // The key is made by the command while the server runs.
    let token =
        issue(folder.path(), &["--subject", "li.wei", "--role", "manager", "--team", "north"]).await?;
    // Whoever has a token cannot be somebody else by a header.
    let li_wei = with(client, &token).with_header("x-trunkline-actor", "user:somebody.else");
    li_wei.run(WHO, json!({})).await?;
    let events = exported(folder.path(), &["--type", "customer.registered"]).await?;
    let actors: Vec<_> = events.iter().map(|event| event["actor"].clone()).collect();
    assert_eq!(actors, ["user:li.wei"]);
    assert_eq!(client.page("/healthz").await?, "alive\n");
    assert!(client.page("/metrics").await.is_err());
    assert!(serving.process.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn what_somebody_is_told_is_what_rfc_6750_names() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let serving = strict(folder.path()).await?;
    let base = serving.client.base();
    let token = issue(folder.path(), &["--subject", "li.wei", "--role", "agent"]).await?;
    let other = tempfile::tempdir()?;
    let foreign = issue(other.path(), &["--subject", "li.wei", "--role", "administrator"]).await?;
    let invalid = "Bearer realm=\"trunkline\", error=\"invalid_token\"";
    let request = "Bearer realm=\"trunkline\", error=\"invalid_request\"";
    let tampered = format!("{}x", &token[..token.len() - 1]);
    let cases = [
        (None, 401, "Bearer realm=\"trunkline\""),
        (Some("Basic bGk6d2Vp".to_owned()), 401, "Bearer realm=\"trunkline\""),
        (Some("Bearer not a token".to_owned()), 400, request),
        (Some("Bearer opaque".to_owned()), 401, invalid),
        (Some(format!("Bearer {tampered}")), 401, invalid),
        (Some(format!("Bearer {foreign}")), 401, invalid),
    ];
    let mut told = Vec::new();
    for (authorization, status, challenge) in cases {
        let (answered, challenged, body) = post(base, authorization.as_deref()).await?;
        assert_eq!(
            (answered.as_u16(), challenged.as_deref()),
            (status, Some(challenge)),
            "{authorization:?}"
        );
        if challenge == invalid {
            told.push(body);
        }
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "nobody learns what was wrong: {told:?}");
    let (status, ..) = post(base, Some(&format!("Bearer {token}"))).await?;
    assert_eq!(status, 200);
    let in_address =
        reqwest::get(format!("{base}/graphql?query=%7B__typename%7D&access_token={token}")).await?;
    assert_eq!(in_address.status(), 400);
    // An agent may not read the metrics.
    let metrics = reqwest::Client::new().get(format!("{base}/metrics")).bearer_auth(&token).send().await?;
    assert_eq!(metrics.status(), 403);
    assert_eq!(
        metrics.headers()[WWW_AUTHENTICATE],
        "Bearer realm=\"trunkline\", error=\"insufficient_scope\""
    );
    let service = issue(folder.path(), &["--subject", "service:prometheus", "--role", "service"]).await?;
    let metrics = reqwest::Client::new().get(format!("{base}/metrics")).bearer_auth(&service).send().await?;
    assert_eq!(metrics.status(), 200);
    let said = serving.process.said();
    for secret in [token, tampered, foreign, service] {
        let end = &secret[secret.len() - 20..];
        assert!(!said.contains(end), "a token is in the log: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_revoked_token_is_refused_everywhere_and_its_connections_end() -> Result<()> {
    let url = Postgres::shared()?.fresh_database()?;
    let folder = tempfile::tempdir()?;
    let store = [("TRUNKLINE_LOG_STORE", "postgres"), ("TRUNKLINE_LOG_URL", url.as_str())];
    let settings = [&STRICT[..], &store[..]].concat();
    let config = format!("[log]\nstore = \"postgres\"\nurl = \"{url}\"\n");
    std::fs::write(folder.path().join("c.toml"), config)?;
    let one = TrunklineProcess::serve_with(folder.path(), &SERVE, &settings).await?;
    let two = TrunklineProcess::serve_with(folder.path(), &SERVE, &settings).await?;
    let command = ["--config", "c.toml", "token"];
    let issuing = [&command[..], &["issue", "--subject", "li.wei", "--role", "auditor"]].concat();
    let token = run(folder.path(), &issuing).await?.success()?.trim().to_owned();
    let mut watching = with(&one.client, &token).subscribe(EVENTS, json!({})).await?;
    assert_eq!(watching.next().await?.context("an event")?["events"]["type"], "token.issued");
    let list = run(folder.path(), &[&command[..], &["list"]].concat()).await?.success()?;
    let id = list.split_whitespace().next().unwrap_or_default();
    run(folder.path(), &[&command[..], &["revoke", id, "--reason", "laptop lost"]].concat())
        .await?
        .success()?;
    let ended = loop {
        match watching.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the subscription ended without a reason"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(ended.contains("closed the connection with 4401"), "{ended}");
    for server in [&one, &two] {
        let client = with(&server.client, &token);
        wait_for("the refusal of the revoked token", async || {
            Ok((client.answer("{ __typename }", json!({})).await?.status == 401).then_some(()))
        })
        .await?;
    }
    // And it stays refused by a server that was not there then.
    drop(two);
    let three = TrunklineProcess::serve_with(folder.path(), &SERVE, &settings).await?;
    assert_eq!(with(&three.client, &token).answer("{ __typename }", json!({})).await?.status, 401);
    let again = run(folder.path(), &[&command[..], &["revoke", id]].concat()).await?;
    assert!(again.err.contains("TOKEN_ALREADY_REVOKED"), "{}", again.err);
    let list = run(folder.path(), &[&command[..], &["list"]].concat()).await?.success()?;
    assert!(list.contains("No token is valid now"), "{list}");
    Ok(())
}

#[tokio::test]
async fn a_socket_may_bring_its_token_in_its_first_message() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let serving = strict(folder.path()).await?;
    let token = issue(folder.path(), &["--subject", "li.wei", "--role", "auditor", "--ttl", "1h"]).await?;
    let payload = |text: String| json!({ "Authorization": text });
    let start = |payload| serving.client.subscribe_as(payload, EVENTS, json!({}));
    let mut watching = start(payload(format!("Bearer {token}"))).await?;
    assert_eq!(watching.next().await?.context("an event")?["events"]["type"], "token.issued");
    watching.close().await?;
    for wrong in [Value::Null, json!({}), payload("Bearer nonsense".to_owned()), json!({"Authorization": 1})]
    {
        let error = start(wrong.clone()).await.err().context("a socket without a token was let in")?;
        assert!(error.to_string().contains("4401"), "{wrong}: {error}");
    }
    Ok(())
}

#[tokio::test]
async fn subscriptions_end_when_their_token_does() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let serving = strict(folder.path()).await?;
    let token = issue(folder.path(), &["--subject", "li.wei", "--role", "auditor", "--ttl", "4s"]).await?;
    let mut watching = with(&serving.client, &token).subscribe(EVENTS, json!({})).await?;
    let stream = reqwest::Client::new()
        .post(format!("{}/graphql", serving.client.base()))
        .bearer_auth(&token)
        .header("accept", "text/event-stream")
        .json(&json!({ "query": EVENTS }))
        .send()
        .await?;
    assert_eq!(stream.status(), 200);
    assert!(watching.next().await?.is_some());
    let error = watching.next().await.unwrap_err().to_string();
    assert!(error.contains("closed the connection with 4403: The token has ended"), "{error}");
    let streamed = stream.text().await?;
    let last: Vec<&str> = streamed.trim_end().lines().rev().filter(|line| !line.is_empty()).take(4).collect();
    assert!(last[0..2] == ["data:", "event: complete"], "{streamed}");
    assert!(last[2].contains("\"code\":\"UNAUTHENTICATED\""), "{streamed}");
    assert_eq!(with(&serving.client, &token).answer("{ __typename }", json!({})).await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn the_commands_for_tokens_refuse_what_they_do_not_do() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let refused = async |arguments: &[&str], expected: &str| -> Result<()> {
        let done = run(folder.path(), &[&["token"], arguments].concat()).await?;
        assert_ne!(done.code, Some(0));
        assert!(done.err.contains(expected), "{arguments:?}: {}", done.err);
        Ok(())
    };
    refused(&["issue", "--subject", "a", "--role", "agent", "--ttl", "2d"], "identity.ttl_max_seconds")
        .await?;
    refused(&["issue", "--subject", "a", "--role", "agent", "--ttl", "soon"], "45s, 30m, 8h or 2d").await?;
    refused(&["issue", "--subject", "a", "--role", "king"], "not a role").await?;
    refused(&["issue", "--subject", "system:a", "--role", "agent"], "names Trunkline itself").await?;
    refused(&["issue", "--subject", "a"], "--role").await?;
    refused(&["revoke", "0190b5f4-0000-7000-8000-000000000001"], "TOKEN_UNKNOWN").await?;
    assert!(listed(folder.path(), "user:a").await.is_err());
    issue(folder.path(), &["--subject", "a", "--role", "agent"]).await?;
    listed(folder.path(), "user:a").await?;
    Ok(())
}

#[tokio::test]
async fn a_policy_of_ones_own_holds_and_is_in_the_log() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("wrong.toml"), "[analyst]\nmay = [\"fly\"]\n")?;
    let wrong = run(folder.path(), &["access", "show", "wrong.toml"]).await?;
    assert!(wrong.code == Some(1) && wrong.err.contains("unknown variant `fly`"), "{}", wrong.err);
    std::fs::write(folder.path().join("policy.toml"), "[analyst]\nmay = [\"register_customers\"]\n")?;
    let shown = run(folder.path(), &["access", "show", "policy.toml"]).await?.success()?;
    assert!(shown.contains("[manager.rows]") && !shown.contains("[analyst.rows]"), "{shown}");
    let token = issue(folder.path(), &["--subject", "zhou.min", "--role", "analyst"]).await?;
    let asked = "{ customers { nodes { id } } }";
    // By the standard policy an analyst sees customers and makes none; the file says the opposite.
    for (file, register, look) in [("", false, true), ("policy.toml", true, false), ("", false, true)] {
        let file =
            if file.is_empty() { String::new() } else { folder.path().join(file).display().to_string() };
        let policy = [("TRUNKLINE_ACCESS_POLICY_FILE", file.as_str())];
        let serving = TrunklineProcess::serve_with(folder.path(), &SERVE, &policy).await?;
        let analyst = with(&serving.client, &token);
        let registered = analyst.answer(WHO, json!({})).await?;
        assert_eq!(registered.code().is_none(), register, "{registered:?}");
        let seen = analyst.answer(asked, json!({})).await?;
        assert_eq!(seen.code().is_none(), look, "{seen:?}");
        assert!(serving.process.stop().await?.success());
    }
    let applied = exported(folder.path(), &["--type", "access_policy.applied"]).await?;
    assert_eq!(applied.len(), 2, "the file, and the way back: {applied:?}");
    assert_eq!(applied[0]["payload"]["roles"]["analyst"]["may"], json!(["register_customers"]));
    Ok(())
}
