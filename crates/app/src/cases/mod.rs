//! What clients ask for that concerns several aggregates at once: each is one atomic append.
//!
//! What concerns one aggregate alone needs no case of its own: see [`crate::Single`] and [`New`].

mod call;
mod customer;
mod lead;
mod recording;
mod reservation;
mod task;

use trunkline_kernel::{Aggregate, Id as _};
use uuid::Uuid;

pub use call::{BridgeCall, ClassifyResult, CreateCall, DialCall, EndCall, ExpireWrap, HoldCall, ResumeCall};
pub use customer::{Identifier, LinkIdentifier, RegisterCustomer, UnlinkIdentifier, WithdrawConsent};
pub use lead::{AddLead, QueueLead};
pub use recording::{AnnounceRecording, KnownRecording, LookUpRecording, SealRecording};
pub use reservation::{
    AcceptReservation, CancelReservation, OfferWork, RejectReservation, RescindReservation,
    TimeOutReservation,
};
pub use task::FailTaskAttempt;

use crate::{Action, ActionError, Work};

/// Makes a new aggregate by its first command.
#[derive(Clone, Debug)]
pub struct New<A: Aggregate> {
    /// What makes it.
    pub command: A::Command,
}

impl<A> Action for New<A>
where
    A: Aggregate,
    A::Command: Clone + Sync,
{
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let id: A::Id = work.new_id();
        work.run::<A>(id, self.command.clone()).await?;
        Ok(id.uuid())
    }
}
