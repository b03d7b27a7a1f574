//! The port to telephony: what the dialer asks of a line, and what a line tells.
//!
//! The verbs are those that switches have: Asterisk's ARI originates a channel, adds channels to a bridge and hangs up;
//! FreeSWITCH's ESL has `originate`, `uuid_bridge` and `uuid_kill`. A call is named by our id everywhere, so that an adapter
//! keeps no table of its own: both let the caller choose the id of a channel.

use tokio::sync::mpsc;
use trunkline_domain::call::{Answerer, EndCause};
use trunkline_kernel::{AgentId, CallId, CampaignId, Millis, PhoneNumber};

/// A call to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The call.
    pub call: CallId,
    /// Whom to dial; it doesn't print itself.
    pub number: PhoneNumber,
    /// The line or number that it is made from, in the switch's words; absent leaves that to the switch.
    pub line: Option<String>,
    /// The campaign that it is made for.
    pub campaign: Option<CampaignId>,
    /// How long it must ring at least before it is given up.
    pub ring_least: Millis,
}

/// Where the switch reaches an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Who.
    pub agent: AgentId,
    /// The agent's address in the switch's words, when it is known.
    pub extension: Option<String>,
}

/// What a line tells of a call, in the order in which it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The other end rings.
    Rang(CallId),
    /// Somebody or something answered.
    Answered(CallId, Answerer),
    /// Nobody answered, there is nobody to answer, or the line could not do what it was asked.
    Ended(CallId, EndCause),
}

/// Where a line tells what happens.
pub type Teller = mpsc::Sender<Heard>;

/// Something that makes calls. It answers at once; what becomes of a call is told later.
pub trait Line: Send + Sync {
    /// Makes a call. Asked again for the same call it makes no second one.
    fn dial(&self, order: Order);

    /// Connects a call that was answered with an agent, to whom the log has given it.
    fn connect(&self, call: CallId, seat: Seat);

    /// Hangs up on a call, which may be over already or never have been this line's.
    fn hang_up(&self, call: CallId);

    /// Whether its calls live on when this program ends, so that they are to be taken up again and not given up.
    fn outlives_us(&self) -> bool;
}
