//! The one construction by which anything is encrypted here: values under subject keys, subject keys under master
//! keys.
//!
//! A *context* says what is encrypted: for a value its subject, its event and its field. From the secret and the
//! context HKDF-SHA-256 (RFC 5869, expand only, for the secret is uniformly random) derives a cipher key and a
//! nonce key. The nonce is the first 96 bits of HMAC-SHA-256 of the plaintext under the nonce key. So
//!
//! * two contexts have two cipher keys, and no nonce of the one matters to the other;
//! * in one context two plaintexts have two nonces, as SIV (RFC 5297) does it, so that even a context that was used
//!   twice by mistake, say by a repeated event id, gives away nothing but whether the two values are equal.
//!
//! No counter is kept and no chance decides, and nothing has to be remembered over a crash. The context is the
//! associated data as well, so that a ciphertext that was moved elsewhere does not open.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::Forged;

/// How long the nonce is in bytes: what GCM is made for.
pub(crate) const NONCE_BYTES: usize = 12;
/// How long the tag is in bytes.
pub(crate) const TAG_BYTES: usize = 16;

/// 32 secret bytes, wiped when they are dropped.
pub(crate) type Secret = Zeroizing<[u8; 32]>;

struct Derived {
    cipher: Secret,
    nonce: Secret,
}

fn derive(secret: &[u8; 32], context: &[u8]) -> Result<Derived, Forged> {
    let mut both = Zeroizing::new([0; 64]);
    // It fails for a secret shorter than a hash or for output longer than 255 hashes, and this is neither.
    let hkdf = Hkdf::<Sha256>::from_prk(secret).map_err(|_| Forged)?;
    hkdf.expand(context, &mut *both).map_err(|_| Forged)?;
    let mut derived = Derived { cipher: Zeroizing::new([0; 32]), nonce: Zeroizing::new([0; 32]) };
    derived.cipher.copy_from_slice(&both[..32]);
    derived.nonce.copy_from_slice(&both[32..]);
    Ok(derived)
}

impl Derived {
    fn nonce_of(&self, plaintext: &[u8]) -> Result<[u8; NONCE_BYTES], Forged> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.nonce).map_err(|_| Forged)?;
        mac.update(plaintext);
        let mut hash: [u8; 32] = mac.finalize().into_bytes().into();
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&hash[..NONCE_BYTES]);
        hash.zeroize();
        Ok(nonce)
    }
}

/// Nonce, ciphertext and tag of a plaintext in its context.
pub(crate) fn seal(secret: &[u8; 32], context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Forged> {
    let derived = derive(secret, context)?;
    let nonce = derived.nonce_of(plaintext)?;
    let cipher = Aes256Gcm::new_from_slice(&*derived.cipher).map_err(|_| Forged)?;
    let payload = Payload { msg: plaintext, aad: context };
    let sealed = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| Forged)?;
    Ok([&nonce[..], &sealed].concat())
}

/// The plaintext of what [`seal`] gave for the same secret and context.
///
/// # Errors
/// When anything of it is another.
pub(crate) fn open(secret: &[u8; 32], context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Forged> {
    let derived = derive(secret, context)?;
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Forged)?;
    let cipher = Aes256Gcm::new_from_slice(&*derived.cipher).map_err(|_| Forged)?;
    let payload = Payload { msg: sealed, aad: context };
    cipher.decrypt(&Nonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| Forged)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn pair(secret: &[u8; 32], context: &[u8], plaintext: &[u8]) -> ([u8; 32], [u8; NONCE_BYTES]) {
        let derived = derive(secret, context).unwrap();
        (*derived.cipher, derived.nonce_of(plaintext).unwrap())
    }

    #[test]
    fn no_pair_of_key_and_nonce_serves_two_plaintexts() {
        let secret = [7; 32];
        let mut pairs = HashMap::new();
        // Every context twice with every plaintext, as if ids were given out twice.
        for _ in 0..2 {
            for context in 0..200_u32 {
                for plaintext in ["王芳", "王伟", "", "+8613812345678"] {
                    let pair = pair(&secret, &context.to_be_bytes(), plaintext.as_bytes());
                    let said = pairs.entry(pair).or_insert((context, plaintext));
                    assert_eq!(*said, (context, plaintext), "a pair met two plaintexts");
                }
            }
        }
        assert_eq!(pairs.len(), 800, "and every plaintext in its context has a pair of its own");
        let keys: std::collections::HashSet<_> = pairs.keys().map(|(key, _)| key).collect();
        assert_eq!(keys.len(), 200, "a key serves one context alone");
    }

    #[test]
    fn what_is_sealed_under_a_nonce_is_what_the_nonce_is_of() {
        let sealed = seal(&[7; 32], b"place", b"value").unwrap();
        assert_eq!(sealed[..NONCE_BYTES], pair(&[7; 32], b"place", b"value").1);
        assert_eq!(sealed.len(), NONCE_BYTES + 5 + TAG_BYTES);
        assert_eq!(seal(&[7; 32], b"place", b"value").unwrap(), sealed, "and nothing is left to chance");
    }

    #[test]
    fn anything_else_does_not_open() {
        let sealed = seal(&[7; 32], b"place", b"value").unwrap();
        assert_eq!(open(&[7; 32], b"place", &sealed).unwrap().as_slice(), b"value");
        assert!(open(&[8; 32], b"place", &sealed).is_err(), "another key");
        assert!(open(&[7; 32], b"elsewhere", &sealed).is_err(), "another place");
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert!(open(&[7; 32], b"place", &bent).is_err(), "byte {at} was bent");
            assert!(open(&[7; 32], b"place", &sealed[..at]).is_err(), "cut to {at} bytes");
        }
    }
}
