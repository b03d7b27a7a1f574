//! What goes over the wire, in both directions. The OpenAPI document is made of these types.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_app::Queues;
use trunkline_app::cases::{Arrival, Report};
use trunkline_domain::call::{Answerer, Created, EndCause};
use trunkline_domain::words::Direction;
use trunkline_kernel::{AgentId, CallId, CampaignId, Millis, PhoneNumber, Timestamp};

use crate::line::{Order, Seat};

/// What the switch is to do. The header `webhook-id` names the order by its kind and its call, for instance
/// `dial-019c0d2e-…`, and `connect` by its agent too: an order that was carried out is not carried out again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Instruction {
    /// Make a call, and tell what becomes of it in events that name it.
    Dial {
        /// The call.
        call: CallId,
        /// Whom to dial.
        number: PhoneNumber,
        /// The line or number that it is made from, in the switch's words; absent leaves that to the switch.
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<String>,
        /// The campaign that it is made for.
        #[serde(skip_serializing_if = "Option::is_none")]
        campaign: Option<CampaignId>,
        /// How long it must ring at least before the switch gives it up, in milliseconds.
        ring_least_ms: Millis,
    },
    /// Connect the call with the agent, now. When it is given for a call with another agent, the one before does not
    /// take it any more.
    Connect {
        /// The call, in which somebody has answered or a customer waits.
        call: CallId,
        /// The agent.
        agent: AgentId,
        /// Where the switch reaches the agent, as it was registered with the agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        extension: Option<String>,
    },
    /// Hang up. A call that is over already is hung up (404 and 410 count as done).
    HangUp {
        /// The call.
        call: CallId,
    },
}

impl Instruction {
    pub(super) fn dial(order: Order) -> Self {
        let Order { call, number, line, campaign, ring_least } = order;
        Self::Dial { call, number, line, campaign, ring_least_ms: ring_least }
    }

    pub(super) fn connect(call: CallId, seat: Seat) -> Self {
        let Seat { agent, extension } = seat;
        Self::Connect { call, agent, extension }
    }

    pub(super) fn call(&self) -> CallId {
        match self {
            Self::Dial { call, .. } | Self::Connect { call, .. } | Self::HangUp { call } => *call,
        }
    }

    /// What names it, the same whenever it is given.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Dial { call, .. } => format!("dial-{call}"),
            // The call can come back from an agent who accepted it and go to another.
            Self::Connect { call, agent, .. } => format!("connect-{call}-{agent}"),
            Self::HangUp { call } => format!("hang_up-{call}"),
        }
    }
}

/// What happened to a call. Call and sequence name the event: sent again it must be as it was, and has no further effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallEvent {
    /// The call, as the order named it. A call that arrives is named by the switch, with a UUID that it makes for it.
    pub call: CallId,
    /// The events of a call are numbered 1, 2, 3 and so on, in the order in which they happened.
    pub sequence: NonZeroU32,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub happening: Happening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Happening {
    /// A customer calls us.
    Arrived {
        /// The number that calls, in E.164; absent when it is withheld.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<PhoneNumber>,
        /// Our line that is called, in the switch's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<String>,
        /// The queue that the call waits in for an agent, who is looked for at once; absent when it does not wait.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<String>,
    },
    /// The other end rings.
    Ringing,
    /// Somebody or something answered.
    Answered {
        /// Who.
        by: Answerer,
    },
    /// Customer and agent are connected.
    Bridged {
        /// The agent; absent when the switch does not know.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentId>,
    },
    /// The customer waits on the line.
    Held,
    /// The conversation goes on.
    Resumed,
    /// The call is over. A cause that cannot be, as far as the call has come, counts as `completed`, or as `failed` when
    /// no agent was in it.
    Ended {
        /// Why.
        cause: EndCause,
    },
}

impl Happening {
    /// What it says, where arriving calls of these queues are routed; of none where they are not.
    pub(super) fn report(&self, queues: Option<&Queues>) -> Report {
        match self {
            Self::Arrived { from, line, queue } => {
                let wanted = queues.zip(queue.as_ref()).map(|(queues, queue)| queues.of(queue));
                let created = Created {
                    number: from.clone().map(Into::into),
                    queue: queue.clone(),
                    line: line.clone(),
                    ..Created::new(Direction::Inbound)
                };
                Report::Arrived(Box::new(Arrival { created, wanted }))
            }
            Self::Ringing => Report::Rang,
            Self::Answered { by } => Report::Answered(*by),
            Self::Bridged { agent } => Report::Bridged(*agent),
            Self::Held => Report::Held,
            Self::Resumed => Report::Resumed,
            Self::Ended { cause } => Report::Ended(*cause),
        }
    }
}
