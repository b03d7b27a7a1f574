//! The places beside the log that hold data of persons.

use async_trait::async_trait;
use trunkline_domain::rights_request::Removed;
use trunkline_kernel::{CustomerId, Position};

/// Why a place could not drop a person's data. The erasure stays under way and is gone on with by executing it again.
#[derive(Debug, thiserror::Error)]
#[error("{store} could not drop the person's data")]
pub struct ErasureError {
    /// Which place.
    pub store: String,
    /// What went wrong.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A place beside the log that holds data of persons and drops it when they are erased.
#[async_trait]
pub trait ErasureTarget: Send + Sync + 'static {
    /// Whether something here has to be kept yet, so that the person cannot be erased: their request is then
    /// restricted until the duty ends.
    ///
    /// # Errors
    /// What failed.
    async fn keeps(&self, _customer: CustomerId) -> Result<bool, ErasureError> {
        Ok(false)
    }

    /// Drops everything about a customer whose key is destroyed already, and says what. `erased` is the position of
    /// the event that says so: a follower first goes there. Doing it twice does no harm.
    ///
    /// # Errors
    /// What failed.
    async fn erase(&self, customer: CustomerId, erased: Position) -> Result<Vec<Removed>, ErasureError>;
}
