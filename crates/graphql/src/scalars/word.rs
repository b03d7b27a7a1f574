//! The enums of the domain's closed sets of words, made from their own declarations.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::{Deprecation, MetaEnumValue, MetaType, MetaTypeId, Registry};
use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, Name, OutputType, Positioned,
    ServerResult, Value,
};
use trunkline_domain::{
    access, agent, alert, call, campaign, customer, identifier, lead, model, recording, reservation,
    rights_request, task, words,
};

/// A closed set of words, declared once in the domain.
pub(crate) trait Words: Copy + Send + Sync + 'static {
    /// The name of the enum.
    const NAME: &'static str;
    /// What the set is.
    const MEANING: &'static str;

    /// Every word.
    fn all() -> &'static [Self];

    /// The permanent word, `no_answer`.
    fn word(self) -> &'static str;

    /// What it means, in a sentence.
    fn means(self) -> &'static str;
}

macro_rules! enums {
    ($($path:path as $name:literal: $meaning:literal;)+) => {$(
        impl Words for $path {
            const NAME: &'static str = $name;
            const MEANING: &'static str = $meaning;

            fn all() -> &'static [Self] {
                <$path>::ALL
            }

            fn word(self) -> &'static str {
                self.as_str()
            }

            fn means(self) -> &'static str {
                self.meaning()
            }
        }
    )+};
}

enums! {
    words::Direction as "Direction": "Who began a contact.";
    words::Channel as "Channel": "The way on which something was said.";
    words::Purpose as "Purpose": "What a customer is contacted for; consent is given for each apart.";
    words::By as "By": "Who did something: a person, or Trunkline by a rule.";
    access::Way as "AccessWay": "The way on which somebody got at data, or tried to.";
    access::Outcome as "AccessOutcome": "What became of an access.";
    alert::AlertKind as "AlertKind": "What sort of rule an alert comes from.";
    agent::PauseReason as "PauseReason": "Why an agent takes no work.";
    agent::SignOutCause as "SignOutCause": "Why an agent went offline.";
    call::Answerer as "Answerer": "Who answered an outbound call.";
    call::EndCause as "EndCause": "Why a call ended.";
    call::RulingVerdict as "RulingVerdict": "What a rule said to a dial.";
    campaign::DialingMode as "DialingMode": "How a campaign's calls are started.";
    customer::CustomerKind as "CustomerKind": "What sort of customer.";
    identifier::IdentifierKind as "IdentifierKind": "What sort of identifier.";
    lead::AttemptOutcome as "AttemptOutcome": "Why a lead came back from a call without an end.";
    lead::LeadOutcome as "LeadOutcome": "How a lead ended.";
    lead::BlockReason as "BlockReason": "Why a lead must not be called.";
    model::DriftFigure as "DriftFigure": "A figure by which a model is held against its first decisions.";
    model::ModelFormat as "ModelFormat": "How the file of a model is written.";
    recording::RetentionKind as "RetentionKind": "How long a recording has to be kept.";
    recording::PauseReason as "RecordingPauseReason": "Why a recording was paused.";
    recording::EraseReason as "EraseReason": "Why a recording was erased.";
    reservation::RejectReason as "RejectReason": "Why an agent turned an offer down.";
    reservation::RescindReason as "RescindReason": "Why an offer was taken back.";
    reservation::CancelReason as "CancelReason": "Why an offer became pointless.";
    rights_request::Right as "Right": "What a person can ask about their own data.";
    rights_request::RefusalReason as "RightsRefusalReason": "Why a rights request is refused.";
    task::TaskKind as "TaskKind": "What sort of work a task is.";
}

/// A word of a closed set, as an enum value: `NO_ANSWER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<W>(pub W);

impl<W> From<W> for Word<W> {
    fn from(word: W) -> Self {
        Self(word)
    }
}

impl<W: Words> Word<W> {
    fn value(self) -> Value {
        Value::Enum(Name::new(self.0.word().to_ascii_uppercase()))
    }
}

fn meta<W: Words>() -> MetaType {
    let value = |word: W| MetaEnumValue {
        name: word.word().to_ascii_uppercase(),
        description: Some(word.means().to_owned()),
        deprecation: Deprecation::NoDeprecated,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        directive_invocations: Vec::new(),
    };
    MetaType::Enum {
        name: W::NAME.to_owned(),
        description: Some(W::MEANING.to_owned()),
        enum_values: W::all().iter().map(|word| (word.word().to_ascii_uppercase(), value(*word))).collect(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: Some(std::any::type_name::<Word<W>>()),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

impl<W: Words> InputType for Word<W> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        W::NAME.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::Enum, |_| meta::<W>())
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        let name = super::state::word_in(&value).unwrap_or_default();
        let word = W::all().iter().copied().find(|word| word.word().eq_ignore_ascii_case(name));
        word.map(Self).ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        self.value()
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<W: Words> OutputType for Word<W> {
    fn type_name() -> Cow<'static, str> {
        W::NAME.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Enum, |_| meta::<W>())
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(self.value())
    }
}
