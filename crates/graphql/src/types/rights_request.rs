//! Requests of persons about their own data, read from their own short streams.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use trunkline_domain::rights_request::{self, Removal, Right, RightsRequestState};
use trunkline_kernel::{Aggregate as _, RightsRequestId, StreamId, Version};
use trunkline_log::Log;

use super::Customer;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, StateOf, Word, global};
use crate::view::View;

/// The most events of one request: a duty can be prolonged a few times.
const EVENTS_MAX: usize = 100;

/// A request of a person about their own data.
pub(crate) struct RightsRequest {
    id: RightsRequestId,
    folded: rights_request::RightsRequest,
    received_at: DateTime,
    changed_at: DateTime,
    view: View,
}

/// What became of the data in one place.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum RemovalKind {
    /// Rows or files were deleted.
    Deleted,
    /// The key was destroyed, so that what is stored cannot be read any more.
    Unreadable,
}

/// One place that held data of the person.
#[derive(SimpleObject)]
pub(crate) struct RemovedData {
    /// Which place.
    store: String,
    /// What was done there.
    removal: RemovalKind,
    /// How many things: keys, rows, recordings.
    count: u64,
}

/// The signed receipt of an erasure. `trunkline privacy receipt` checks it, and so does any Ed25519 library.
#[derive(SimpleObject)]
pub(crate) struct ErasureReceipt {
    /// The statement: canonical JSON (RFC 8785) of request, customer, time and every place with what was removed.
    statement: String,
    /// Ed25519 (RFC 8032) over the bytes of the statement, in hexadecimal.
    signature: String,
    /// The public key that the signature is checked with, in hexadecimal.
    public_key: String,
}

impl RightsRequest {
    /// Reads a request from the log.
    ///
    /// # Errors
    /// When the log fails or holds an event that this build cannot read.
    pub(crate) async fn read(ctx: &Context<'_>, id: RightsRequestId) -> ApiResult<Option<Self>> {
        let log = ctx.data_unchecked::<Arc<dyn Log>>();
        let events = log.read_stream(&StreamId::of(id), Version::EMPTY, EVENTS_MAX).await?;
        let mut folded = rights_request::RightsRequest::default();
        for recorded in &events {
            let decoded = trunkline_domain::decode_as::<rights_request::Event>(recorded);
            for event in decoded.map_err(|error| ApiError::fault(&error))? {
                folded.evolve(recorded.event.occurred_at, &event);
            }
        }
        let times = events.first().zip(events.last());
        Ok(times.map(|(first, last)| Self {
            id,
            folded,
            received_at: first.event.occurred_at.into(),
            changed_at: last.event.occurred_at.into(),
            view: View::now(ctx),
        }))
    }
}

/// A request of a person about their own data.
#[Object]
impl RightsRequest {
    /// The id, `rights_request:UUID`.
    async fn id(&self) -> ID {
        global(self.id)
    }

    /// How far it has come.
    async fn state(&self) -> StateOf<RightsRequestState> {
        self.folded.state().into()
    }

    /// What is asked.
    async fn right(&self) -> Option<Word<Right>> {
        self.folded.right().map(Word)
    }

    /// Whose data it is about.
    async fn customer(&self) -> ApiResult<Option<Customer>> {
        self.view.customer(self.folded.customer()).await
    }

    /// Until when a duty to keep the data runs.
    async fn restricted_until(&self) -> Option<DateTime> {
        self.folded.restricted_until().map(DateTime)
    }

    /// Every place that held data of the person, with what was removed; empty before an erasure is done.
    async fn removed(&self) -> Vec<RemovedData> {
        let removed = self.folded.done().map(|done| done.removed.as_slice()).unwrap_or_default();
        let shown = removed.iter().map(|removed| RemovedData {
            store: removed.store.clone(),
            removal: match removed.removal {
                Removal::Deleted => RemovalKind::Deleted,
                Removal::Unreadable => RemovalKind::Unreadable,
            },
            count: removed.count,
        });
        shown.collect()
    }

    /// The signed receipt of an erasure that is done.
    async fn receipt(&self) -> Option<ErasureReceipt> {
        let receipt = self.folded.done()?.receipt.clone()?;
        let rights_request::Receipt { statement, signature, public_key } = receipt;
        Some(ErasureReceipt { statement, signature, public_key })
    }

    /// When it came.
    async fn received_at(&self) -> DateTime {
        self.received_at
    }

    /// When it changed last.
    async fn changed_at(&self) -> DateTime {
        self.changed_at
    }
}
