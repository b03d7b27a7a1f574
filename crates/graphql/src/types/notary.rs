//! What the notary vouches for.

use async_graphql::{Context, SimpleObject};
use trunkline_kernel::{Position, Recorded};
use trunkline_notary::{ConsistencyDocument, InclusionDocument, Proof, TreeHash};
use trunkline_registry::{Books, NumberedHead, RegistryError};

use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::scalars::{DateTime, Json, LogPosition};

/// A signed head of the Merkle tree over the log: whoever keeps it can show later that the log up to there was never
/// changed.
#[derive(SimpleObject, Clone)]
pub(crate) struct TreeHead {
    /// How many events it vouches for: the position of the last.
    size: LogPosition,
    /// The root of the tree (RFC 9162, SHA-256), in Base64.
    root: String,
    /// When it was signed.
    signed_at: DateTime,
    /// The name of the key that signed: 16 hexadecimal digits.
    key: String,
    /// Present in the last head of a key: the Ed25519 key that signs from here on, in Base64.
    next_key: Option<String>,
    /// The Ed25519 signature, in Base64.
    signature: String,
    /// The head as the document that `trunkline audit verify --against` takes.
    document: Json,
}

/// That an event is in the tree.
#[derive(SimpleObject)]
pub(crate) struct InclusionProof {
    /// The path of RFC 9162, section 2.1.3, from the leaf to the root, each hash in Base64.
    path: Vec<String>,
    /// The head whose tree has the event.
    head: TreeHead,
    /// The proof as the document that `trunkline audit check` takes.
    document: Json,
}

/// That the log only grew between two heads.
#[derive(SimpleObject)]
pub(crate) struct ConsistencyProof {
    /// The earlier head.
    from: TreeHead,
    /// The later head.
    to: TreeHead,
    /// The path of RFC 9162, section 2.1.4, each hash in Base64.
    path: Vec<String>,
    /// The proof as the document that `trunkline audit check` takes.
    document: Json,
}

/// The notary's books.
///
/// # Errors
/// When this server has no notary.
pub(crate) fn books<'c>(ctx: &Context<'c>) -> ApiResult<&'c Books> {
    ctx.data_unchecked::<Option<Books>>().as_ref().ok_or_else(|| {
        ApiError::new(ErrorCode::BadRequest, "This server has no notary; `notary.enabled` is off.")
    })
}

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        match &error {
            RegistryError::NoHead(_) => Self::input("size", error.to_string()),
            RegistryError::Order { .. } => Self::input("to", error.to_string()),
            RegistryError::NotYet { .. } => Self::input("id", error.to_string()),
            RegistryError::Database(_)
            | RegistryError::Log(_)
            | RegistryError::Incomplete(_)
            | RegistryError::Head { .. }
            | RegistryError::Tampered { .. }
            | RegistryError::Changed(_)
            | RegistryError::NotIntact(_)
            | RegistryError::WrongKey { .. }
            | RegistryError::Untrusted(_)
            | RegistryError::Superseded
            | RegistryError::Thread => Self::fault(&error),
        }
    }
}

fn document(of: &impl serde::Serialize) -> ApiResult<Json> {
    serde_json::to_value(of).map(Json).map_err(|error| ApiError::fault(&error))
}

fn texts(path: &[TreeHash]) -> Vec<String> {
    path.iter().map(TreeHash::to_string).collect()
}

impl TreeHead {
    pub(crate) fn of(signed: &trunkline_notary::SignedHead) -> ApiResult<Self> {
        let head = &signed.head;
        Ok(Self {
            size: LogPosition(Position(head.size)),
            root: head.root.to_string(),
            signed_at: head.signed_at.into(),
            key: signed.key.to_string(),
            next_key: head.next_key.as_ref().map(ToString::to_string),
            signature: signed.signature.to_string(),
            document: document(signed)?,
        })
    }
}

impl InclusionProof {
    /// The proof of an event, when a head has it already and there is a notary at all.
    pub(crate) async fn of(ctx: &Context<'_>, event: &Recorded) -> ApiResult<Option<Self>> {
        let Some(books) = ctx.data_unchecked::<Option<Books>>() else { return Ok(None) };
        let proof: InclusionDocument = match books.prove_now(event).await {
            Ok(proof) => proof,
            Err(RegistryError::NotYet { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (path, head) = (texts(&proof.event.path), TreeHead::of(&proof.head)?);
        Ok(Some(Self { path, head, document: document(&Proof::Inclusion(proof))? }))
    }
}

impl ConsistencyProof {
    pub(crate) async fn of(books: &Books, from: &NumberedHead, to: &NumberedHead) -> ApiResult<Self> {
        let proof: ConsistencyDocument = books.prove_growth(from.signed, to).await?;
        Ok(Self {
            from: TreeHead::of(&proof.from)?,
            to: TreeHead::of(&proof.to)?,
            path: texts(&proof.path),
            document: document(&Proof::Consistency(proof))?,
        })
    }
}
