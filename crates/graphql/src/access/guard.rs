//! How personal values are shown: looked at for every field, so that no resolver can forget it.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{ServerError, ServerResult, Value};
use trunkline_access::{Class, Scope, Show, mask};

use super::Seer;
use super::rules::{Rule, rule};

/// Shows personal values as the caller may see them.
pub(crate) struct Guard;

impl ExtensionFactory for Guard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Guarding)
    }
}

struct Guarding;

#[async_graphql::async_trait::async_trait]
impl Extension for Guarding {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        // The operation's own fields were looked at before anything of it was executed; what has no name is an entry of
        // a list, and its fields come by themselves.
        if info.is_for_introspection || info.path_node.parent.is_none() || info.name.is_empty() {
            return next.run(ctx, info).await;
        }
        let Some(seer) = ctx.data_opt::<Seer>() else {
            return Err(ServerError::new("Nobody asks.", None));
        };
        match show(&seer.scope(), &info) {
            Shown::Clear => next.run(ctx, info).await,
            // What is withheld is not even opened.
            Shown::Nothing => Ok(Some(nothing(info.return_type))),
            Shown::Masked(class) => Ok(next.run(ctx, info).await?.map(|value| masked(class, value))),
        }
    }
}

enum Shown {
    Clear,
    Masked(Class),
    Nothing,
}

fn show(scope: &Scope, info: &ResolveInfo<'_>) -> Shown {
    match rule(info.parent_type, info.name) {
        Some(Rule::Personal(kind, class)) => match (scope.show(kind, class), class) {
            (Show::Clear, _) => Shown::Clear,
            (Show::Mask, Class::Name | Class::Contact | Class::Staff) => Shown::Masked(class),
            (Show::Mask, Class::Words) | (Show::Withhold, _) => Shown::Nothing,
        },
        Some(Rule::Open | Rule::Reads(_) | Rule::Needs(_)) => Shown::Clear,
        // A field that nobody thought about is shown to those from whom nothing is kept.
        None => {
            if *scope == Scope::everything() {
                Shown::Clear
            } else {
                Shown::Nothing
            }
        }
    }
}

fn nothing(return_type: &str) -> Value {
    if return_type.starts_with('[') { Value::List(Vec::new()) } else { Value::Null }
}

fn masked(class: Class, value: Value) -> Value {
    match value {
        Value::String(text) => mask(class, &text).map_or(Value::Null, Value::String),
        Value::List(values) => Value::List(values.into_iter().map(|value| masked(class, value)).collect()),
        Value::Null
        | Value::Number(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::Enum(_)
        | Value::Object(_) => Value::Null,
    }
}
