//! A server in the test's process that speaks the Transit API as HashiCorp Vault does: it keeps the key, counts its
//! versions, and answers as the documentation of the API has it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trunkline_vault::VaultError;
use trunkline_vault::master::{MasterKeys, Transit};

use crate::support::{Place, subject};

const TOKEN: &str = "hvs.test";

struct Service {
    version: AtomicU64,
    nonce: AtomicU64,
    requests: AtomicU64,
    sealed: AtomicBool,
}

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

fn errors(status: StatusCode, text: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "errors": [text] })))
}

impl Service {
    fn check(&self, headers: &HeaderMap) -> Result<(), (StatusCode, Json<Value>)> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        if self.sealed.load(Ordering::SeqCst) {
            return Err(errors(StatusCode::SERVICE_UNAVAILABLE, "Vault is sealed"));
        }
        if headers.get("X-Vault-Token").is_none_or(|token| token != TOKEN) {
            return Err(errors(StatusCode::FORBIDDEN, "permission denied"));
        }
        Ok(())
    }

    fn cipher(version: u64) -> Aes256Gcm {
        let mut key = [42; 32];
        key[..8].copy_from_slice(&version.to_be_bytes());
        Aes256Gcm::new_from_slice(&key).unwrap()
    }

    fn encrypt(&self, item: &Value) -> Value {
        let plaintext = STANDARD.decode(item["plaintext"].as_str().unwrap()).unwrap();
        let version = self.version.load(Ordering::SeqCst);
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&self.nonce.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        let sealed = Self::cipher(version).encrypt(&Nonce::from(nonce), plaintext.as_slice()).unwrap();
        let text = STANDARD.encode([nonce.as_slice(), &sealed].concat());
        json!({ "ciphertext": format!("vault:v{version}:{text}"), "key_version": version })
    }

    fn decrypt(item: &Value) -> Value {
        let mut parts = item["ciphertext"].as_str().unwrap().splitn(3, ':');
        assert_eq!(parts.next(), Some("vault"));
        let version: u64 = parts.next().unwrap()[1..].parse().unwrap();
        let bytes = STANDARD.decode(parts.next().unwrap()).unwrap();
        let (nonce, sealed) = bytes.split_at(12);
        let nonce = Nonce::try_from(nonce).unwrap();
        match Self::cipher(version).decrypt(&nonce, sealed) {
            Ok(plain) => json!({ "plaintext": STANDARD.encode(plain) }),
            Err(_) => json!({ "error": "cipher: message authentication failed" }),
        }
    }
}

async fn batch(
    State(service): State<Arc<Service>>,
    Path((what, key)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    service.check(&headers)?;
    if key != "trunkline" {
        return Err(errors(StatusCode::BAD_REQUEST, "encryption key not found"));
    }
    let items = body["batch_input"].as_array().unwrap();
    let results: Vec<Value> = match what.as_str() {
        "encrypt" => items.iter().map(|item| service.encrypt(item)).collect(),
        "decrypt" => items.iter().map(Service::decrypt).collect(),
        _ => return Err(errors(StatusCode::NOT_FOUND, "unsupported path")),
    };
    Ok(Json(json!({ "request_id": "1", "data": { "batch_results": results } })))
}

async fn key(State(service): State<Arc<Service>>, headers: HeaderMap) -> Answer {
    service.check(&headers)?;
    let latest = service.version.load(Ordering::SeqCst);
    let keys: HashMap<String, u64> =
        (1..=latest).map(|version| (version.to_string(), 1_700_000_000)).collect();
    Ok(Json(
        json!({ "data": { "name": "trunkline", "type": "aes256-gcm96", "latest_version": latest, "keys": keys } }),
    ))
}

async fn rotate(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<StatusCode, (StatusCode, Json<Value>)> {
    service.check(&headers)?;
    service.version.fetch_add(1, Ordering::SeqCst);
    Ok(StatusCode::NO_CONTENT)
}

async fn started() -> (Arc<Service>, String) {
    let service = Arc::new(Service {
        version: AtomicU64::new(1),
        nonce: AtomicU64::new(0),
        requests: AtomicU64::new(0),
        sealed: AtomicBool::new(false),
    });
    let routes = Router::new()
        .route("/v1/transit/keys/trunkline", get(key))
        .route("/v1/transit/keys/trunkline/rotate", post(rotate))
        .route("/v1/transit/{what}/{key}", post(batch))
        .with_state(Arc::clone(&service));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (service, address)
}

fn master(address: &str, token: &str) -> MasterKeys {
    MasterKeys::transit(Transit::new(address, "transit", "trunkline", token).unwrap())
}

#[tokio::test]
async fn keys_are_wrapped_by_the_service_in_batches_and_rotated_there() {
    let (service, address) = started().await;
    let place = Place::sqlite();
    let vault = place.open(master(&address, TOKEN)).await.unwrap();
    let subjects: Vec<_> = (1..=300).map(subject).collect();
    let before = service.requests.load(Ordering::SeqCst);
    vault.keys(&subjects).await.unwrap();
    assert_eq!(service.requests.load(Ordering::SeqCst) - before, 1, "one request for all");
    let rotated = vault.rotate().await.unwrap();
    assert_eq!((rotated.master.as_str(), rotated.rewrapped), ("transit:v2", 302));
    let again = place.open(master(&address, TOKEN)).await.unwrap();
    let keys = again.existing(&subjects).await.unwrap();
    assert!(subjects.iter().all(|subject| keys.get(*subject).is_some()));
}

#[tokio::test]
async fn a_service_that_refuses_or_is_sealed_is_a_fault_that_tells_no_token() {
    let (service, address) = started().await;
    let place = Place::sqlite();
    let refused = place.open(master(&address, "hvs.wrong")).await.unwrap_err().to_string();
    assert!(refused.contains("403") && !refused.contains("hvs.wrong"), "{refused}");
    let vault = place.open(master(&address, TOKEN)).await.unwrap();
    service.sealed.store(true, Ordering::SeqCst);
    let sealed = vault.keys(&[subject(1)]).await;
    assert!(matches!(&sealed, Err(VaultError::Unmade { reason }) if reason.contains("503")), "{sealed:?}");
    service.sealed.store(false, Ordering::SeqCst);
    assert!(vault.keys(&[subject(1)]).await.unwrap().get(subject(1)).is_some(), "and then it goes on");
}
