//! How personal values are shown: looked at for every field, so that no resolver can forget it.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{QueryPathSegment, ServerError, ServerResult, Value};
use trunkline_access::{Class, Scope, Show, Tally, mask};

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
        // The operation's own fields were looked at before anything of it was executed; an entry of a list comes under
        // the list's name, and its fields come by themselves.
        let is_entry = matches!(info.path_node.segment, QueryPathSegment::Index(_));
        if info.is_for_introspection || info.path_node.parent.is_none() || is_entry {
            return next.run(ctx, info).await;
        }
        let Some(seer) = ctx.data_opt::<Seer>() else {
            return Err(ServerError::new("Nobody asks.", None));
        };
        let (of, field) = (info.parent_type, info.name);
        let rule = rule(of, field);
        let sight = sight_by(&seer.scope(), rule);
        let value = match sight {
            Sight::Clear => next.run(ctx, info).await?,
            // What is withheld is not even opened.
            Sight::Nothing => return Ok(Some(nothing(info.return_type))),
            Sight::Masked(class) => next.run(ctx, info).await?.map(|value| masked(class, value)),
        };
        if let (Some(Rule::Personal(..)), Some(shown)) = (rule, &value)
            && !is_nothing(shown)
            && let Some(tally) = ctx.data_opt::<Arc<Tally>>()
        {
            tally.shown(of, field, sight != Sight::Clear);
        }
        Ok(value)
    }
}

/// How much of a field somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// All of it.
    Clear,
    /// What people recognise it by.
    Masked(Class),
    /// Nothing.
    Nothing,
}

/// How much of a field of a type is seen in this scope.
pub(crate) fn sight(scope: &Scope, of: &str, field: &str) -> Sight {
    sight_by(scope, rule(of, field))
}

fn sight_by(scope: &Scope, rule: Option<Rule>) -> Sight {
    match rule {
        Some(Rule::Personal(kind, class)) => match (scope.show(kind, class), class) {
            (Show::Clear, _) => Sight::Clear,
            (Show::Mask, Class::Name | Class::Contact | Class::Staff) => Sight::Masked(class),
            (Show::Mask, Class::Words) | (Show::Withhold, _) => Sight::Nothing,
        },
        Some(Rule::Open | Rule::Reads(_) | Rule::Needs(_)) => Sight::Clear,
        // A field that nobody thought about is shown to those from whom nothing is kept.
        None => {
            if *scope == Scope::everything() {
                Sight::Clear
            } else {
                Sight::Nothing
            }
        }
    }
}

fn nothing(return_type: &str) -> Value {
    if return_type.starts_with('[') { Value::List(Vec::new()) } else { Value::Null }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(values) => values.is_empty(),
        Value::Number(_)
        | Value::String(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::Enum(_)
        | Value::Object(_) => false,
    }
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
