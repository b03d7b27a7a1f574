use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use trunkline_kernel::FixedClock;
use trunkline_testkit::clock;

use super::*;

const SKEW: Millis = Millis::from_secs(30);

struct Desk {
    folder: tempfile::TempDir,
    clock: Arc<FixedClock>,
    tokens: LocalTokens,
}

impl Desk {
    fn open() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let tokens = LocalTokens::new(folder.path().join("keys/token.key"), "trunkline", SKEW, clock.clone());
        Self { folder, clock, tokens }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("keys/token.key")
    }

    fn sign(&self) -> String {
        let expires_at = self.clock.now().plus(Millis::from_mins(10));
        self.tokens.sign(id(), &grant(), expires_at).unwrap()
    }
}

fn id() -> TokenId {
    "0190b5f4-0000-7000-8000-000000000001".parse().unwrap()
}

fn grant() -> Grant {
    Grant {
        subject: "user:li.wei".parse().unwrap(),
        roles: [Role::Agent, Role::TeamLead].into(),
        agent: None,
        teams: ["north".to_owned()].into(),
    }
}

fn parts(token: &str) -> Vec<Value> {
    token.split('.').take(2).map(|part| serde_json::from_slice(&decode(part)).unwrap()).collect()
}

fn decode(part: &str) -> Vec<u8> {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()
}

fn encode(value: &Value) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_token_says_who_its_bearer_is() {
    let desk = Desk::open();
    let known = desk.tokens.check(&desk.sign()).unwrap();
    let identity = &known.identity;
    assert_eq!(identity.actor.to_string(), "user:li.wei");
    assert_eq!((&identity.roles, &identity.teams), (&grant().roles, &grant().teams));
    assert_eq!(identity.token, Some(id().to_string()));
    assert_eq!(known.until, identity.expires_at.unwrap().plus(SKEW));
}

#[test]
fn a_token_ends_after_its_time_and_the_clock_skew() {
    let desk = Desk::open();
    let token = desk.sign();
    desk.clock.advance(Millis::from_mins(10));
    assert!(desk.tokens.check(&token).is_ok());
    desk.clock.advance(SKEW);
    assert_eq!(desk.tokens.check(&token).unwrap_err(), EntryRefusal::Expired);
}

#[test]
fn whatever_is_changed_in_a_token_breaks_its_signature() {
    let desk = Desk::open();
    let token = desk.sign();
    let [header, mut content] = <[Value; 2]>::try_from(parts(&token)).unwrap();
    content["roles"] = json!(["administrator"]);
    let signature = token.rsplit_once('.').unwrap().1;
    let forged = format!("{}.{}.{signature}", encode(&header), encode(&content));
    assert_eq!(desk.tokens.check(&forged).unwrap_err(), EntryRefusal::Signature);
    assert_eq!(desk.tokens.check(&token[..token.len() - 4]).unwrap_err(), EntryRefusal::Signature);
    assert_eq!(desk.tokens.check("a.b.c").unwrap_err(), EntryRefusal::Signature);
    assert_eq!(desk.tokens.check("opaque").unwrap_err(), EntryRefusal::Signature);
}

#[test]
fn no_other_algorithm_is_taken() {
    let desk = Desk::open();
    let token = desk.sign();
    assert!(desk.tokens.check(&token).is_ok());
    let [header, content] = <[Value; 2]>::try_from(parts(&token)).unwrap();
    for algorithm in ["none", "None", "NONE", ""] {
        let mut header = header.clone();
        header["alg"] = json!(algorithm);
        let unsigned = format!("{}.{}.", encode(&header), encode(&content));
        assert_eq!(desk.tokens.check(&unsigned).unwrap_err(), EntryRefusal::Signature, "{algorithm:?}");
    }
    // The public key, which everybody may know, as the secret of a MAC.
    let public = desk.tokens.held.lock().key.as_ref().unwrap().checking.try_get_as_bytes().unwrap().to_vec();
    let kid = header["kid"].as_str().map(str::to_owned);
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let header = Header { kid: kid.clone(), ..Header::new(algorithm) };
        let forged = jsonwebtoken::encode(&header, &content, &EncodingKey::from_secret(&public)).unwrap();
        assert_eq!(desk.tokens.check(&forged).unwrap_err(), EntryRefusal::Signature, "{algorithm:?}");
    }
}

#[test]
fn a_token_of_another_key_or_for_somebody_else_is_not_taken() {
    let (desk, other) = (Desk::open(), Desk::open());
    desk.sign();
    assert_eq!(desk.tokens.check(&other.sign()).unwrap_err(), EntryRefusal::Signature);
    let elsewhere = LocalTokens::new(desk.file(), "elsewhere", SKEW, desk.clock.clone());
    let expires_at = desk.clock.now().plus(Millis::from_mins(10));
    let token = elsewhere.sign(id(), &grant(), expires_at).unwrap();
    assert_eq!(desk.tokens.check(&token).unwrap_err(), EntryRefusal::Foreign);
}

#[test]
fn a_new_key_is_found_and_the_old_one_s_tokens_end() {
    let desk = Desk::open();
    let old = desk.sign();
    assert!(desk.tokens.check(&old).is_ok());
    std::fs::remove_file(desk.file()).unwrap();
    let new = desk.sign();
    desk.clock.advance(REREAD);
    assert!(desk.tokens.check(&new).is_ok());
    assert_eq!(desk.tokens.check(&old).unwrap_err(), EntryRefusal::Signature);
}

#[test]
fn a_token_without_a_role_lets_nobody_in() {
    let desk = Desk::open();
    let nothing = Grant { roles: BTreeSet::new(), ..grant() };
    let token = desk.tokens.sign(id(), &nothing, desk.clock.now().plus(SKEW)).unwrap();
    assert_eq!(desk.tokens.check(&token).unwrap_err(), EntryRefusal::NoRole);
}

#[test]
fn nobody_else_can_read_the_key_and_one_that_they_can_is_not_used() {
    let desk = Desk::open();
    desk.sign();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&desk.file()), 0o600);
    assert!(desk.tokens.probe().is_ok());
    std::fs::set_permissions(desk.file(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = desk.tokens.probe().unwrap_err();
    assert!(error.to_string().contains("can be read by others (mode 640)"), "{error}");
    std::fs::set_permissions(desk.file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(desk.file(), "no key").unwrap();
    assert!(matches!(desk.tokens.probe(), Err(KeyError::Unreadable { .. })));
}
