//! The enums of the state machines, made from the machines' own declarations, so that there is no second list.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::{Deprecation, MetaEnumValue, MetaType, MetaTypeId, Registry};
use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, Name, OutputType, Positioned,
    ServerResult, Value,
};
use trunkline_kernel::State;

/// A state of a machine, as an enum named after the machine: `CallState`, `TaskState` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StateOf<S>(pub S);

impl<S> From<S> for StateOf<S> {
    fn from(state: S) -> Self {
        Self(state)
    }
}

/// The word that stands for a value of an enum, in a query or in a variable.
pub(super) fn word_in(value: &Value) -> Option<&str> {
    match value {
        Value::Enum(name) => Some(name.as_str()),
        Value::String(name) => Some(name.as_str()),
        Value::Null
        | Value::Number(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::List(_)
        | Value::Object(_) => None,
    }
}

fn type_name<S: State>() -> String {
    let words = S::MACHINE.name.split([' ', '_', '-']);
    let mut name: String = words
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect();
    name.push_str("State");
    name
}

fn meta<S: State>() -> MetaType {
    let value = |state: S| MetaEnumValue {
        name: state.name().to_owned(),
        description: Some(state.meaning().to_owned()),
        deprecation: Deprecation::NoDeprecated,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        directive_invocations: Vec::new(),
    };
    MetaType::Enum {
        name: type_name::<S>(),
        description: Some(format!("The states of a {}.", S::MACHINE.name)),
        enum_values: S::ALL.iter().map(|state| (state.name().to_owned(), value(*state))).collect(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: Some(std::any::type_name::<StateOf<S>>()),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

impl<S: State> InputType for StateOf<S> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        type_name::<S>().into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::Enum, |_| meta::<S>())
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        word_in(&value).and_then(S::named).map(Self).ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::Enum(Name::new(self.0.name()))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<S: State> OutputType for StateOf<S> {
    fn type_name() -> Cow<'static, str> {
        type_name::<S>().into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Enum, |_| meta::<S>())
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Enum(Name::new(self.0.name())))
    }
}
