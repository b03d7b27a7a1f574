//! What can have happened to a customer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, CampaignId, InteractionId, Personal, RightsRequestId, Timestamp};

use crate::identifier::{IdentifierId, IdentifierKind};
use crate::words::{Channel, Features, Insight, Purpose};

words! {
    /// What sort of customer.
    CustomerKind {
        /// A natural person.
        Person = "person",
        /// A company.
        Company = "company",
    }
}

events! {
    /// What can have happened to a customer.
    Registered = "customer.registered" v 1;
    IdentifierLinked = "customer.identifier_linked" v 1;
    IdentifierUnlinked = "customer.identifier_unlinked" v 1;
    ProfileChanged = "customer.profile_changed" v 1;
    FeaturesRecorded = "customer.features_recorded" v 1;
    ConsentGranted = "customer.consent_granted" v 1;
    ConsentWithdrawn = "customer.consent_withdrawn" v 1;
    ConsentSuppressed = "customer.consent_suppressed" v 1;
    ConsentExpired = "customer.consent_expired" v 1;
    OwnerAssigned = "customer.owner_assigned" v 1;
    OwnerReleased = "customer.owner_released" v 1;
    Scored = "customer.scored" v 1;
    InsightRecorded = "customer.insight_recorded" v 1;
    AutomatedDecisionsRefused = "customer.automated_decisions_refused" v 1;
    AutomatedDecisionsAllowed = "customer.automated_decisions_allowed" v 1;
    Erased = "customer.erased" v 1;
}

/// Who the customer is. Absent fields are unknown, or unchanged in a change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "customer"))]
    pub name: Option<Personal<String>>,
    /// The language to speak, as a BCP 47 tag such as `zh-CN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Where the customer is, as ISO 3166, `CN` or `CN-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The IANA time zone that calling hours are judged in, `Asia/Shanghai`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The line of business.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// The size class, in the words of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// Further values in the words of the source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("x-subject" = "customer"))]
    pub attributes: BTreeMap<String, Personal<String>>,
}

/// The customer became known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// What sort of customer.
    pub kind: CustomerKind,
    /// What was known at first.
    #[serde(default)]
    pub profile: Profile,
}

/// An identifier was found to be this customer's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentifierLinked {
    /// What sort of identifier.
    pub kind: IdentifierKind,
    /// Its normalised value.
    #[schemars(extend("x-subject" = "customer"))]
    pub value: Personal<String>,
    /// The claim that keeps the identifier from a second customer.
    pub claim: IdentifierId,
    /// The region that the calling code of a telephone number names, `CN`, or `NANP` for +1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// An identifier is this customer's no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentifierUnlinked {
    /// What sort of identifier.
    pub kind: IdentifierKind,
    /// The claim that was given up.
    pub claim: IdentifierId,
}

/// The profile changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileChanged {
    /// The fields that changed; absent ones stay. Attributes are merged.
    pub changes: Profile,
}

/// Values for models were recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeaturesRecorded {
    /// The values, merged over earlier ones.
    pub features: Features,
    /// Where they come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// The customer agreed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsentGranted {
    /// To what.
    pub purpose: Purpose,
    /// On which channel.
    pub channel: Channel,
    /// What proves it, for instance a recording's or a form's reference.
    pub evidence: String,
    /// Until when, when the consent is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// The customer refused or took the consent back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsentWithdrawn {
    /// For what.
    pub purpose: Purpose,
    /// On which channel.
    pub channel: Channel,
    /// The customer's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "customer"))]
    pub reason: Option<Personal<String>>,
}

/// A rule or a list forbids contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsentSuppressed {
    /// For what.
    pub purpose: Purpose,
    /// On which channel.
    pub channel: Channel,
    /// Until when; for ever when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The rule or list.
    pub rule: String,
}

/// A limited consent or suppression ran out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsentExpired {
    /// For what.
    pub purpose: Purpose,
    /// On which channel.
    pub channel: Channel,
}

/// An agent became responsible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerAssigned {
    /// Who.
    pub agent: AgentId,
    /// Who was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<AgentId>,
}

/// Nobody is responsible any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerReleased {
    /// Who was.
    pub agent: AgentId,
}

/// A model gave a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scored {
    /// The model and its version.
    pub model: String,
    /// The score, from 0 to 1.
    pub score: f64,
    /// The product it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The campaign it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// How much each feature added.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contributions: BTreeMap<String, f64>,
}

/// Something was understood about the customer's needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InsightRecorded {
    /// The interaction it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionId>,
    /// What was understood.
    pub insight: Insight,
}

/// The customer does not want to be judged by programs alone: no score is taken any more, and routing decides without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutomatedDecisionsRefused {
    /// The request by which the customer said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RightsRequestId>,
}

/// The customer allows automated decisions again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutomatedDecisionsAllowed {}

/// The customer's key is destroyed: every personal value is unreadable, here and in every copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// The request that led to it.
    pub request: RightsRequestId,
}
