//! Recordings over HTTP: sent in pieces, played in ranges, for a reason, by those who may, until they are erased.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use futures::StreamExt as _;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use trunkline_testkit::{Client, Serving, TrunklineProcess, wait_for};

use crate::binary::run;
use crate::canary::search::Planted;

/// Small parts, so that little audio makes several.
const SMALL: [(&str, &str); 2] =
    [("TRUNKLINE_RECORDINGS_PART_BYTES", "65536"), ("TRUNKLINE_RECORDINGS_CHUNK_BYTES", "4096")];
const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
const CALL: &str = "mutation { createCall(input: {direction: OUTBOUND}) { id userErrors { code } } }";
const ANNOUNCE: &str =
    "mutation($call: ID!) { announceRecording(input: {callId: $call}) { id userErrors { code } } }";
const READ: &str = "query($id: ID!) { recording(id: $id) { state bytes sha256 mediaType retainedUntil call { id recordings { id } } } }";
const SPOKEN: &[u8] = b"my card number is four one one one ";

async fn serve(folder: &Path) -> Result<Serving> {
    TrunklineProcess::serve_with(folder, &SERVE, &SMALL).await
}

/// Something that is easily told apart from noise on a disk, and everywhere different.
fn audio(length: usize) -> Vec<u8> {
    let said = SPOKEN.iter().copied().cycle();
    let noise = (0..251_u8).cycle().flat_map(|noise| std::iter::once(noise).chain([0; 96]));
    said.zip(noise).map(|(byte, noise)| byte ^ noise).take(length).collect()
}

/// A recording that was announced: its bare id.
async fn announced(client: &Client) -> Result<String> {
    let call = client.run(CALL, json!({})).await?["createCall"]["id"].clone();
    let id = client.run(ANNOUNCE, json!({"call": call})).await?["announceRecording"]["id"].clone();
    let id =
        id.as_str().and_then(|id| id.strip_prefix("recording:")).context("no recording was announced")?;
    Ok(id.to_owned())
}

fn ask(client: &Client, method: Method, id: &str) -> RequestBuilder {
    let method_url = format!("{}/recordings/{id}", client.base());
    reqwest::Client::new().request(method, method_url).header("tus-resumable", "1.0.0")
}

async fn begun(client: &Client, id: &str, length: usize) -> Result<()> {
    // "audio/wav"
    let begin = ask(client, Method::POST, id).header("upload-metadata", "filetype YXVkaW8vd2F2");
    let answer = begin.header("upload-length", length).send().await?;
    assert_eq!(answer.status(), StatusCode::CREATED, "{}", answer.text().await?);
    Ok(())
}

fn piece(client: &Client, id: &str, offset: usize) -> RequestBuilder {
    let piece = ask(client, Method::PATCH, id).header("upload-offset", offset);
    piece.header("content-type", "application/offset+octet-stream")
}

/// How far an upload is.
async fn offset(client: &Client, id: &str) -> Result<usize> {
    let answer = ask(client, Method::HEAD, id).send().await?;
    assert_eq!(answer.status(), StatusCode::OK);
    let offset = answer.headers().get("upload-offset").context("no offset")?;
    Ok(offset.to_str()?.parse()?)
}

/// A whole recording, sent at once.
async fn sent(client: &Client, audio: &[u8]) -> Result<String> {
    let id = announced(client).await?;
    let put = ask(client, Method::PUT, &id).header("content-type", "audio/wav").body(audio.to_vec());
    let answer = put.send().await?;
    assert_eq!(answer.status(), StatusCode::CREATED, "{}", answer.text().await?);
    Ok(id)
}

fn play(client: &Client, id: &str) -> RequestBuilder {
    let address = format!("{}/recordings/{id}?reason=a%20complaint", client.base());
    reqwest::Client::new().get(address)
}

async fn code(answer: reqwest::Response) -> Result<(u16, String)> {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await?;
    Ok((status, body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()))
}

