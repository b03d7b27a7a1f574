//! The key that signs local tokens, and its file.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jsonwebtoken::{DecodingKey, EncodingKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

/// Nobody but the owner may read the file.
const MODE: u32 = 0o600;

/// The bytes of the public key's hash that name the key.
const ID_BYTES: usize = 8;

/// The key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("cannot use the key file {}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others than its owner can read the file.
    #[error("the key file {} can be read by others (mode {mode:o}): `chmod 600` it, or make a new one if they did", file.display())]
    Exposed {
        /// Which.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file holds no key.
    #[error("the key file {} holds no Ed25519 key in PKCS#8 PEM", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
    },
    /// No key could be made.
    #[error("no key could be made")]
    Unmade,
}

/// A key that signs, with its public half.
pub(crate) struct Key {
    /// What signs.
    pub(crate) signing: EncodingKey,
    /// What checks.
    pub(crate) checking: DecodingKey,
    /// What names it in the headers of tokens (`kid`).
    pub(crate) id: String,
}

impl Key {
    /// The key in the file; nothing when there is no file.
    ///
    /// # Errors
    /// When others can read it, or it is no key.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, KeyError> {
        let fault = |source| KeyError::File { file: path.to_owned(), source };
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault(error)),
        };
        let mode = file.metadata().map_err(fault)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed { file: path.to_owned(), mode });
        }
        let mut pem = Vec::new();
        file.read_to_end(&mut pem).map_err(fault)?;
        let unreadable = || KeyError::Unreadable { file: path.to_owned() };
        let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(|_| unreadable())?;
        Self::of(der.secret_pkcs8_der()).map(Some).ok_or_else(unreadable)
    }

    /// The key in the file, made when there is none.
    ///
    /// # Errors
    /// As [`Self::read`], and when the file cannot be written.
    pub(crate) fn read_or_make(path: &Path) -> Result<Self, KeyError> {
        if let Some(key) = Self::read(path)? {
            return Ok(key);
        }
        let fault = |source| KeyError::File { file: path.to_owned(), source };
        let made = Ed25519KeyPair::generate_pkcs8v1(&aws_lc_rs::rand::SystemRandom::new());
        let der = made.map_err(|_| KeyError::Unmade)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(fault)?;
        }
        match OpenOptions::new().write(true).create_new(true).mode(MODE).open(path) {
            Ok(mut file) => {
                file.write_all(pem(der.as_ref()).as_bytes()).map_err(fault)?;
                file.sync_all().map_err(fault)?;
            }
            // Another process made one at the same time; that is the key.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(fault(error)),
        }
        Self::read(path)?.ok_or(KeyError::Unmade)
    }

    fn of(pkcs8: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
        let public = pair.public_key().as_ref();
        Some(Self {
            signing: EncodingKey::from_ed_der(pkcs8),
            checking: DecodingKey::from_ed_der(public),
            id: hex::encode(&Sha256::digest(public)[..ID_BYTES]),
        })
    }
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}
