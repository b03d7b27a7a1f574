//! Refusals are data, faults are errors.

use trunkline_kernel::{Refusal, UnknownEvent};
use trunkline_log::LogError;
use trunkline_vault::VaultError;

use crate::SealError;

/// A business refusal as every way in shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refused {
    /// The stable code, for instance `CALL_NOT_RINGING`.
    pub code: String,
    /// The input field that it is about, in the API's spelling.
    pub field: Option<String>,
    /// What was wrong and what to do, in English.
    pub message: String,
}

impl<R: Refusal> From<R> for Refused {
    fn from(refusal: R) -> Self {
        Self {
            code: refusal.code().to_owned(),
            field: refusal.field().map(str::to_owned),
            message: refusal.to_string(),
        }
    }
}

/// Why an action stopped.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// A business rule stands against it.
    #[error("refused: {}", .0.code)]
    Refused(Refused),
    /// The log failed.
    #[error("the log failed")]
    Log(#[from] LogError),
    /// A stored event cannot be read by this build.
    #[error("a stored event cannot be read")]
    Unreadable(#[from] UnknownEvent),
    /// A value of an event or answer has no JSON form.
    #[error("a value cannot be stored")]
    Unstorable(#[from] serde_json::Error),
    /// A personal value could not be opened, because its key could not be had.
    #[error("a personal value cannot be opened")]
    Unopened(#[from] VaultError),
}

impl ActionError {
    /// A refusal that the action itself decides on.
    pub fn refused<R: Refusal>(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A business rule stands against it; nothing was written but, with an idempotency key, the refusal itself.
    #[error("refused: {}", .0.code)]
    Refused(Refused),
    /// Other writers got in first every time. Sending the same request again can help.
    #[error("{attempts} attempts met other writers on stream {stream}")]
    Contended {
        /// How often it was tried: [`crate::DispatchLimits::attempts_max`].
        attempts: u32,
        /// Where the last attempt met another writer.
        stream: String,
    },
    /// The append breaks a limit of the log.
    #[error("the events cannot be taken: {reason}")]
    Invalid {
        /// Which limit, and what to do.
        reason: String,
    },
    /// The log failed. With an idempotency key the request can be sent again without harm.
    #[error("the log failed")]
    Log(#[from] LogError),
    /// A stored event cannot be read by this build.
    #[error("a stored event cannot be read")]
    Unreadable(#[from] UnknownEvent),
    /// A value of an event or answer has no JSON form.
    #[error("a value cannot be stored")]
    Unstorable(#[from] serde_json::Error),
    /// Personal values could not be sealed or opened, and so nothing was written.
    #[error("personal values cannot be sealed or opened")]
    Unsealed(#[from] SealError),
}

impl From<ActionError> for CommandError {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Refused(refused) => Self::Refused(refused),
            ActionError::Log(source) => Self::Log(source),
            ActionError::Unreadable(source) => Self::Unreadable(source),
            ActionError::Unstorable(source) => Self::Unstorable(source),
            ActionError::Unopened(source) => Self::Unsealed(source.into()),
        }
    }
}
