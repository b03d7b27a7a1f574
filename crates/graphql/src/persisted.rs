//! Persisted queries: the text once, its SHA-256 from then on (the protocol of Apollo's clients).

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use crate::error::{ApiError, ApiResult, ErrorCode};

/// The texts that are known, the least used goes first when there are too many.
#[derive(Debug)]
pub(crate) struct PersistedQueries {
    texts: Mutex<LruCache<[u8; 32], Arc<str>>>,
}

impl PersistedQueries {
    pub(crate) fn new(queries_max: usize) -> Self {
        let capacity = NonZeroUsize::new(queries_max).unwrap_or(NonZeroUsize::MIN);
        Self { texts: Mutex::new(LruCache::new(capacity)) }
    }

    /// The text to run for a request that has a text, the hash of a text, or both.
    ///
    /// # Errors
    /// When the hash is not known, is not that of the text, or is no SHA-256.
    pub(crate) fn resolve(&self, text: &str, extension: Option<&serde_json::Value>) -> ApiResult<Arc<str>> {
        let Some(extension) = extension else {
            return Ok(text.into());
        };
        let hash = hash_of(extension)?;
        if text.is_empty() {
            return self
                .texts
                .lock()
                .get(&hash)
                .cloned()
                .ok_or_else(|| ApiError::new(ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound"));
        }
        if <[u8; 32]>::from(Sha256::digest(text)) != hash {
            let message = "The persisted query's sha256Hash is not the hash of its text.";
            return Err(ApiError::new(ErrorCode::PersistedQueryMismatch, message));
        }
        Ok(text.into())
    }

    /// Keeps a text that has been read and found within the limits, when its client asked for that.
    pub(crate) fn keep(&self, text: &Arc<str>, extension: Option<&serde_json::Value>) {
        if extension.is_some() {
            self.texts.lock().put(Sha256::digest(text.as_bytes()).into(), text.clone());
        }
    }
}

fn hash_of(extension: &serde_json::Value) -> ApiResult<[u8; 32]> {
    let version = extension.get("version").and_then(serde_json::Value::as_u64);
    let mut hash = [0; 32];
    let text = extension.get("sha256Hash").and_then(serde_json::Value::as_str).unwrap_or_default();
    if version != Some(1) || hex::decode_to_slice(text, &mut hash).is_err() {
        let message = "extensions.persistedQuery takes {version: 1, sha256Hash: 64 hexadecimal digits}.";
        return Err(ApiError::new(ErrorCode::BadRequest, message));
    }
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_is_known_by_its_hash_once_it_was_kept_and_the_least_used_goes() {
        let queries = PersistedQueries::new(1);
        let named = |text: &str| json!({"version": 1, "sha256Hash": hex::encode(Sha256::digest(text))});
        let (a, b) = (named("{a}"), named("{b}"));
        let code = |result: ApiResult<Arc<str>>| result.map_err(|error| error.code());
        assert_eq!(code(queries.resolve("", Some(&a))), Err(ErrorCode::PersistedQueryNotFound));
        assert_eq!(code(queries.resolve("{b}", Some(&a))), Err(ErrorCode::PersistedQueryMismatch));
        let text = code(queries.resolve("{a}", Some(&a))).unwrap();
        queries.keep(&text, Some(&a));
        assert_eq!(code(queries.resolve("", Some(&a))).as_deref(), Ok("{a}"));
        queries.keep(&"{b}".into(), Some(&b));
        assert_eq!(code(queries.resolve("", Some(&a))), Err(ErrorCode::PersistedQueryNotFound));
        let wrong = json!({"version": 2, "sha256Hash": "00"});
        assert_eq!(code(queries.resolve("", Some(&wrong))), Err(ErrorCode::BadRequest));
    }
}
