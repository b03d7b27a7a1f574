//! What clients say of customers.

use async_graphql::{ID, InputObject};
use trunkline_app::cases::Identifier;
use trunkline_domain::customer::{CustomerKind, Profile};
use trunkline_domain::identifier::IdentifierKind;
use trunkline_domain::words::{Channel, FeatureValue, Features, Purpose};

use super::edge::{AttributeInput, Fields, attributes, personal};
use super::interaction::InsightInput;
use crate::scalars::{DateTime, Json, Word};

/// One identifier as people write it.
#[derive(InputObject)]
pub(crate) struct IdentifierInput {
    /// What sort of identifier.
    pub(super) kind: Word<IdentifierKind>,
    /// The value; telephone numbers with their country code.
    pub(super) value: String,
}

impl IdentifierInput {
    pub(super) fn parse(self, field: &str, fields: &mut Fields) -> Option<Identifier> {
        let kind = self.kind.0;
        fields.take(field, kind.normalise(&self.value)).map(|value| Identifier { kind, value })
    }
}

/// Who a customer is. Absent fields are unknown, or unchanged in a change.
#[derive(InputObject, Default)]
pub(crate) struct ProfileInput {
    /// The name.
    pub(super) name: Option<String>,
    /// The language to speak, as a BCP 47 tag such as `zh-CN`.
    pub(super) language: Option<String>,
    /// Where the customer is, as ISO 3166: `CN` or `CN-31`.
    pub(super) region: Option<String>,
    /// The IANA time zone that calling hours are judged in, `Asia/Shanghai`.
    pub(super) time_zone: Option<String>,
    /// The line of business.
    pub(super) industry: Option<String>,
    /// The size class, in the words of the source.
    pub(super) scale: Option<String>,
    /// Further values in the words of the source.
    pub(super) attributes: Option<Vec<AttributeInput>>,
}

impl ProfileInput {
    pub(super) fn profile(self) -> Profile {
        Profile {
            name: personal(self.name),
            language: self.language,
            region: self.region,
            time_zone: self.time_zone,
            industry: self.industry,
            scale: self.scale,
            attributes: attributes(self.attributes),
        }
    }
}

/// A customer to be made known.
#[derive(InputObject)]
pub(crate) struct RegisterCustomerInput {
    /// What sort of customer.
    pub(super) kind: Word<CustomerKind>,
    /// What is known of the customer.
    pub(super) profile: Option<ProfileInput>,
    /// Identifiers that are the customer's; refused when one is another customer's already.
    pub(super) identifiers: Option<Vec<IdentifierInput>>,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

/// An identifier to be linked.
#[derive(InputObject)]
pub(crate) struct LinkIdentifierInput {
    /// The customer.
    pub(super) id: ID,
    /// The identifier.
    pub(super) identifier: IdentifierInput,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

/// An identifier to be taken away.
#[derive(InputObject)]
pub(crate) struct UnlinkIdentifierInput {
    /// The customer.
    pub(super) id: ID,
    /// The claim of the identifier: `identifiers { claim }` of the customer.
    pub(super) claim: ID,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

/// A change of what is known.
#[derive(InputObject)]
pub(crate) struct ChangeCustomerProfileInput {
    /// The customer.
    pub(super) id: ID,
    /// The fields that change; attributes are merged.
    pub(super) changes: ProfileInput,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

/// One value that describes a customer to a model.
#[derive(InputObject)]
pub(crate) struct FeatureInput {
    /// The value's name.
    pub(super) name: String,
    /// True, false, a number, or a word.
    pub(super) value: Json,
}

/// Values for models.
#[derive(InputObject)]
pub(crate) struct RecordFeaturesInput {
    /// The customer.
    pub(super) id: ID,
    /// The values, merged over earlier ones.
    pub(super) features: Vec<FeatureInput>,
    /// Where they come from.
    pub(super) source: Option<String>,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

pub(super) fn features(given: Vec<FeatureInput>, fields: &mut Fields) -> Option<Features> {
    let mut features = Features::new();
    for FeatureInput { name, value } in given {
        let value = match value.0 {
            serde_json::Value::Bool(flag) => FeatureValue::Flag(flag),
            serde_json::Value::String(text) => FeatureValue::Text(text),
            serde_json::Value::Number(number) => FeatureValue::Number(number.as_f64()?),
            serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                fields.refuse("features", format!("{name:?} is not true, false, a number or a text"));
                return None;
            }
        };
        features.insert(name, value);
    }
    Some(features)
}

/// A consent that the customer gives.
#[derive(InputObject)]
pub(crate) struct GrantConsentInput {
    /// The customer.
    pub(super) id: ID,
    /// To what.
    pub(super) purpose: Word<Purpose>,
    /// On which channel.
    pub(super) channel: Word<Channel>,
    /// What proves it, for instance a recording's or a form's reference.
    pub(super) evidence: String,
    /// Until when, when the consent is limited.
    pub(super) expires_at: Option<DateTime>,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

/// A consent that the customer refuses or takes back.
#[derive(InputObject)]
pub(crate) struct WithdrawConsentInput {
    /// The customer.
    pub(super) id: ID,
    /// For what.
    pub(super) purpose: Word<Purpose>,
    /// On which channel.
    pub(super) channel: Word<Channel>,
    /// The customer's reason.
    pub(super) reason: Option<String>,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

/// Contact that a rule or a list forbids.
#[derive(InputObject)]
pub(crate) struct SuppressContactInput {
    /// The customer.
    pub(super) id: ID,
    /// For what.
    pub(super) purpose: Word<Purpose>,
    /// On which channel.
    pub(super) channel: Word<Channel>,
    /// Until when; for ever when absent.
    pub(super) until: Option<DateTime>,
    /// The rule or list.
    pub(super) rule: String,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

/// An agent to be made responsible.
#[derive(InputObject)]
pub(crate) struct AssignOwnerInput {
    /// The customer.
    pub(super) id: ID,
    /// The agent.
    pub(super) agent_id: ID,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

/// A customer that something is to be done to.
#[derive(InputObject)]
pub(crate) struct CustomerInput {
    /// The customer.
    pub(super) id: ID,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

/// How much one feature added to a score.
#[derive(InputObject)]
pub(crate) struct ContributionInput {
    /// The feature.
    pub(super) feature: String,
    /// What it added.
    pub(super) value: f64,
}

/// A score that a model gave.
#[derive(InputObject)]
pub(crate) struct ScoreCustomerInput {
    /// The customer.
    pub(super) id: ID,
    /// The model and its version.
    pub(super) model: String,
    /// The score, from 0 to 1.
    pub(super) score: f64,
    /// The product it is about.
    pub(super) product: Option<String>,
    /// The campaign it is about.
    pub(super) campaign_id: Option<ID>,
    /// How much each feature added.
    pub(super) contributions: Option<Vec<ContributionInput>>,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

/// What was understood about a customer's needs.
#[derive(InputObject)]
pub(crate) struct RecordInsightInput {
    /// The customer.
    pub(super) id: ID,
    /// The interaction it comes from.
    pub(super) interaction_id: Option<ID>,
    /// What was understood.
    pub(super) insight: InsightInput,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}
