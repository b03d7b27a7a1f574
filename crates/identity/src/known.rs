//! Tokens that were checked, so that the next request with one costs a hash and not a signature.

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use trunkline_access::Identity;
use trunkline_kernel::{Timestamp, TokenId};

/// Somebody whose token was checked.
#[derive(Debug)]
pub(crate) struct Known {
    /// Who, without the address they ask from.
    pub(crate) identity: Identity,
    /// The token's own id, when it is one of ours.
    pub(crate) local: Option<TokenId>,
    /// When the provider was asked about it last, when it is one that it is asked about.
    pub(crate) asked: Option<Mutex<Timestamp>>,
    /// When it is to be looked at anew, as if it were not known: keys are withdrawn, too.
    pub(crate) fresh_until: Timestamp,
    /// When it is no longer taken, clock skew included.
    pub(crate) until: Timestamp,
}

/// The hash of a token. The token itself is not kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// The tokens checked last.
pub(crate) struct Memory(Mutex<LruCache<Fingerprint, Arc<Known>>>);

impl Memory {
    pub(crate) fn new(most: NonZeroUsize) -> Self {
        Self(Mutex::new(LruCache::new(most)))
    }

    pub(crate) fn get(&self, fingerprint: Fingerprint) -> Option<Arc<Known>> {
        self.0.lock().get(&fingerprint).map(Arc::clone)
    }

    pub(crate) fn keep(&self, fingerprint: Fingerprint, known: Arc<Known>) {
        self.0.lock().put(fingerprint, known);
    }

    pub(crate) fn forget(&self, fingerprint: Fingerprint) {
        self.0.lock().pop(&fingerprint);
    }
}
