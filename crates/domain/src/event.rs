//! All events of all aggregates, for followers that read the whole log.

use smallvec::SmallVec;
use trunkline_kernel::{Payload, Recorded, SchemaVersion, StoredEvent, UnknownEvent};

use crate::upcast::{Of, UPCASTERS, decode};

use crate::{
    access, access_policy, agent, alert, call, campaign, command, contact, customer, decision, demand,
    dialer, grant, identifier, interaction, lead, listing, model, recording, reservation, rights_request,
    routing, task, token,
};

/// What is declared of an event type: its name, its present version and the schema of its payload.
#[derive(Clone, Copy, Debug)]
pub struct EventDeclaration {
    /// The permanent name, `category.past_tense`.
    pub name: &'static str,
    /// The version that is written today.
    pub version: u16,
    /// The JSON Schema of the payload.
    pub schema: fn() -> schemars::Schema,
}

macro_rules! all_events {
    ($($variant:ident = $category:ident;)+) => {
        /// Anything that can have happened.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $(
                #[doc = concat!("To a thing of category `", stringify!($category), "`.")]
                $variant($category::Event),
            )+
        }

        /// Every event type of every category.
        pub const DECLARED: &[&[EventDeclaration]] = &[$($category::Event::DECLARED,)+];

        impl Event {
            /// The permanent name, `category.past_tense`.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(event) => event.name(),)+
                }
            }

            /// The version of the shape that is written today.
            pub fn schema_version(&self) -> SchemaVersion {
                match self {
                    $(Self::$variant(event) => event.schema_version(),)+
                }
            }

            /// What it says, in canonical form.
            ///
            /// # Errors
            /// When a value has no JSON form, which a test of every event type rules out.
            pub fn payload(&self) -> serde_json::Result<Payload> {
                match self {
                    $(Self::$variant(event) => event.payload(),)+
                }
            }

            /// Reads a payload of today's shape.
            ///
            /// # Errors
            /// When the name is not declared, or the payload has another shape.
            pub fn of(event_type: &str, payload: &str) -> Result<Self, UnknownEvent> {
                match event_type.split_once('.').map_or("", |(category, _)| category) {
                    $(stringify!($category) => $category::Event::decode(event_type, payload).map(Self::$variant),)+
                    _ => Err(UnknownEvent::Type { event_type: event_type.to_owned() }),
                }
            }
        }

        $(
            impl From<$category::Event> for Event {
                fn from(event: $category::Event) -> Self {
                    Self::$variant(event)
                }
            }
        )+
    };
}

all_events! {
    Access = access;
    AccessPolicy = access_policy;
    Agent = agent;
    Alert = alert;
    Call = call;
    Campaign = campaign;
    Command = command;
    Contact = contact;
    Customer = customer;
    Decision = decision;
    Demand = demand;
    Dialer = dialer;
    Grant = grant;
    Identifier = identifier;
    Interaction = interaction;
    Lead = lead;
    Listing = listing;
    Model = model;
    Recording = recording;
    Reservation = reservation;
    RightsRequest = rights_request;
    Routing = routing;
    Task = task;
    Token = token;
}

impl Event {
    /// Reads a stored event, an older shape as what it means today: usually one event, several where an old one
    /// was split.
    ///
    /// # Errors
    /// When this build does not know the type, or the payload does not have the declared shape.
    pub fn decode(recorded: &Recorded) -> Result<SmallVec<[Self; 1]>, UnknownEvent> {
        let event = &recorded.event;
        decode(UPCASTERS, event.event_type.as_str(), event.schema_version, event.payload.as_str())
    }
}

/// Reads a stored event of one aggregate, an older shape as what it means today: the same as [`Event::decode`]
/// for a caller that knows whose stream it reads.
///
/// # Errors
/// As [`Event::decode`].
pub fn decode_as<E: StoredEvent>(recorded: &Recorded) -> Result<SmallVec<[E; 1]>, UnknownEvent> {
    let event = &recorded.event;
    let events: SmallVec<[Of<E>; 1]> =
        decode(UPCASTERS, event.event_type.as_str(), event.schema_version, event.payload.as_str())?;
    Ok(events.into_iter().map(|Of(event)| event).collect())
}
