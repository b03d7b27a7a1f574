//! The places of this server that hold data of persons beside the log, and what other servers erase.

use std::sync::Arc;

use async_trait::async_trait;
use trunkline_app::privacy::{ErasureError, ErasureTarget};
use trunkline_domain::rights_request::{Removal, Removed};
use trunkline_kernel::{CustomerId, EventType, Position};
use trunkline_log::{Feed, Filter};
use trunkline_projections::names::NameIndex;
use trunkline_projections::{ReadModel, ReadModels};
use trunkline_vault::Vault;

fn failed(store: &str, source: impl std::error::Error + Send + Sync + 'static) -> ErasureError {
    ErasureError { store: store.to_owned(), source: Box::new(source) }
}

/// The name index: its rows are deleted.
struct Names(Arc<NameIndex>);

#[async_trait]
impl ErasureTarget for Names {
    async fn erase(&self, customer: CustomerId, _erased: Position) -> Result<Vec<Removed>, ErasureError> {
        let store = "name index";
        let count = self.0.forget(customer).await.map_err(|error| failed(store, error))?;
        Ok(vec![Removed { store: store.to_owned(), removal: Removal::Deleted, count }])
    }
}

/// The read models: the customer's row is emptied and the identifiers are deleted by the event itself; sealed values
/// of tasks, calls and interactions stay where they are and cannot be read any more.
struct Rows(ReadModels);

#[async_trait]
impl ErasureTarget for Rows {
    async fn erase(&self, customer: CustomerId, erased: Position) -> Result<Vec<Removed>, ErasureError> {
        let store = "read models";
        self.0.reach(Some(erased), &[ReadModel::Customer360]).await.map_err(|error| failed(store, error))?;
        let row = self.0.customer(customer).await.map_err(|error| failed(store, error))?;
        let count = u64::from(row.is_some_and(|row| row.erased_at.is_some()));
        let removed = |store: &str, removal| Removed { store: store.to_owned(), removal, count };
        Ok(vec![
            removed("customer and identifiers", Removal::Deleted),
            removed("tasks, calls and interactions", Removal::Unreadable),
        ])
    }
}

/// Every place beside the log.
pub(crate) fn places(
    names: &Arc<NameIndex>,
    reads: &ReadModels,
    recordings: &Arc<dyn ErasureTarget>,
) -> Vec<Arc<dyn ErasureTarget>> {
    vec![Arc::new(Names(Arc::clone(names))), Arc::new(Rows(reads.clone())), Arc::clone(recordings)]
}

/// Drops keys from memory whose subjects are erased on any server.
pub(crate) async fn forget_erased(feed: Arc<Feed>, vault: Arc<Vault>, from: Position) {
    let filter = Filter { types: vec![EventType::known("customer.erased")], ..Filter::default() };
    let mut erased = feed.subscribe(filter, from);
    drop(feed);
    while let Ok(batch) = erased.next().await {
        for recorded in &batch.events {
            if let Some(customer) = recorded.stream.id::<CustomerId>() {
                vault.note_destroyed(customer.into());
            }
        }
    }
}
