//! The port to telephony: what the dialer asks of a line, and what a line tells.

use tokio::sync::mpsc;
use trunkline_domain::call::{Answerer, EndCause};
use trunkline_kernel::{CallId, Millis};

/// A call to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The call.
    pub call: CallId,
    /// How long it must ring at least before it is given up.
    pub ring_least: Millis,
}

/// What a line tells of a call, in the order in which it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The other end rings.
    Rang(CallId),
    /// Somebody or something answered.
    Answered(CallId, Answerer),
    /// Nobody answered, or there is nobody to answer.
    Ended(CallId, EndCause),
}

/// Where a line tells what happens.
pub type Teller = mpsc::Sender<Heard>;

/// Something that makes calls. It answers at once; what becomes of a call it tells later.
pub trait Line: Send + Sync {
    /// Makes a call.
    fn dial(&self, order: Order);

    /// Hangs up on a call that nobody takes.
    fn hang_up(&self, call: CallId);
}
