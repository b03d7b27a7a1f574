//! Keys of recordings, wrapped under the key of the person whose voice it is.

use std::fmt;
use std::io::Write as _;
use std::path::Path;

use aes_gcm::aead::array::Array;
use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use async_trait::async_trait;
use hkdf::Hkdf;
use sha2::Sha256;
use trunkline_kernel::{CallId, CustomerId, Id as _, RecordingId};
use zeroize::Zeroizing;

use crate::key::{KEY_BYTES, NoRandomness, RecordingKey, random};

/// Whose key a recording's key is wrapped under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The customer whose voice it is: erasing the customer is the end of their recordings.
    Customer(CustomerId),
    /// The call, where nobody knows who spoke.
    Call(CallId),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) => write!(f, "{}-{id}", CustomerId::KIND),
            Self::Call(id) => write!(f, "{}-{id}", CallId::KIND),
        }
    }
}

/// Why a key cannot be wrapped or unwrapped.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// The owner's key was destroyed, and with it everything under it.
    #[error("the key of the recording's owner is destroyed")]
    Destroyed,
    /// The wrapped key is not what was wrapped for this recording.
    #[error("the wrapped key is not the one that was made for this recording")]
    Forged,
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The owners' keys cannot be reached.
    #[error("the keys of owners cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Whoever keeps the keys of owners.
#[async_trait]
pub trait KeyWrap: Send + Sync {
    /// Wraps a recording's key under its owner's, which is made when there is none.
    ///
    /// # Errors
    /// See [`WrapError`].
    async fn wrap(&self, owner: Owner, of: RecordingId, key: &RecordingKey) -> Result<Vec<u8>, WrapError>;

    /// The key that was wrapped.
    ///
    /// # Errors
    /// See [`WrapError`].
    async fn unwrap(&self, owner: Owner, of: RecordingId, wrapped: &[u8]) -> Result<RecordingKey, WrapError>;
}

const NONCE_BYTES: usize = 12;

/// Wraps a recording's key under a key that is used for nothing else: AES-256-GCM with a random nonce, bound to the
/// recording. A key wraps at most as many others as a person has recordings, far below the 2^32 of random nonces.
///
/// # Errors
/// When there is no randomness.
pub fn wrap_under(
    wrapping: &[u8; KEY_BYTES],
    of: RecordingId,
    key: &RecordingKey,
) -> Result<Vec<u8>, WrapError> {
    let nonce = random::<NONCE_BYTES>()?;
    let of = of.uuid();
    let payload = Payload { msg: key.expose(), aad: of.as_bytes() };
    let sealed = cipher(wrapping).encrypt(&Array(nonce), payload).map_err(|_| WrapError::Forged)?;
    Ok([&nonce[..], &sealed].concat())
}

/// The key that [`wrap_under`] wrapped.
///
/// # Errors
/// When it is not what was wrapped for this recording under this key.
pub fn unwrap_under(
    wrapping: &[u8; KEY_BYTES],
    of: RecordingId,
    wrapped: &[u8],
) -> Result<RecordingKey, WrapError> {
    let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_BYTES>().ok_or(WrapError::Forged)?;
    let of = of.uuid();
    let payload = Payload { msg: sealed, aad: of.as_bytes() };
    let opened = cipher(wrapping).decrypt(&Array(*nonce), payload).map_err(|_| WrapError::Forged)?;
    let opened = Zeroizing::new(opened);
    let bytes = <[u8; KEY_BYTES]>::try_from(opened.as_slice()).map_err(|_| WrapError::Forged)?;
    Ok(RecordingKey::from_bytes(bytes))
}

fn cipher(key: &[u8; KEY_BYTES]) -> Aes256Gcm {
    Aes256Gcm::new(&Array(*key))
}

/// Keys of owners that are all derived from one key in a file, for tests and trials. It cannot forget one owner:
/// the vault can.
pub struct KeyFile(Zeroizing<[u8; KEY_BYTES]>);

impl KeyFile {
    /// The key in this file, which is made, readable by its owner alone, when it is not there.
    ///
    /// # Errors
    /// When the file cannot be read or made, or has another length.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        match std::fs::read(path) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice());
                key.map(|key| Self(Zeroizing::new(key))).map_err(|_| {
                    std::io::Error::new(
                        std::io::ErrorKind::InvalidData,
                        "the key file does not hold 32 bytes",
                    )
                })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::make(path),
            Err(error) => Err(error),
        }
    }

    fn make(path: &Path) -> std::io::Result<Self> {
        let key = random().map_err(std::io::Error::other)?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(&key)?;
        file.sync_all()?;
        Ok(Self(Zeroizing::new(key)))
    }

    fn of(&self, owner: Owner) -> Zeroizing<[u8; KEY_BYTES]> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let info = format!("trunkline recordings of {owner} v1");
        let expanded = Hkdf::<Sha256>::new(None, &*self.0).expand(info.as_bytes(), &mut *key);
        debug_assert!(expanded.is_ok(), "32 bytes are fewer than HKDF can give");
        key
    }
}

#[async_trait]
impl KeyWrap for KeyFile {
    async fn wrap(&self, owner: Owner, of: RecordingId, key: &RecordingKey) -> Result<Vec<u8>, WrapError> {
        wrap_under(&self.of(owner), of, key)
    }

    async fn unwrap(&self, owner: Owner, of: RecordingId, wrapped: &[u8]) -> Result<RecordingKey, WrapError> {
        unwrap_under(&self.of(owner), of, wrapped)
    }
}
