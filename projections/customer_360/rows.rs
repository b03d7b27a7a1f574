//! The tables of customer-360.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trunkline_database::{Json, table};
use trunkline_domain::customer::{ConsentState, CustomerKind};
use trunkline_domain::identifier::{IdentifierId, IdentifierKind};
use trunkline_domain::words::{Channel, Direction, Features, Insight, Purpose};
use trunkline_kernel::{
    AgentId, CallId, CampaignId, CustomerId, InteractionId, Personal, Position, Timestamp,
};
use uuid::Uuid;

use crate::words::{As, Word};

table! {
    /// Who a customer is, with counts and the last contact.
    #[derive(Clone, Debug, PartialEq)]
    pub struct CustomerRow = "customers" key(customer_id) {
        /// The customer.
        pub customer_id: CustomerId,
        /// What sort of customer.
        pub kind: As<CustomerKind>,
        /// The name, where it is known.
        pub name: Option<Personal<String>>,
        /// The language to speak, BCP 47.
        pub language: Option<String>,
        /// Where the customer is, ISO 3166.
        pub region: Option<String>,
        /// The IANA time zone that calling hours are judged in.
        pub time_zone: Option<String>,
        /// The line of business.
        pub industry: Option<String>,
        /// The size class, in the words of the source.
        pub scale: Option<String>,
        /// Further values in the words of the source.
        pub attributes: Json<BTreeMap<String, Personal<String>>>,
        /// Values for models, the latest of each name.
        pub features: Json<Features>,
        /// The agent who is responsible.
        pub owner_id: Option<AgentId>,
        /// Since when.
        pub owner_since: Option<Timestamp>,
        /// The latest score of each model and product.
        pub scores: Json<Vec<Score>>,
        /// What was understood last about the customer's needs.
        pub insight: Option<Json<Insight>>,
        /// When it was understood.
        pub insight_at: Option<Timestamp>,
        /// The interaction it comes from.
        pub insight_interaction_id: Option<InteractionId>,
        /// Whether the customer has opted out of automated decisions.
        pub refuses_automated_decisions: bool,
        /// When the customer was erased.
        pub erased_at: Option<Timestamp>,
        /// Calls with the customer, phantoms included.
        pub calls: i64,
        /// Calls that an agent answered.
        pub calls_answered: i64,
        /// Interactions on any channel.
        pub interactions: i64,
        /// Tasks ever opened.
        pub tasks: i64,
        /// Tasks that are not at an end.
        pub tasks_open: i64,
        /// When there was contact first.
        pub first_contact_at: Option<Timestamp>,
        /// When there was contact last.
        pub last_contact_at: Option<Timestamp>,
        /// On which channel.
        pub last_contact_channel: Option<As<Channel>>,
        /// The agent who spoke with the customer last.
        pub last_agent_id: Option<AgentId>,
        /// The last call.
        pub last_call_id: Option<CallId>,
        /// Calls with a sale.
        pub sales: i64,
        /// The wrap-up code of the last call that has one.
        pub last_outcome: Option<String>,
        /// When it was given.
        pub last_outcome_at: Option<Timestamp>,
        /// When the customer became known.
        pub registered_at: Timestamp,
        /// When anything here changed last, in event time.
        pub changed_at: Timestamp,
        /// The event that changed it last.
        pub position: Position,
    }
}

/// The latest score of one model for one product and campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Score {
    /// The model and its version.
    pub model: String,
    /// The score, from 0 to 1.
    pub score: f64,
    /// The product it is about.
    pub product: Option<String>,
    /// The campaign it is about.
    pub campaign: Option<CampaignId>,
    /// How much each feature added.
    #[serde(default)]
    pub contributions: BTreeMap<String, f64>,
    /// When it was given.
    pub at: Timestamp,
}

table! {
    /// One identifier of one customer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct IdentifierRow = "customer_identifiers" key(customer_id, identifier_id) {
        /// Whose.
        pub customer_id: CustomerId,
        /// The claim: a hash of kind and value, by which the identifier is looked up.
        pub identifier_id: Uuid,
        /// What sort of identifier.
        pub kind: As<IdentifierKind>,
        /// Its normalised value.
        pub value: Option<Personal<String>>,
        /// Since when it is known.
        pub linked_at: Timestamp,
        /// The event that linked it.
        pub position: Position,
    }
}

impl IdentifierRow {
    /// The claim, typed.
    pub fn claim(&self) -> IdentifierId {
        trunkline_kernel::Id::from_uuid(self.identifier_id)
    }
}

table! {
    /// What a customer agreed to for one purpose on one channel.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ConsentRow = "customer_consents" key(customer_id, purpose, channel) {
        /// Whose.
        pub customer_id: CustomerId,
        /// For what.
        pub purpose: As<Purpose>,
        /// On which channel.
        pub channel: As<Channel>,
        /// How it stands.
        pub state: As<ConsentState>,
        /// What proves a grant.
        pub evidence: Option<String>,
        /// Until when the grant or the suppression holds.
        pub until: Option<Timestamp>,
        /// The customer's reason for a refusal, or the rule of a suppression.
        pub reason: Option<Personal<String>>,
        /// Since when it stands so.
        pub since: Timestamp,
        /// The event that made it so.
        pub position: Position,
    }
}

/// What sort of thing an entry of a timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimelineKind {
    /// A call; `entry_id` is its id.
    Call,
    /// An interaction; `entry_id` is its id.
    Interaction,
    /// A task; `entry_id` is its id.
    Task,
}

impl Word for TimelineKind {
    fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Interaction => "interaction",
            Self::Task => "task",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Call, Self::Interaction, Self::Task].into_iter().find(|kind| kind.word() == word)
    }
}

table! {
    /// One entry of a customer's timeline. What it is about is read from that thing's own table.
    #[derive(Clone, Debug, PartialEq)]
    pub struct TimelineRow = "customer_timeline" key(customer_id, occurred_at, entry_id) {
        /// Whose.
        pub customer_id: CustomerId,
        /// When it began, in event time.
        pub occurred_at: Timestamp,
        /// The id of the call, interaction or task.
        pub entry_id: Uuid,
        /// What sort of thing it is.
        pub kind: As<TimelineKind>,
        /// On which channel; absent for tasks.
        pub channel: Option<As<Channel>>,
        /// Who began it; absent for tasks.
        pub direction: Option<As<Direction>>,
        /// The event that began it.
        pub position: Position,
    }
}

table! {
    /// Something that was said or done on some channel.
    #[derive(Clone, Debug, PartialEq)]
    pub struct InteractionRow = "interactions" key(interaction_id) {
        /// The interaction.
        pub interaction_id: InteractionId,
        /// By or to whom.
        pub customer_id: CustomerId,
        /// On which channel.
        pub channel: As<Channel>,
        /// Who began it.
        pub direction: As<Direction>,
        /// The agent who took part.
        pub agent_id: Option<AgentId>,
        /// The call that it was.
        pub call_id: Option<CallId>,
        /// What it was about.
        pub subject: Option<Personal<String>>,
        /// What was said.
        pub body: Option<Personal<String>>,
        /// Further values in the words of the source.
        pub attributes: Json<BTreeMap<String, String>>,
        /// What was understood of it.
        pub insight: Option<Json<Insight>>,
        /// When it happened.
        pub occurred_at: Timestamp,
        /// The event that changed it last.
        pub position: Position,
    }
}
