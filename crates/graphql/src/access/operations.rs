//! What the operations of a document ask for, before anything of it is executed.

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned};

/// The operations that are meant: the one of this name, or all.
pub(crate) fn operations<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> impl Iterator<Item = (Option<&'d Name>, &'d Positioned<OperationDefinition>)> {
    let meant = move |known: Option<&Name>| name.is_none_or(|name| known.is_none_or(|known| known == name));
    document.operations.iter().filter(move |(known, _)| meant(*known))
}

/// The fields of the operation itself, wherever fragments put them.
pub(crate) fn roots<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Vec<&'d str> {
    let mut sets: Vec<&SelectionSet> =
        operations(document, name).map(|(_, operation)| &operation.node.selection_set.node).collect();
    let mut roots = Vec::new();
    while let Some(set) = sets.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => roots.push(field.node.name.node.as_str()),
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = document.fragments.get(&spread.node.fragment_name.node);
                    sets.extend(fragment.map(|fragment| &fragment.node.selection_set.node));
                }
            }
        }
    }
    roots
}