fn parts(folder: &Path, id: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder.join("trunkline-data/recordings").join(id)) else {
        return Vec::new();
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut parts: Vec<PathBuf> = paths.filter(|path| path.to_string_lossy().contains("/part-")).collect();
    // A folder's objects are written beside their place first.
    parts.retain(|path| !path.to_string_lossy().contains('#'));
    parts.sort();
    parts
}

/// Every file below a folder that holds what was said.
fn leaks(folder: &Path) -> Result<Vec<String>> {
    let said = std::str::from_utf8(&SPOKEN[10..30])?;
    Planted::new(&[said])?.below(folder)
}

#[tokio::test]
async fn an_upload_that_a_kill_breaks_goes_on_and_every_range_plays() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let audio = audio(300_000);
    let first = serve(folder.path()).await?;
    let id = announced(&first.client).await?;
    begun(&first.client, &id, audio.len()).await?;
    // A client that has sent two parts and a half, and goes on sending for ever.
    let began: Vec<Result<Vec<u8>, std::io::Error>> =
        audio[..170_000].chunks(10_000).map(|c| Ok(c.to_vec())).collect();
    let endless = futures::stream::iter(began).chain(futures::stream::pending());
    let sending = tokio::spawn(piece(&first.client, &id, 0).body(reqwest::Body::wrap_stream(endless)).send());
    wait_for("two parts on the disk", async || Ok((parts(folder.path(), &id).len() == 2).then_some(())))
        .await?;
    first.process.kill().await?;
    assert!(sending.await?.is_err());
    assert_eq!(leaks(folder.path())?, Vec::<String>::new());

    let again = serve(folder.path()).await?;
    let client = &again.client;
    let stands = offset(client, &id).await?;
    assert_eq!(stands, 131_072, "what was acknowledged to the disk is there, and nothing else");
    let wrong = piece(client, &id, 0).body("x").send().await?;
    assert_eq!(wrong.headers()["upload-offset"], "131072");
    assert_eq!(code(wrong).await?, (409, "RECORDING_UPLOAD_CONFLICT".to_owned()));
    assert_eq!(code(play(client, &id).send().await?).await?, (409, "RECORDING_NOT_SEALED".to_owned()));
    let done = piece(client, &id, stands).body(audio[stands..].to_vec()).send().await?;
    assert_eq!(
        (done.status(), done.headers()["upload-offset"].to_str()?),
        (StatusCode::NO_CONTENT, "300000")
    );
    ranges(client, &id, &audio).await?;
    let read = wait_for("the read model", async || {
        let read = client.run(READ, json!({"id": id})).await?["recording"].clone();
        Ok((read["state"] == "RETAINED").then_some(read))
    })
    .await?;
    assert_eq!((&read["bytes"], &read["mediaType"]), (&json!("300000"), &json!("audio/wav")));
    assert_eq!(read["call"]["recordings"][0]["id"], format!("recording:{id}"));
    let tag = format!("\"{}\"", read["sha256"].as_str().unwrap_or_default());
    let head = ask(client, Method::HEAD, &id).send().await?;
    assert_eq!(
        (head.headers()["etag"].to_str()?, head.headers()["content-length"].to_str()?),
        (&*tag, "300000")
    );
    assert_eq!(leaks(folder.path())?, Vec::<String>::new());
    let verified = run(folder.path(), &["recordings", "verify"]).await?.success()?;
    assert!(verified.contains("1 recordings are as the log says, 0 are not."), "{verified}");
    assert!(again.process.stop().await?.success());
    Ok(())
}

