//! What an operation is, without what its caller put in: values can be personal, and so can names that are made up.

use std::collections::BTreeSet;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use sha2::{Digest as _, Sha256};

use super::operations::{operations, roots};
use super::rules::{is_personal, rule};

/// What an operation is.
#[derive(Debug)]
pub(crate) struct Shape {
    /// What the client calls it.
    pub name: Option<String>,
    /// SHA-256 in hexadecimal of its fields and the names of their arguments.
    pub hash: String,
    /// The fields of the operation itself.
    pub fields: BTreeSet<String>,
    /// Whether it names a field that can be personal.
    pub personal: bool,
}

impl Shape {
    /// The shape of an operation that is within the limits.
    pub(crate) fn of(document: &ExecutableDocument, name: Option<&str>) -> Self {
        let known =
            |field: &&str| ["Query", "Mutation", "Subscription"].iter().any(|of| rule(of, field).is_some());
        let fields = roots(document, name).into_iter().filter(known).map(str::to_owned).collect();
        let mut writer = Writer { document, text: String::new(), spread: BTreeSet::new(), personal: false };
        let mut called = None;
        for (known, operation) in operations(document, name) {
            called = known.map(ToString::to_string);
            writer.text.push_str(&operation.node.ty.to_string());
            writer.set(&operation.node.selection_set.node);
        }
        Self {
            name: called,
            hash: hex::encode(Sha256::digest(&writer.text)),
            fields,
            personal: writer.personal,
        }
    }
}

/// Writes selections in one form: fragments where they are spread first, arguments by their names, no aliases.
struct Writer<'d> {
    document: &'d ExecutableDocument,
    text: String,
    spread: BTreeSet<&'d Name>,
    personal: bool,
}

impl<'d> Writer<'d> {
    fn set(&mut self, set: &'d SelectionSet) {
        self.text.push('{');
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(&field.node),
                Selection::InlineFragment(inline) => {
                    self.text.push_str("...");
                    self.set(&inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    self.text.push_str("...");
                    self.text.push_str(name);
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.spread.insert(name)
                    {
                        self.set(&fragment.node.selection_set.node);
                    }
                }
            }
        }
        self.text.push('}');
    }

    fn field(&mut self, field: &'d Field) {
        let name = field.name.node.as_str();
        self.personal |= is_personal(name);
        self.text.push_str(name);
        for (argument, _) in &field.arguments {
            self.text.push(':');
            self.text.push_str(&argument.node);
        }
        if field.selection_set.node.items.is_empty() {
            self.text.push(' ');
        } else {
            self.set(&field.selection_set.node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        Shape::of(&async_graphql::parser::parse_query(text).unwrap(), None)
    }

    #[test]
    fn what_a_caller_puts_in_makes_no_difference_and_what_is_asked_does() {
        let one =
            shape("query Find { customers(filter: {namePrefix: \"王\"}, first: 5) { nodes { id name } } }");
        let other = shape("query Look { x: customers(filter: $f, first: 9) { nodes { id called: name } } }");
        assert_eq!(one.hash, other.hash);
        assert_eq!((one.name.as_deref(), other.name.as_deref()), (Some("Find"), Some("Look")));
        for different in [
            "{ customers(first: 5) { nodes { id name } } }",
            "{ customers(filter: $f, first: 1) { nodes { id } } }",
        ] {
            assert_ne!(shape(different).hash, one.hash, "{different}");
        }
    }

    #[test]
    fn fields_are_named_through_fragments_and_only_those_that_exist() {
        let fragments = shape(
            "{ ...f a13800138000 } fragment f on Query { agents { nodes { id } } ...g } \
            fragment g on Query { logHead }",
        );
        assert_eq!(fragments.fields, ["agents".to_owned(), "logHead".to_owned()].into());
        assert!(!fragments.personal && shape("{ agents { nodes { name } } }").personal);
    }
}
