//! Commands, from whoever asks to the log, on one path: load, decide, append, and again from the start when
//! another writer got in first.
//!
//! An [`Action`] is what one request asks for: one command, or several on several aggregates, appended as one.
//! The [`Dispatcher`] runs it. Nothing else in Trunkline appends.

mod action;
pub mod alerts;
mod authority;
mod cache;
pub mod cases;
mod dispatcher;
mod error;
mod grants;
mod idempotency;
mod licensing;
mod numbers;
mod pacing;
pub mod privacy;
mod queues;
mod recorder;
mod sealing;
mod work;

pub use action::{Action, Outcome, Request, Single};
pub use authority::{AccessLimits, Answer, Authority};
pub use dispatcher::{DispatchLimits, Dispatcher};
pub use error::{ActionError, CommandError, Refused};
pub use grants::GrantInForce;
pub use idempotency::{Idempotency, InvalidKey, KEY_BYTES_MAX};
pub use licensing::{InvalidLicensing, Licensing};
pub use pacing::{Pacing, PacingBoard};
pub use queues::{InvalidQueues, Queues, Wanted};
pub use recorder::{Recorder, RecorderLimits, RecorderStats};
pub use sealing::{SealError, seal};
pub use work::Work;
