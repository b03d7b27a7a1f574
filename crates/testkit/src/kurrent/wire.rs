//! The part of KurrentDB's public protocol that the server speaks: the messages of
//! `event_store.client.streams`, `…gossip` and `…server_features` with their published field numbers. Fields
//! that the server does not look at are left out; protocol buffers skip them.

use std::collections::HashMap;

use bytes::Bytes;
use prost::{Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Uuid {
    #[prost(oneof = "UuidValue", tags = "1, 2")]
    pub(super) value: Option<UuidValue>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum UuidValue {
    #[prost(message, tag = "1")]
    Structured(StructuredUuid),
    #[prost(string, tag = "2")]
    Text(String),
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct StructuredUuid {
    #[prost(int64, tag = "1")]
    pub(super) most_significant_bits: i64,
    #[prost(int64, tag = "2")]
    pub(super) least_significant_bits: i64,
}

impl Uuid {
    /// The id, when it is one.
    pub(super) fn read(self) -> Option<uuid::Uuid> {
        match self.value? {
            UuidValue::Structured(bits) => Some(uuid::Uuid::from_u64_pair(
                bits.most_significant_bits.cast_unsigned(),
                bits.least_significant_bits.cast_unsigned(),
            )),
            UuidValue::Text(text) => uuid::Uuid::try_parse(&text).ok(),
        }
    }
}

impl From<uuid::Uuid> for Uuid {
    fn from(id: uuid::Uuid) -> Self {
        Self { value: Some(UuidValue::Text(id.to_string())) }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StreamIdentifier {
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) stream_name: Bytes,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Position {
    #[prost(uint64, tag = "1")]
    pub(super) commit: u64,
    #[prost(uint64, tag = "2")]
    pub(super) prepare: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ReadRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) options: Option<ReadOptions>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ReadOptions {
    #[prost(oneof = "ReadFrom", tags = "1, 2")]
    pub(super) from: Option<ReadFrom>,
    /// 0 forwards, 1 backwards.
    #[prost(int32, tag = "3")]
    pub(super) direction: i32,
    #[prost(oneof = "ReadCount", tags = "5, 6")]
    pub(super) count: Option<ReadCount>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum ReadFrom {
    #[prost(message, tag = "1")]
    Stream(StreamOptions),
    #[prost(message, tag = "2")]
    All(()),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StreamOptions {
    #[prost(message, optional, tag = "1")]
    pub(super) stream: Option<StreamIdentifier>,
    #[prost(oneof = "Revision", tags = "2, 3, 4")]
    pub(super) revision: Option<Revision>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum Revision {
    #[prost(uint64, tag = "2")]
    At(u64),
    #[prost(message, tag = "3")]
    Start(()),
    #[prost(message, tag = "4")]
    End(()),
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum ReadCount {
    #[prost(uint64, tag = "5")]
    Events(u64),
    #[prost(message, tag = "6")]
    Subscription(()),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ReadResponse {
    #[prost(oneof = "ReadContent", tags = "1, 2, 4, 8")]
    pub(super) content: Option<ReadContent>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum ReadContent {
    #[prost(message, tag = "1")]
    Event(ReadEvent),
    #[prost(message, tag = "2")]
    Confirmation(Confirmation),
    #[prost(message, tag = "4")]
    StreamNotFound(StreamNotFound),
    #[prost(message, tag = "8")]
    CaughtUp(()),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Confirmation {
    #[prost(string, tag = "1")]
    pub(super) subscription_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StreamNotFound {
    #[prost(message, optional, tag = "1")]
    pub(super) stream: Option<StreamIdentifier>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ReadEvent {
    #[prost(message, optional, tag = "1")]
    pub(super) event: Option<RecordedEvent>,
    #[prost(oneof = "EventPosition", tags = "3, 4")]
    pub(super) position: Option<EventPosition>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum EventPosition {
    #[prost(uint64, tag = "3")]
    Commit(u64),
    #[prost(message, tag = "4")]
    None(()),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RecordedEvent {
    #[prost(message, optional, tag = "1")]
    pub(super) id: Option<Uuid>,
    #[prost(message, optional, tag = "2")]
    pub(super) stream: Option<StreamIdentifier>,
    #[prost(uint64, tag = "3")]
    pub(super) revision: u64,
    #[prost(uint64, tag = "4")]
    pub(super) prepare: u64,
    #[prost(uint64, tag = "5")]
    pub(super) commit: u64,
    #[prost(map = "string, string", tag = "6")]
    pub(super) metadata: HashMap<String, String>,
    #[prost(bytes = "bytes", tag = "7")]
    pub(super) custom_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "8")]
    pub(super) data: Bytes,
}

/// The first message of an append has the options, each later one an event.
#[derive(Clone, PartialEq, Message)]
pub(super) struct AppendRequest {
    #[prost(oneof = "AppendContent", tags = "1, 2")]
    pub(super) content: Option<AppendContent>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum AppendContent {
    #[prost(message, tag = "1")]
    Options(AppendOptions),
    #[prost(message, tag = "2")]
    Proposed(ProposedMessage),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AppendOptions {
    #[prost(message, optional, tag = "1")]
    pub(super) stream: Option<StreamIdentifier>,
    #[prost(oneof = "Expected", tags = "2, 3, 4, 5")]
    pub(super) expected: Option<Expected>,
}

/// What the writer believes of the stream.
#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum Expected {
    #[prost(uint64, tag = "2")]
    Revision(u64),
    #[prost(message, tag = "3")]
    NoStream(()),
    #[prost(message, tag = "4")]
    Any(()),
    #[prost(message, tag = "5")]
    StreamExists(()),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ProposedMessage {
    #[prost(message, optional, tag = "1")]
    pub(super) id: Option<Uuid>,
    #[prost(map = "string, string", tag = "2")]
    pub(super) metadata: HashMap<String, String>,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) custom_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) data: Bytes,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct AppendResponse {
    #[prost(oneof = "AppendResult", tags = "1, 2")]
    pub(super) result: Option<AppendResult>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum AppendResult {
    #[prost(message, tag = "1")]
    Success(Success),
    #[prost(message, tag = "2")]
    WrongExpectedVersion(WrongExpectedVersion),
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Success {
    #[prost(oneof = "success::Revision", tags = "1, 2")]
    pub(super) revision: Option<success::Revision>,
    #[prost(oneof = "success::Place", tags = "3, 4")]
    pub(super) place: Option<success::Place>,
}

pub(super) mod success {
    #[derive(Clone, Copy, PartialEq, prost::Oneof)]
    pub(in super::super) enum Revision {
        #[prost(uint64, tag = "1")]
        Current(u64),
        #[prost(message, tag = "2")]
        NoStream(()),
    }

    #[derive(Clone, Copy, PartialEq, prost::Oneof)]
    pub(in super::super) enum Place {
        #[prost(message, tag = "3")]
        At(super::Position),
        #[prost(message, tag = "4")]
        None(()),
    }
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct WrongExpectedVersion {
    #[prost(oneof = "wrong::Current", tags = "6, 7")]
    pub(super) current: Option<wrong::Current>,
    #[prost(oneof = "wrong::Expected", tags = "8, 9, 10, 11")]
    pub(super) expected: Option<wrong::Expected>,
}

pub(super) mod wrong {
    #[derive(Clone, Copy, PartialEq, prost::Oneof)]
    pub(in super::super) enum Current {
        #[prost(uint64, tag = "6")]
        Revision(u64),
        #[prost(message, tag = "7")]
        NoStream(()),
    }

    #[derive(Clone, Copy, PartialEq, prost::Oneof)]
    pub(in super::super) enum Expected {
        #[prost(uint64, tag = "8")]
        Revision(u64),
        #[prost(message, tag = "9")]
        Any(()),
        #[prost(message, tag = "10")]
        StreamExists(()),
        #[prost(message, tag = "11")]
        NoStream(()),
    }
}

/// The answer of `ServerFeatures/GetSupportedMethods`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SupportedMethods {
    #[prost(message, repeated, tag = "1")]
    pub(super) methods: Vec<SupportedMethod>,
    #[prost(string, tag = "2")]
    pub(super) server_version: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SupportedMethod {
    #[prost(string, tag = "1")]
    pub(super) method_name: String,
    #[prost(string, tag = "2")]
    pub(super) service_name: String,
    #[prost(string, repeated, tag = "3")]
    pub(super) features: Vec<String>,
}

/// The answer of `Gossip/Read`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ClusterInfo {
    #[prost(message, repeated, tag = "1")]
    pub(super) members: Vec<MemberInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MemberInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) instance_id: Option<Uuid>,
    #[prost(int64, tag = "2")]
    pub(super) time_stamp: i64,
    /// 8 is the leader.
    #[prost(int32, tag = "3")]
    pub(super) state: i32,
    #[prost(bool, tag = "4")]
    pub(super) is_alive: bool,
    #[prost(message, optional, tag = "5")]
    pub(super) end_point: Option<EndPoint>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct EndPoint {
    #[prost(string, tag = "1")]
    pub(super) address: String,
    #[prost(uint32, tag = "2")]
    pub(super) port: u32,
}
