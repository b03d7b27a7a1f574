//! One server dials: it takes the seat, and what it does in its term is refused once another has taken it.

use trunkline_domain::dialer::{self, Dialer};
use trunkline_kernel::{ServerId, StreamId};

use crate::{Action, ActionError, Work};

/// Has this server dial from now on. Gives its term.
#[derive(Clone, Copy, Debug)]
pub struct TakeDialer {
    /// The server.
    pub server: ServerId,
}

impl Action for TakeDialer {
    type Answer = u64;

    async fn perform(&self, work: &mut Work<'_>) -> Result<u64, ActionError> {
        let id = dialer::of_campaigns();
        work.require::<Dialer>(id).await?;
        work.run::<Dialer>(id, dialer::Command::Seat { server: self.server }).await?;
        Ok(work.state::<Dialer>(id).await?.term())
    }
}

/// What the dialer does in its term. A server that was paused, and another has dialed since, does nothing: the append fails
/// with the term that it rests on.
#[derive(Clone, Copy, Debug)]
pub struct InTerm<'a, A> {
    /// The term.
    pub term: u64,
    /// What it does.
    pub action: &'a A,
}

impl<A: Action> Action for InTerm<'_, A> {
    type Answer = A::Answer;

    async fn perform(&self, work: &mut Work<'_>) -> Result<A::Answer, ActionError> {
        let seat = work.require::<Dialer>(dialer::of_campaigns()).await?;
        seat.permit(self.term).map_err(ActionError::refused)?;
        self.action.perform(work).await
    }

    fn contends_on(&self) -> Option<StreamId> {
        self.action.contends_on()
    }
}
