//! What the suite with a real provider (tests/clients) cannot bring about: a provider that is slow to rotate, silent,
//! hostile or talkative. These are answers over HTTP of the form that the RFCs give.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use trunkline_kernel::FixedClock;
use trunkline_testkit::clock;

use super::*;

const HOLD: Millis = Millis::from_secs(3_600);
const PAUSE: Millis = Millis::from_secs(10);

/// What the provider answers; tests change it.
#[derive(Default)]
struct Desk {
    issuer: String,
    keys: Vec<Value>,
    jwks_uri: Option<String>,
    silent: bool,
    revoked: bool,
    claims: Value,
    padding: usize,
}

#[derive(Clone, Default)]
struct Shared {
    desk: Arc<Mutex<Desk>>,
    fetches: Arc<AtomicUsize>,
    questions: Arc<AtomicUsize>,
}

async fn describe(State(shared): State<Shared>) -> Response {
    shared.fetches.fetch_add(1, Ordering::SeqCst);
    let desk = shared.desk.lock();
    if desk.silent {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let base = desk.issuer.trim_end_matches('/');
    let jwks_uri = desk.jwks_uri.clone().unwrap_or_else(|| format!("{base}/keys"));
    let introspection = format!("{base}/introspect");
    Json(json!({"issuer": desk.issuer, "jwks_uri": jwks_uri, "introspection_endpoint": introspection}))
        .into_response()
}

async fn keys(State(shared): State<Shared>) -> Json<Value> {
    let desk = shared.desk.lock();
    Json(json!({"keys": desk.keys, "padding": "x".repeat(desk.padding)}))
}

async fn introspect(State(shared): State<Shared>, Form(form): Form<Vec<(String, String)>>) -> Response {
    shared.questions.fetch_add(1, Ordering::SeqCst);
    assert!(form.iter().any(|(name, _)| name == "token"));
    let desk = shared.desk.lock();
    if desk.silent {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let mut said = desk.claims.clone();
    said["active"] = (!desk.revoked).into();
    Json(said).into_response()
}

struct Setting {
    shared: Shared,
    clock: Arc<FixedClock>,
    options: ProviderOptions,
}

/// A key of the provider: what signs, and its published half.
struct Key {
    signing: EncodingKey,
    public: Vec<u8>,
    name: &'static str,
}

impl Key {
    fn new(name: &'static str) -> Self {
        let der = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        Self { signing: EncodingKey::from_ed_der(der.as_ref()), public, name }
    }

    fn published(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": encode(&self.public), "kid": self.name, "use": "sig"})
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.name.to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &self.signing).unwrap()
    }
}

fn encode(bytes: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

impl Setting {
    async fn new() -> Self {
        // The first of the tests in this process sets it.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let shared = Shared::default();
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/introspect", post(introspect))
            .route("/elsewhere", get(|| async { Redirect::temporary("/keys") }))
            .with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        shared.desk.lock().issuer.clone_from(&issuer);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let options = ProviderOptions {
            issuer,
            audience: "trunkline".to_owned(),
            algorithms: vec![Algorithm::EdDSA, Algorithm::RS256],
            skew: Millis::from_secs(30),
            mapping: Mapping {
                subject: "sub".to_owned(),
                roles: "roles".to_owned(),
                role_names: Default::default(),
                teams: "teams".to_owned(),
                agent: "agent".to_owned(),
            },
            introspection: Introspection::Never,
            introspection_holds: Millis::from_secs(60),
            client_id: "trunkline".to_owned(),
            client_secret: "secret".to_owned(),
            keys_hold: HOLD,
            keys_pause: PAUSE,
            timeout: Duration::from_secs(30),
            questions_max: 4,
            answer_bytes_max: 10_000,
        };
        Self { shared, clock: clock(), options }
    }

    fn provider(&self) -> Provider {
        Provider::new(self.options.clone(), self.clock.clone()).unwrap()
    }

    fn publish(&self, keys: &[&Key]) {
        self.shared.desk.lock().keys = keys.iter().map(|key| key.published()).collect();
    }

    fn claims(&self) -> Value {
        let now = self.clock.now().micros() / 1_000_000;
        let issuer = &self.options.issuer;
        json!({"iss": issuer, "aud": ["other", "trunkline"], "sub": "li.wei", "roles": ["analyst"], "exp": now + 86_400})
    }

    fn fetches(&self) -> usize {
        self.shared.fetches.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_for_a_new_name_but_not_for_every_invented_one() {
    let setting = Setting::new().await;
    let (first, second, invented) = (Key::new("first"), Key::new("second"), Key::new("invented"));
    setting.publish(&[&first]);
    let provider = setting.provider();
    let token = first.sign(&setting.claims());
    let checks = (0..20).map(|_| provider.check_signed(&token));
    for known in futures::future::join_all(checks).await {
        assert_eq!(known.unwrap().identity.actor.to_string(), "user:li.wei");
    }
    assert_eq!(setting.fetches(), 1, "many who come at once have them fetched once");
    setting.publish(&[&second, &first]);
    setting.clock.advance(PAUSE);
    assert!(provider.check_signed(&second.sign(&setting.claims())).await.is_ok());
    assert_eq!(setting.fetches(), 2);
    for _ in 0..20 {
        let refused = provider.check_signed(&invented.sign(&setting.claims())).await;
        assert_eq!(refused.unwrap_err(), EntryRefusal::Signature);
    }
    assert_eq!(setting.fetches(), 2, "the pause is kept");
    setting.clock.advance(HOLD);
    setting.publish(&[&second]);
    assert_eq!(provider.check_signed(&token).await.unwrap_err(), EntryRefusal::Signature, "withdrawn");
}

#[tokio::test]
async fn while_the_provider_is_silent_its_keys_are_used_on_for_a_while() {
    let setting = Setting::new().await;
    let key = Key::new("k");
    setting.publish(&[&key]);
    let provider = setting.provider();
    let check = async || provider.check_signed(&key.sign(&setting.claims())).await.map(|_| ());
    setting.shared.desk.lock().silent = true;
    assert_eq!(check().await, Err(EntryRefusal::Unproven), "nothing is known of it yet");
    setting.shared.desk.lock().silent = false;
    setting.clock.advance(PAUSE);
    assert_eq!(check().await, Ok(()));
    setting.shared.desk.lock().silent = true;
    setting.clock.advance(HOLD);
    assert_eq!(check().await, Ok(()));
    setting.clock.advance(Millis(HOLD.0 * 3));
    assert_eq!(check().await, Err(EntryRefusal::Unproven));
}

#[tokio::test]
async fn no_published_secret_and_no_key_for_something_else_signs() {
    let setting = Setting::new().await;
    let key = Key::new("k");
    let secret = b"a secret that the provider should not have published";
    let encryption = json!({"use": "enc"});
    for (change, what) in [(encryption, "for encryption"), (json!({"alg": "RS256"}), "for another algorithm")]
    {
        let mut published = key.published();
        published.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        setting.shared.desk.lock().keys = vec![published, json!({"kty": "unheard-of"}), json!(7)];
        let refused = setting.provider().check_signed(&key.sign(&setting.claims())).await;
        assert_eq!(refused.unwrap_err(), EntryRefusal::Signature, "{what}");
    }
    setting.shared.desk.lock().keys =
        vec![json!({"kty": "oct", "k": encode(secret), "kid": "s", "alg": "HS256"})];
    let header = Header { kid: Some("s".to_owned()), ..Header::new(Algorithm::HS256) };
    let forged = jsonwebtoken::encode(&header, &setting.claims(), &EncodingKey::from_secret(secret)).unwrap();
    assert_eq!(setting.provider().check_signed(&forged).await.unwrap_err(), EntryRefusal::Signature);
}

#[tokio::test]
async fn a_provider_that_says_something_strange_is_not_believed() {
    let setting = Setting::new().await;
    let key = Key::new("k");
    setting.publish(&[&key]);
    let check = async || setting.provider().check_signed(&key.sign(&setting.claims())).await.map(|_| ());
    assert_eq!(check().await, Ok(()));
    for jwks_uri in ["http://keys.example/keys", "ftp://127.0.0.1/", "nonsense"] {
        setting.shared.desk.lock().jwks_uri = Some(jwks_uri.to_owned());
        assert_eq!(check().await, Err(EntryRefusal::Unproven), "{jwks_uri}");
    }
    setting.shared.desk.lock().jwks_uri = Some(format!("{}/elsewhere", setting.options.issuer));
    assert_eq!(check().await, Err(EntryRefusal::Unproven), "it is not followed elsewhere");
    setting.shared.desk.lock().jwks_uri = None;
    setting.shared.desk.lock().padding = 10_000;
    assert_eq!(check().await, Err(EntryRefusal::Unproven), "it is not listened to for ever");
    setting.shared.desk.lock().padding = 0;
    setting.shared.desk.lock().issuer = "http://127.0.0.1/other".to_owned();
    assert_eq!(check().await, Err(EntryRefusal::Unproven), "it calls itself something else");
}

#[tokio::test]
async fn a_signed_token_is_asked_about_when_that_is_wanted_and_the_answer_holds_for_a_while() {
    let mut setting = Setting::new().await;
    setting.options.introspection = Introspection::Always;
    let key = Key::new("k");
    setting.publish(&[&key]);
    let provider = setting.provider();
    let token = key.sign(&setting.claims());
    setting.shared.desk.lock().claims = setting.claims();
    let known = provider.check_signed(&token).await.unwrap();
    let asked = known.asked.unwrap();
    setting.shared.desk.lock().revoked = true;
    assert_eq!(provider.confirm(&token, &asked).await, Ok(()), "the last answer is new");
    assert_eq!(setting.shared.questions.load(Ordering::SeqCst), 1);
    setting.clock.advance(Millis::from_secs(60));
    assert_eq!(provider.confirm(&token, &asked).await, Err(EntryRefusal::Revoked));
    setting.shared.desk.lock().silent = true;
    assert_eq!(
        provider.confirm(&token, &asked).await,
        Err(EntryRefusal::Unproven),
        "in doubt nobody is let in"
    );
}

#[tokio::test]
async fn what_is_said_of_an_opaque_token_is_held_to_the_same_rules() {
    let mut setting = Setting::new().await;
    setting.options.introspection = Introspection::Opaque;
    let provider = setting.provider();
    let check = async |change: Value| {
        let mut claims = setting.claims();
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        setting.shared.desk.lock().claims = claims;
        provider.check_opaque("opaque").await.map(|known| known.identity.actor.to_string())
    };
    assert_eq!(check(json!({})).await.as_deref(), Ok("user:li.wei"));
    assert_eq!(check(json!({"iss": null, "aud": "trunkline"})).await.as_deref(), Ok("user:li.wei"));
    for (change, because) in [
        (json!({"aud": "other"}), EntryRefusal::Foreign),
        (json!({"aud": null}), EntryRefusal::Foreign),
        (json!({"iss": "https://other.example"}), EntryRefusal::Foreign),
        (json!({"exp": 1}), EntryRefusal::Expired),
        (json!({"exp": null}), EntryRefusal::Foreign),
        (json!({"roles": []}), EntryRefusal::NoRole),
    ] {
        assert_eq!(check(change.clone()).await, Err(because), "{change}");
    }
    setting.shared.desk.lock().revoked = true;
    assert_eq!(check(json!({})).await, Err(EntryRefusal::Signature), "as if it had never been one");
}

#[test]
fn a_provider_has_to_be_one_that_can_be_trusted() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = runtime.block_on(Setting::new()).options;
    let refused = |options: ProviderOptions| Provider::new(options, clock()).err().unwrap().to_string();
    let insecure = refused(ProviderOptions { issuer: "http://login.example".to_owned(), ..options.clone() });
    assert!(insecure.contains("neither an https address"), "{insecure}");
    let symmetric = refused(ProviderOptions { algorithms: vec![Algorithm::HS256], ..options });
    assert!(symmetric.contains("takes a secret"), "{symmetric}");
}
