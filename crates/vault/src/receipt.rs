//! Signed statements: that something was erased, in words that anybody can check with the public key alone.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::{Vault, VaultError};

/// A statement with who says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Ed25519 (RFC 8032) over the bytes of the statement, in hexadecimal.
    pub signature: String,
    /// The public key, in hexadecimal.
    pub public_key: String,
}

impl Vault {
    /// Signs a statement with the key of this key store that is for nothing else.
    ///
    /// # Errors
    /// When the library refuses a seed of 32 bytes, which it does not.
    pub fn sign(&self, statement: &[u8]) -> Result<Signed, VaultError> {
        let refused = |_| VaultError::Wrapped { name: "receipts".to_owned() };
        let pair = Ed25519KeyPair::from_seed_unchecked(self.receipt_seed()).map_err(refused)?;
        Ok(Signed {
            signature: hex::encode(pair.sign(statement)),
            public_key: hex::encode(pair.public_key()),
        })
    }
}

impl Signed {
    /// Whether the statement was signed by the holder of the public key.
    pub fn covers(&self, statement: &[u8]) -> bool {
        let (Ok(signature), Ok(key)) = (hex::decode(&self.signature), hex::decode(&self.public_key)) else {
            return false;
        };
        UnparsedPublicKey::new(&ED25519, key).verify(statement, &signature).is_ok()
    }
}
