//! Master keys that this process holds: several may unwrap, the last wraps.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::RwLock;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Wrapped, file};
use crate::cipher::{self, Secret};
use crate::create::random;
use crate::store::KeyName;
use crate::{Forged, VaultError};

#[derive(Clone)]
struct MasterKey {
    name: String,
    secret: Secret,
}

/// Master keys that this process holds.
pub(super) struct Ring {
    /// Where they are kept; given ones are kept by whoever gave them.
    file: Option<PathBuf>,
    /// Never empty.
    keys: RwLock<Vec<MasterKey>>,
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").field("file", &self.file).finish_non_exhaustive()
    }
}

impl MasterKey {
    fn new(secret: Secret) -> Self {
        // A hash of 32 random bytes tells nothing about them.
        let hash = Sha256::new().chain_update(b"trunkline master key name ").chain_update(*secret).finalize();
        Self { name: format!("key:{}", hex::encode(&hash[..6])), secret }
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
        let mut secret = Secret::default();
        (bytes.len() == secret.len()).then(|| secret.copy_from_slice(&bytes))?;
        Some(Self::new(secret))
    }

    fn line(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}\n", STANDARD.encode(*self.secret)))
    }
}

impl Ring {
    pub(super) fn in_file(path: &Path, make: bool) -> Result<Self, VaultError> {
        if make && !path.exists() {
            file::make(path, &MasterKey::new(random()?).line())?;
        }
        Ok(Self { file: Some(path.to_owned()), keys: RwLock::new(read(path)?) })
    }

    pub(super) fn given(text: &str) -> Result<Self, VaultError> {
        let keys: Option<Vec<_>> = text.split(',').map(MasterKey::parse).collect();
        let reason =
            "each is 32 bytes in base64, as `openssl rand -base64 32` gives; several have commas between";
        let keys = keys.ok_or(VaultError::Given { reason })?;
        Ok(Self { file: None, keys: RwLock::new(keys) })
    }

    pub(super) fn passing() -> Result<Self, VaultError> {
        Ok(Self { file: None, keys: RwLock::new(vec![MasterKey::new(random()?)]) })
    }

    /// Takes over what another process has written, such as `trunkline keys rotate` beside a server.
    fn reload(&self) -> Result<(), VaultError> {
        if let Some(path) = &self.file {
            *self.keys.write() = read(path)?;
        }
        Ok(())
    }

    fn last(&self) -> Result<MasterKey, VaultError> {
        let reason = "there is none";
        self.keys.read().last().cloned().ok_or(VaultError::Given { reason })
    }

    pub(super) fn active(&self) -> Result<String, VaultError> {
        self.reload()?;
        self.last().map(|key| key.name)
    }

    pub(super) fn wrap(&self, keys: &[(KeyName, &Secret)]) -> Result<Vec<Wrapped>, VaultError> {
        self.reload()?;
        let master = self.last()?;
        let wrap = |(name, key): &(KeyName, &Secret)| {
            let sealed = cipher::seal(&master.secret, &name.context(), &***key).map_err(forged(name))?;
            Ok(Wrapped { text: STANDARD.encode(sealed), master: master.name.clone() })
        };
        keys.iter().map(wrap).collect()
    }

    pub(super) fn unwrap(&self, keys: &[(KeyName, Wrapped)]) -> Result<Vec<Secret>, VaultError> {
        let known = |master: &str| self.keys.read().iter().any(|key| key.name == master);
        if keys.iter().any(|(_, wrapped)| !known(&wrapped.master)) {
            self.reload()?;
        }
        let ring = self.keys.read();
        let unwrap = |(name, wrapped): &(KeyName, Wrapped)| {
            let master = ring.iter().find(|key| key.name == wrapped.master);
            let missing = || VaultError::Master { master: wrapped.master.clone() };
            let sealed = STANDARD.decode(&wrapped.text).map_err(|_| forged(name)(Forged))?;
            let opened = cipher::open(&master.ok_or_else(missing)?.secret, &name.context(), &sealed);
            secret_of(&opened.map_err(forged(name))?).ok_or_else(|| forged(name)(Forged))
        };
        keys.iter().map(unwrap).collect()
    }

    pub(super) fn rotate(&self) -> Result<String, VaultError> {
        if let Some(path) = &self.file {
            self.reload()?;
            let mut keys = self.keys.read().clone();
            keys.push(MasterKey::new(random()?));
            write(path, &keys)?;
            *self.keys.write() = keys;
        }
        self.last().map(|key| key.name)
    }

    pub(super) fn retire(&self, in_use: &[String]) -> Result<usize, VaultError> {
        let Some(path) = &self.file else { return Ok(0) };
        self.reload()?;
        let active = self.last()?.name;
        let mut keys = self.keys.read().clone();
        let before = keys.len();
        keys.retain(|key| key.name == active || in_use.contains(&key.name));
        let retired = before - keys.len();
        if retired > 0 {
            write(path, &keys)?;
            *self.keys.write() = keys;
        }
        Ok(retired)
    }
}

pub(super) fn secret_of(bytes: &[u8]) -> Option<Secret> {
    let mut secret = Secret::default();
    (bytes.len() == secret.len()).then(|| secret.copy_from_slice(bytes))?;
    Some(secret)
}

pub(super) fn forged(name: &KeyName) -> impl Fn(Forged) -> VaultError {
    let name = name.to_string();
    move |Forged| VaultError::Wrapped { name: name.clone() }
}

fn read(path: &Path) -> Result<Vec<MasterKey>, VaultError> {
    let text = file::read(path)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Option<Vec<_>> = lines.map(MasterKey::parse).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or_else(|| {
        file::fault(path, "takes 32 bytes in base64 a line, as `openssl rand -base64 32` gives")
    })
}

fn write(path: &Path, keys: &[MasterKey]) -> Result<(), VaultError> {
    let mut text = Zeroizing::new(String::new());
    keys.iter().for_each(|key| text.push_str(&key.line()));
    file::replace(path, &text)
}
