//! Recordings' keys under the keys of the persons whose voice it is.

use std::sync::Arc;

use async_trait::async_trait;
use trunkline_kernel::{RecordingId, Subject};
use trunkline_recordings::{KeyWrap, Owner, RecordingKey, WrapError, unwrap_under, wrap_under};
use trunkline_vault::{SubjectKey, Vault};

/// What the key of a subject is derived for. Permanent.
const LABEL: &str = "recording keys";

/// Wraps under a key that is derived from the owner's in the vault, and ends with it.
pub(crate) struct VaultWrap(pub(crate) Arc<Vault>);

fn subject(owner: Owner) -> Subject {
    match owner {
        Owner::Customer(id) => id.into(),
        Owner::Call(id) => id.into(),
    }
}

fn unreachable(error: impl std::error::Error + Send + Sync + 'static) -> WrapError {
    WrapError::Unreachable(Box::new(error))
}

impl VaultWrap {
    async fn key(&self, owner: Owner, make: bool) -> Result<Arc<SubjectKey>, WrapError> {
        let subject = subject(owner);
        let keys = if make { self.0.keys(&[subject]).await } else { self.0.existing(&[subject]).await };
        keys.map_err(unreachable)?.get(subject).cloned().ok_or(WrapError::Destroyed)
    }
}

#[async_trait]
impl KeyWrap for VaultWrap {
    async fn wrap(&self, owner: Owner, of: RecordingId, key: &RecordingKey) -> Result<Vec<u8>, WrapError> {
        let wrapping = self.key(owner, true).await?.derive(LABEL).map_err(unreachable)?;
        wrap_under(&wrapping, of, key)
    }

    async fn unwrap(&self, owner: Owner, of: RecordingId, wrapped: &[u8]) -> Result<RecordingKey, WrapError> {
        let wrapping = self.key(owner, false).await?.derive(LABEL).map_err(unreachable)?;
        unwrap_under(&wrapping, of, wrapped)
    }
}
