//! The words of Trunkline: typed ids, streams, versions, positions, events, causes, and the two inputs
//! that no pure code may fetch for itself, time and identity.
//!
//! Every other room depends on this one, so it does no I/O, starts no task and reads no clock.

mod aggregate;
mod blind;
mod cause;
mod event;
mod id;
mod machine;
mod order;
mod personal;
mod phone;
mod source;
mod stream;
mod subject;
mod tag;
mod time;

pub use aggregate::{Aggregate, Refusal, StoredEvent, UnknownEvent};
pub use blind::BlindKey;
pub use cause::{Actor, ActorKind, Cause, InvalidActor};
pub use event::{Digest, EventType, InvalidEventType, NewEvent, Payload, Recorded, SchemaVersion};
pub use id::{
    AccessPolicyId, AgentId, AlertId, CallId, CampaignId, CommandId, ContactId, CorrelationId, CustomerId,
    DecisionId, DemandId, DialerId, EventId, GrantId, Id, InteractionId, LeadId, ListingId, ModelsId,
    RecordingId, ReservationId, RightsRequestId, RoutingId, ServerId, TaskId, TokenId, TraceId,
};
pub use machine::{IllegalTransition, Machine, State, Transition};
pub use order::{Position, Version};
pub use personal::{Personal, Sealed};
pub use phone::{InvalidPhoneNumber, PhoneNumber};
pub use source::{Clock, FixedClock, Ids, RandomIds, SeededIds, SystemClock};
pub use stream::{Category, InvalidStream, StreamId};
pub use subject::{InvalidSubject, Subject, SubjectKind};
pub use tag::{InvalidTag, Tag, Tags};
pub use time::{InvalidTimestamp, Millis, Timestamp};
