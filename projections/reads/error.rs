//! Why a query of a read model gives no answer.

use std::time::Duration;

use trunkline_database::DatabaseError;
use trunkline_kernel::Position;
use trunkline_log::LogError;

/// Why a query of a read model gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The read model did not get there in time. Asking again later helps.
    #[error(
        "the read model {model} is at position {reached}, position {wanted} was asked for and waited {waited:?} for"
    )]
    NotReached {
        /// Which one.
        model: &'static str,
        /// What was asked for.
        wanted: Position,
        /// How far it is.
        reached: Position,
        /// How long was waited, `reads.wait_max`.
        waited: Duration,
    },
    /// A cursor that this list did not give out.
    #[error("the cursor is not one of this list")]
    Cursor,
    /// A request breaks a limit.
    #[error("{what} is limited to {limit}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// To how much.
        limit: usize,
    },
    /// An event could not be folded while a past state was made.
    #[error("the state as of position {position} cannot be made: {reason}")]
    Fold {
        /// The event.
        position: Position,
        /// Why.
        reason: String,
    },
    /// The database failed.
    #[error("the read models' database failed")]
    Database(#[from] DatabaseError),
    /// The log failed.
    #[error("the log failed")]
    Log(#[from] LogError),
}
