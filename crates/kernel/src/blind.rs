//! Blind indexes: values are compared by a keyed hash, so that who has the hashes cannot try out values.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::ZeroizeOnDrop;

/// The secret under which values that are looked up are hashed. It is made and kept by the vault, and is an input
/// to everybody else.
#[derive(Clone, ZeroizeOnDrop)]
pub struct BlindKey([u8; 32]);

impl BlindKey {
    /// Takes a secret of 32 random bytes.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// HMAC-SHA-256 of a value that was brought into its one spelling. Hashes of two purposes have nothing to do
    /// with each other; a purpose has no NUL in it.
    pub fn hash(&self, purpose: &str, normalised: &[u8]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            // HMAC takes a key of any length.
            return [0; 32];
        };
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(normalised);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for BlindKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a blind-index key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_hmac_sha_256_over_purpose_and_value() {
        let key = BlindKey::new([0x0b; 32]);
        // Computed with Python's `hmac` over "phone\0+8613812345678".
        let expected = "4bb8c7bbeda31ef78d68f8ad38c564238a9fa20a4e85a172af73850872536496";
        assert_eq!(hex::encode(key.hash("phone", b"+8613812345678")), expected);
        assert_ne!(key.hash("phone", b"x"), key.hash("email", b"x"));
        assert_ne!(key.hash("phone", b"x"), BlindKey::new([1; 32]).hash("phone", b"x"));
        assert_eq!(format!("{key:?}"), "a blind-index key");
    }
}
