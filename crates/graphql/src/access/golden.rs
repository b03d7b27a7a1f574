//! The golden table: every field of the schema and what each role gets of it, as text to be read and compared.

use std::fmt::Write as _;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use trunkline_access::{Class, Kind, Permission, Policy, Rights, Role, Show, Span};

use super::rules::{Rule, rule};

static NOTHING: Rights = Rights {
    rows: std::collections::BTreeMap::new(),
    shows: std::collections::BTreeMap::new(),
    may: std::collections::BTreeSet::new(),
};

/// Who sees and may do what by the standard policy: rows, values, permissions, and then every field of the schema.
pub fn golden() -> String {
    let policy = Policy::standard();
    let mut text = String::from(
        "# Who sees and may do what\n\n\
         Written by `cargo xtask schema` from the standard policy and the rules of the fields; the tests compare it.\n\n\
         Rows: `own` are those of the agent that somebody is, `team` those of their teams, `all` are all. Values: \
         `clear`, `mask` (138\\*\\*\\*\\*1234), `withhold`. A dash is nothing.\n",
    );
    section(&mut text, "Rows", Kind::ALL, Kind::as_str, |rights, kind| span(rights.span(*kind)));
    section(&mut text, "Personal values", Class::ALL, Class::as_str, |rights, class| {
        rights.show(*class).as_str()
    });
    section(&mut text, "Permissions", Permission::ALL, Permission::as_str, |rights, permission| {
        if rights.may.contains(permission) { "yes" } else { "-" }
    });
    let rights = |role: Role| policy.rights(role).unwrap_or(&NOTHING);
    for (name, fields) in types() {
        head(&mut text, &name, "field");
        for field in fields {
            let found = rule(&name, &field);
            let cells: Vec<String> = Role::ALL.iter().map(|role| cell(rights(*role), found)).collect();
            let _ = writeln!(text, "| {field} | {} |", cells.join(" | "));
        }
    }
    text
}

fn head(text: &mut String, title: &str, first: &str) {
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let _ = writeln!(
        text,
        "\n## {title}\n\n| {first} | {} |\n|{}",
        roles.join(" | "),
        "---|".repeat(roles.len() + 1)
    );
}

fn section<T>(
    text: &mut String,
    title: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
    of: impl Fn(&Rights, &T) -> &'static str,
) where
    T: Copy,
{
    let policy = Policy::standard();
    head(text, title, "");
    for one in all {
        let cells: Vec<&str> =
            Role::ALL.iter().map(|role| of(policy.rights(*role).unwrap_or(&NOTHING), one)).collect();
        let _ = writeln!(text, "| {} | {} |", name(*one), cells.join(" | "));
    }
}

const fn span(span: Span) -> &'static str {
    match span {
        Span::None => "-",
        Span::Own | Span::Team | Span::All => span.as_str(),
    }
}

fn cell(rights: &Rights, rule: Option<Rule>) -> String {
    match rule {
        None => "NO RULE".to_owned(),
        Some(Rule::Open) => "·".to_owned(),
        Some(Rule::Reads(kind)) => span(rights.span(kind)).to_owned(),
        Some(Rule::Needs(permission)) => {
            if rights.may.contains(&permission) { "yes" } else { "-" }.to_owned()
        }
        Some(Rule::Personal(kind, class)) => match (rights.span(kind), rights.show(class)) {
            (Span::None, _) | (_, Show::Withhold) => "-".to_owned(),
            // Nothing that was said can be shown in part.
            (_, Show::Mask) if class == Class::Words => "-".to_owned(),
            (_, show) => show.as_str().to_owned(),
        },
    }
}

/// The object types of the schema in the order of their names, the roots first, each with its fields.
pub(super) fn types() -> Vec<(String, Vec<String>)> {
    let mut types = Vec::new();
    let Ok(document) = parse_schema(crate::sdl()) else { return types };
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        if let TypeKind::Object(object) = definition.node.kind {
            let fields = object.fields.iter().map(|field| field.node.name.node.to_string());
            types.push((name, fields.collect()));
        }
    }
    types.sort_by_key(|(name, _): &(String, Vec<String>)| {
        let root = ["Query", "Mutation", "Subscription"].iter().position(|root| root == name);
        (root.unwrap_or(3), name.clone())
    });
    types
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::access::rules::ruled;

    #[test]
    fn every_field_has_a_rule_and_every_rule_a_field() {
        let types = types();
        assert!(types.len() > 30, "the schema was read");
        let fields: BTreeSet<(&str, &str)> = types
            .iter()
            .flat_map(|(of, fields)| fields.iter().map(move |field| (of.as_str(), field.as_str())))
            .collect();
        let bare: Vec<_> = fields.iter().filter(|(of, field)| rule(of, field).is_none()).collect();
        assert!(bare.is_empty(), "no rule in crates/graphql/src/access/rules.rs: {bare:?}");
        let gone: Vec<_> = ruled().filter(|ruled| !fields.contains(ruled)).collect();
        assert!(gone.is_empty(), "a rule and no field: {gone:?}");
    }

    #[test]
    fn every_mutation_takes_a_permission() {
        for (of, fields) in types() {
            for field in fields.iter().filter(|_| of == "Mutation") {
                let own = field == "endGrant" && rule(&of, field) == Some(Rule::Open);
                assert!(own || matches!(rule(&of, field), Some(Rule::Needs(_))), "{field}");
            }
        }
    }

    #[test]
    fn a_value_that_may_be_withheld_can_be_absent() {
        for definition in parse_schema(crate::sdl()).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let TypeKind::Object(object) = definition.node.kind else { continue };
            for field in object.fields {
                let (of, name) = (&definition.node.name.node, &field.node.name.node);
                if let Some(Rule::Personal(..)) = rule(of, name) {
                    let kind = field.node.ty.node.to_string();
                    assert!(!kind.ends_with('!') || kind.starts_with('['), "{of}.{name} is {kind}");
                }
            }
        }
    }

    #[test]
    fn the_table_that_is_checked_in_is_the_table_of_the_code() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/graphql/access.md");
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(stored == golden(), "schema/graphql/access.md is not current: run `cargo xtask schema`");
    }
}
