//! The key of a recording.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// How long a recording's key is, in bytes: AES-256.
pub const KEY_BYTES: usize = 32;

/// The key of one recording. Wiped from memory when it is dropped, and shown to nobody.
#[derive(Clone)]
pub struct RecordingKey(Zeroizing<[u8; KEY_BYTES]>);

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomness(#[source] getrandom::Error);

impl RecordingKey {
    /// A fresh key.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, NoRandomness> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// A key that was kept.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// What names the key in events and tells nothing of it: 16 bytes of HKDF-SHA-256, in hexadecimal digits.
    pub fn id(&self) -> String {
        let mut id = [0; 16];
        let expanded = Hkdf::<Sha256>::new(None, &*self.0).expand(b"trunkline recording key id v1", &mut id);
        debug_assert!(expanded.is_ok(), "16 bytes are fewer than HKDF can give");
        hex::encode(id)
    }

    /// The key itself, for whoever wraps it.
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for RecordingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("recording key")
    }
}

/// Bytes that nobody can foresee, from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}
