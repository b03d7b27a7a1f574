//! Words and small values that several aggregates share.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use trunkline_kernel::{CallId, LeadId, Personal, Tag, TaskId};

words! {
    /// Who began it.
    Direction {
        /// The customer came to us.
        Inbound = "inbound",
        /// We went to the customer.
        Outbound = "outbound",
    }

    /// The way on which something was said.
    Channel {
        /// A telephone call.
        Call = "call",
        /// A chat on a page or in an app.
        Chat = "chat",
        /// A short message (SMS).
        Message = "message",
        /// A WeChat message.
        Wechat = "wechat",
        /// An email.
        Email = "email",
        /// A visit of a web page.
        Web = "web",
        /// An act in an app.
        App = "app",
        /// An order.
        Order = "order",
    }

    /// What a customer is contacted for; consent is given for each apart.
    Purpose {
        /// Selling something.
        Marketing = "marketing",
        /// Serving something already sold.
        Service = "service",
        /// Asking for an opinion.
        Survey = "survey",
        /// Collecting a debt.
        Collection = "collection",
        /// Being scored and routed by a model.
        AutomatedDecision = "automated_decision",
    }

    /// Who did something: a person, or Trunkline by a rule.
    By {
        /// The agent.
        Agent = "agent",
        /// Trunkline, by a rule or an import.
        System = "system",
    }
}

/// What an agent is offered to work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Work {
    /// A call that is waiting for an agent.
    Call(CallId),
    /// A lead to look at before dialing.
    Lead(LeadId),
    /// A task.
    Task(TaskId),
}

impl Work {
    /// The tag of the thing to be worked on.
    pub fn tag(self) -> Tag {
        match self {
            Self::Call(id) => Tag::of(id),
            Self::Lead(id) => Tag::of(id),
            Self::Task(id) => Tag::of(id),
        }
    }

    /// The call, when it is one.
    pub fn call(self) -> Option<CallId> {
        match self {
            Self::Call(id) => Some(id),
            Self::Lead(_) | Self::Task(_) => None,
        }
    }

    /// The lead, when it is one.
    pub fn lead(self) -> Option<LeadId> {
        match self {
            Self::Lead(id) => Some(id),
            Self::Call(_) | Self::Task(_) => None,
        }
    }

    /// The task, when it is one.
    pub fn task(self) -> Option<TaskId> {
        match self {
            Self::Task(id) => Some(id),
            Self::Call(_) | Self::Lead(_) => None,
        }
    }
}

/// Named texts that the source gave and no rule reads. They say nothing about a person by themselves.
pub type Attributes = BTreeMap<String, String>;

/// Named values that describe a customer to a model.
pub type Features = BTreeMap<String, FeatureValue>;

/// One value that describes a customer to a model.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum FeatureValue {
    /// Yes or no.
    Flag(bool),
    /// A quantity.
    Number(f64),
    /// A category.
    Text(String),
}

impl<'de> Deserialize<'de> for FeatureValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;

        impl serde::de::Visitor<'_> for Value {
            type Value = FeatureValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, a number or a text")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<FeatureValue, E> {
                Ok(FeatureValue::Flag(flag))
            }

            #[expect(clippy::cast_precision_loss, reason = "JSON numbers are doubles (RFC 8785)")]
            fn visit_i64<E>(self, number: i64) -> Result<FeatureValue, E> {
                Ok(FeatureValue::Number(number as f64))
            }

            #[expect(clippy::cast_precision_loss, reason = "JSON numbers are doubles (RFC 8785)")]
            fn visit_u64<E>(self, number: u64) -> Result<FeatureValue, E> {
                Ok(FeatureValue::Number(number as f64))
            }

            fn visit_f64<E>(self, number: f64) -> Result<FeatureValue, E> {
                Ok(FeatureValue::Number(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<FeatureValue, E> {
                Ok(FeatureValue::Text(text.to_owned()))
            }
        }

        deserializer.deserialize_any(Value)
    }
}

/// What was understood of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Insight {
    /// What the customer wants, as a word of the campaign's vocabulary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// What the customer can spend, as said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "customer"))]
    pub budget: Option<Personal<String>>,
    /// When the customer wants it, as said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "customer"))]
    pub timing: Option<Personal<String>>,
    /// What troubles the customer, as said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-subject" = "customer"))]
    pub pain_points: Vec<Personal<String>>,
    /// Competitors that were named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub competitors: Vec<String>,
    /// The conversation in a few sentences.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "customer"))]
    pub summary: Option<Personal<String>>,
}