/// Ranges, byte for byte, and what surrounds them.
async fn ranges(client: &Client, id: &str, audio: &[u8]) -> Result<()> {
    let whole = play(client, id).send().await?;
    assert_eq!((whole.status(), whole.headers()["content-type"].to_str()?), (StatusCode::OK, "audio/wav"));
    let tag = whole.headers()["etag"].clone();
    assert_eq!(whole.bytes().await?, audio);
    let last = audio.len() - 1;
    for (range, from, to) in [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=4095-4096".to_owned(), 4_095, 4_096),
        ("bytes=65000-140000".to_owned(), 65_000, 140_000),
        ("bytes=131071-131072".to_owned(), 131_071, 131_072),
        ("bytes=-10".to_owned(), last - 9, last),
        (format!("bytes={last}-"), last, last),
    ] {
        let part = play(client, id).header("range", &range).header("if-range", &tag).send().await?;
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        let said = format!("bytes {from}-{to}/{}", audio.len());
        assert_eq!(part.headers()["content-range"], said.as_str());
        assert!(part.bytes().await? == audio[from..=to], "{range}");
    }
    let other = play(client, id).header("range", "bytes=0-1").header("if-range", "\"other\"").send().await?;
    assert_eq!(other.status(), StatusCode::OK);
    let beyond = play(client, id).header("range", format!("bytes={}-", audio.len())).send().await?;
    assert_eq!(beyond.headers()["content-range"], format!("bytes */{}", audio.len()).as_str());
    assert_eq!(code(beyond).await?, (416, "RECORDING_RANGE_UNSATISFIABLE".to_owned()));
    let known = play(client, id).header("if-none-match", &tag).send().await?;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    let silent = reqwest::get(format!("{}/recordings/{id}", client.base())).await?;
    assert_eq!(code(silent).await?, (400, "RECORDING_REASON_MISSING".to_owned()));
    Ok(())
}

#[tokio::test]
async fn what_was_tampered_with_is_refused_and_found() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let serving = serve(folder.path()).await?;
    let audio = audio(100_000);
    let id = sent(&serving.client, &audio).await?;
    let part = parts(folder.path(), &id).remove(1);
    let whole = std::fs::read(&part)?;
    let mut tampered = whole.clone();
    tampered[70] ^= 1;
    std::fs::write(&part, &tampered)?;
    let refused = play(&serving.client, &id).header("range", "bytes=65536-65540").send().await?;
    assert_eq!(code(refused).await?, (500, "RECORDING_DAMAGED".to_owned()));
    // What lies before the tampered chunk is genuine; the connection then breaks off rather than lie.
    assert!(play(&serving.client, &id).send().await?.bytes().await.is_err());
    let untouched = play(&serving.client, &id).header("range", "bytes=0-9").send().await?;
    assert_eq!(untouched.bytes().await?, audio[..10]);
    wait_for("the read model", async || {
        let read = serving.client.run(READ, json!({"id": id})).await?;
        Ok((read["recording"]["state"] == "RETAINED").then_some(()))
    })
    .await?;
    let verified = run(folder.path(), &["recordings", "verify", &id]).await?;
    assert_eq!(verified.code, Some(1));
    assert!(verified.out.contains("is not what was written"), "{}", verified.out);
    std::fs::write(&part, whole)?;
    assert_eq!(play(&serving.client, &id).send().await?.bytes().await?, audio);
    assert!(serving.process.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn an_erased_recording_is_gone_and_a_held_one_stays() -> Result<()> {
    const HOLD: &str =
        "mutation($id: ID!) { holdRecording(input: {id: $id, case: \"2026-17\"}) { userErrors { code } } }";
    const RELEASE: &str = "mutation($id: ID!) { releaseRecording(input: {id: $id, case: \"2026-17\"}) { userErrors { code } } }";
    const ERASE: &str = "mutation($id: ID!, $reason: EraseReason!) { eraseRecording(input: {id: $id, reason: $reason}) { userErrors { code } } }";
    let folder = tempfile::tempdir()?;
    let serving = serve(folder.path()).await?;
    let client = &serving.client;
    let id = sent(client, &audio(100_000)).await?;
    let erase = async |reason: &str| -> Result<Value> {
        let done = client.run(ERASE, json!({"id": id, "reason": reason})).await?;
        Ok(done["eraseRecording"]["userErrors"].clone())
    };
    assert_eq!(erase("PERSON_ERASED").await?[0]["code"], "RECORDING_RETENTION_RUNNING");
    client.run(HOLD, json!({"id": id})).await?;
    assert_eq!(erase("UNLAWFUL").await?[0]["code"], "RECORDING_HELD");
    client.run(RELEASE, json!({"id": id})).await?;
    let due = run(folder.path(), &["recordings", "erase", "--dry-run"]).await?.success()?;
    assert!(due.contains("0 recordings are due."), "{due}");
    assert_eq!(erase("UNLAWFUL").await?, json!([]));
    let gone = play(client, &id).header("accept-language", "zh-CN").send().await?;
    assert_eq!(gone.status(), StatusCode::GONE);
    assert!(gone.text().await?.contains("录音已删除"));
    wait_for("its files to go", async || Ok(parts(folder.path(), &id).is_empty().then_some(()))).await?;
    let keys = folder.path().join("trunkline-data/recording-keys");
    let left = leaks_named(&keys, &id)?;
    assert!(left.is_empty(), "{left:?}");
    let verified = run(folder.path(), &["recordings", "verify"]).await?.success()?;
    assert!(verified.contains("1 recordings are as the log says"), "{verified}");
    assert!(serving.process.stop().await?.success());
    Ok(())
}

/// Every file below a folder whose name has this in it.
fn leaks_named(folder: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(leaks_named(&path, name)?);
        } else if path.to_string_lossy().contains(name) {
            found.push(path);
        }
    }
    Ok(found)
}

