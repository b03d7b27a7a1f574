//! The archive on S3: against moto, a server that speaks its protocol, installed with pip into a folder of the build.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use trunkline_kernel::{CustomerId, Id as _, RecordingId};
use trunkline_recordings::archive::{Limits, Upload};
use trunkline_recordings::cipher::ChunkSize;
use trunkline_recordings::objects::{Bucket, Credentials, Objects, Place};
use trunkline_recordings::{Archive, ArchiveError, KeyFile, Owner};
use uuid::Uuid;

/// The version that was tried.
const MOTO: &str = "moto[server]==5.2.5";

/// How long moto may take to begin.
const PATIENCE: Duration = Duration::from_secs(60);

struct Moto {
    _child: Child,
    endpoint: String,
}

/// The `moto_server` of a Python environment that is made once for each folder of builds.
async fn moto_server() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moto-5.2.5");
    let server = folder.join("bin/moto_server");
    if !folder.join("complete").exists() {
        let _ = std::fs::remove_dir_all(&folder);
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status().await;
        let made = made.is_ok_and(|status| status.success());
        assert!(made, "this test needs python3 with venv: sudo apt-get install python3-venv");
        let pip = folder.join("bin/pip");
        let installed = Command::new(pip).args(["install", "--quiet", MOTO]).status().await.unwrap();
        assert!(
            installed.success(),
            "this test needs {MOTO} from a Python package index, and pip cannot get it"
        );
        std::fs::write(folder.join("complete"), "").unwrap();
    }
    server
}

async fn moto() -> Moto {
    let mut command = Command::new(moto_server().await);
    command
        .args(["-H", "127.0.0.1", "-p", "0"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let endpoint = tokio::time::timeout(PATIENCE, async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some((_, address)) = line.split_once("Running on ") {
                return address.split_whitespace().next().unwrap().to_owned();
            }
        }
        panic!("moto ended before it served");
    });
    let endpoint = endpoint.await.expect("moto does not serve");
    // What it says must be read on, or it stops when the pipe is full.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Moto { _child: child, endpoint }
}

impl Moto {
    async fn bucket(&self, name: &str) -> Objects {
        let made = reqwest::Client::new().put(format!("{}/{name}", self.endpoint)).send().await.unwrap();
        assert!(made.status().is_success(), "{}", made.text().await.unwrap());
        let credentials =
            Credentials { access_key_id: "testing".to_owned(), secret_access_key: "testing".to_owned() };
        let bucket = Bucket {
            name: name.to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: self.endpoint.clone(),
            credentials: Some(credentials),
        };
        Objects::open(&Place::Bucket(bucket, "centre/one".to_owned())).unwrap()
    }
}

fn body(bytes: &[u8]) -> impl futures::Stream<Item = Result<Bytes, ()>> + use<> {
    let pieces: Vec<_> = bytes.chunks(3_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures::stream::iter(pieces)
}

#[tokio::test]
async fn audio_is_stored_played_and_removed_in_buckets() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap();
    let moto = moto().await;
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(KeyFile::open(&folder.path().join("key")).unwrap());
    let limits = Limits { part_bytes: 20_000, chunk: ChunkSize::LEAST, ..Limits::default() };
    let (audio_bucket, keys_bucket) = (moto.bucket("audio").await, moto.bucket("keys").await);
    let archive = Arc::new(Archive::new(audio_bucket, keys_bucket, keys, limits));
    let id = RecordingId::from_uuid(Uuid::from_u128(1));
    let owner = Owner::Customer(CustomerId::from_uuid(Uuid::from_u128(2)));
    let audio: Vec<u8> = (0..50_000_u32).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect();
    let upload = Upload { length: Some(50_000), media_type: "audio/wav".to_owned() };
    archive.begin(id, owner, &upload).await.unwrap();
    assert!(matches!(archive.begin(id, owner, &upload).await, Err(ArchiveError::AlreadyBegun)));
    archive.append(id, owner, 0, body(&audio[..30_000])).await.unwrap().1.unwrap();
    let progress = archive.progress(id).await.unwrap().unwrap();
    assert_eq!((progress.offset, progress.parts), (30_000, 2));
    archive.append(id, owner, 30_000, body(&audio[30_000..])).await.unwrap().1.unwrap();
    // Somebody who sends the same piece once more does not write over it: `If-None-Match: *`.
    assert!(matches!(
        archive.append(id, owner, 30_000, body(b"other")).await,
        Err(ArchiveError::Conflict { offset: 50_000 })
    ));
    let sealed = archive.finish(id, owner).await.unwrap();
    archive.settle(id).await.unwrap();
    assert_eq!(archive.verify(id, owner).await.unwrap(), sealed);
    for (from, until) in [(0, 50_000), (19_999, 20_001), (49_999, 50_000)] {
        let mut playback = archive.play(id, owner, from as u64..until as u64).await.unwrap();
        let mut played = Vec::new();
        while let Some(piece) = playback.next().await.unwrap() {
            played.extend_from_slice(&piece);
        }
        assert!(played == audio[from..until], "{from}..{until}");
    }
    let removed = archive.remove(id, owner).await.unwrap();
    assert!(removed.key && removed.objects == 4, "{removed:?}");
    assert!(archive.is_gone(id, owner).await.unwrap());
    assert!(matches!(archive.verify(id, owner).await, Err(ArchiveError::Destroyed)));
}
