//! What clients ask for that concerns several aggregates at once: each is one atomic append.
//!
//! What concerns one aggregate alone needs no case of its own: see [`crate::Single`] and [`New`].

mod call;
mod compliance;
mod customer;
mod dial;
mod dialer;
mod lead;
mod listing;
mod model;
mod preview;
mod recording;
mod report;
mod reservation;
mod routing;
mod task;
mod terms;

use trunkline_kernel::{Aggregate, Id as _};
use uuid::Uuid;

pub use call::{BridgeCall, ClassifyResult, CreateCall, EndCall, ExpireWrap, HoldCall, ResumeCall};
pub use compliance::{Judges, asked, judge_again};
pub use customer::{Identifier, LinkIdentifier, RegisterCustomer, UnlinkIdentifier, WithdrawConsent};
pub use dial::{DialCall, DialLead, LeadDialed};
pub use dialer::{InTerm, TakeDialer};
pub use lead::{AddLead, QueueLead, RECYCLED_TOGETHER_MAX, RecycleLeads};
pub use listing::{ChangeListings, ListingChange};
pub use model::NoteMeasurement;
pub use preview::{DialPreview, ShowLead, SkipPreview};
pub use recording::{AnnounceRecording, KnownRecording, LookUpRecording, SealRecording};
pub use report::{Arrival, Report, ReportCall};
pub use reservation::{
    AcceptReservation, CancelReservation, LoseAgent, OfferWork, RejectReservation, RescindReservation,
    TimeOutReservation,
};
pub use routing::{
    BridgeDecided, DecidedWork, KnownWork, OfferDecided, OffersMade, RequestRouting, look_up, look_up_answer,
    routing_of,
};
pub use task::FailTaskAttempt;
pub use terms::hours;

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
