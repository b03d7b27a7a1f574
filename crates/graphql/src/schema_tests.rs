//! The schema's text is checked in, and everything in it is described.

use std::path::Path;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

use crate::schema::sdl;

#[test]
fn the_schema_that_is_checked_in_is_the_schema_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/graphql/schema.graphql");
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == sdl(), "schema/graphql/schema.graphql is not current: run `cargo xtask schema`");
}

#[test]
fn everything_in_the_schema_is_described() {
    let mut missing = Vec::new();
    for definition in parse_schema(sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let definition = definition.node;
        let name = definition.name.node;
        // async-graphql has no way to describe the root of subscriptions when it is merged from several.
        if definition.description.is_none() && name.as_str() != "Subscription" {
            missing.push(name.to_string());
        }
        let fields = match definition.kind {
            TypeKind::Object(object) => object.fields,
            TypeKind::Interface(interface) => interface.fields,
            TypeKind::Enum(words) => {
                let plain = words.values.into_iter().filter(|word| word.node.description.is_none());
                missing.extend(plain.map(|word| format!("{name}.{}", word.node.value.node)));
                continue;
            }
            TypeKind::InputObject(input) => {
                let plain = input.fields.into_iter().filter(|field| field.node.description.is_none());
                missing.extend(plain.map(|field| format!("{name}.{}", field.node.name.node)));
                continue;
            }
            TypeKind::Scalar | TypeKind::Union(_) => continue,
        };
        for field in fields {
            let field = field.node;
            if field.description.is_none() {
                missing.push(format!("{name}.{}", field.name.node));
            }
            let plain = field.arguments.into_iter().filter(|argument| argument.node.description.is_none());
            missing.extend(
                plain.map(|argument| format!("{name}.{}({})", field.name.node, argument.node.name.node)),
            );
        }
    }
    assert!(missing.is_empty(), "no description: {missing:#?}");
}