#[tokio::test]
async fn audio_is_for_those_whose_work_it_is_and_uploads_keep_to_the_protocol() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let serving = serve(folder.path()).await?;
    let client = &serving.client;
    let audio = audio(10_000);
    let id = sent(client, &audio).await?;
    for (role, more, status) in [
        ("quality_inspector", &[][..], 200),
        ("manager", &[], 200),
        ("auditor", &[], 403),
        ("analyst", &[], 403),
        ("administrator", &[], 403),
        ("service", &[], 403),
        // In whose team nobody had the call: for them there is none.
        ("team_lead", &["--team", "north"], 404),
    ] {
        let issue = [&["token", "issue", "--subject", role, "--role", role], more].concat();
        let token = run(folder.path(), &issue).await?.success()?;
        let answer = play(client, &id).bearer_auth(token.trim()).send().await?;
        assert_eq!(answer.status().as_u16(), status, "as {role}");
        let unspoken = announced(client).await?;
        let put = ask(client, Method::PUT, &unspoken).bearer_auth(token.trim()).body("x").send().await?;
        let taken = match role {
            "service" | "manager" => 201,
            "team_lead" => 404,
            _ => 403,
        };
        assert_eq!(put.status().as_u16(), taken, "as {role}");
    }
    let nothing = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(code(play(client, nothing).send().await?).await?, (404, "RECORDING_UNKNOWN".to_owned()));
    let again = ask(client, Method::PUT, &id).body("x").send().await?;
    assert_eq!(code(again).await?, (409, "RECORDING_ALREADY_SEALED".to_owned()));
    let other = announced(client).await?;
    let page =
        ask(client, Method::PUT, &other).header("content-type", "text/html").body("<script>").send().await?;
    assert_eq!(code(page).await?, (415, "RECORDING_MEDIA_TYPE".to_owned()));
    let unsaid = ask(client, Method::POST, &other).send().await?;
    assert_eq!(code(unsaid).await?, (400, "RECORDING_UPLOAD_MALFORMED".to_owned()));
    let old = ask(client, Method::POST, &other).header("tus-resumable", "0.2.2").send().await?;
    assert_eq!(old.status(), StatusCode::PRECONDITION_FAILED);
    begun(client, &other, 3).await?;
    let longer = piece(client, &other, 0).body("four").send().await?;
    assert_eq!(code(longer).await?, (413, "RECORDING_TOO_LARGE".to_owned()));
    let capable = ask(client, Method::OPTIONS, &other).send().await?;
    assert_eq!(capable.headers()["tus-extension"], "creation,creation-defer-length");
    assert!(serving.process.stop().await?.success());
    Ok(())
}
