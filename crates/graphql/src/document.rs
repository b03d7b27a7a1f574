//! The check of a query before async-graphql sees it.
//!
//! async-graphql's own depth and cost limits walk the document with fragments written out, and its parser
//! recurses over brackets; so a few kilobytes of nested fragments or brackets would take for ever or overflow
//! the stack before any limit is looked at. Here both are refused in one pass each.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Value, Variables};
use lru::LruCache;
use parking_lot::Mutex;

use crate::access::Shape;
use crate::config::Limits;
use crate::error::{ApiError, ApiResult, ErrorCode};

/// How many selections a query may have once its fragments are written out.
const SELECTIONS_MAX: usize = 20_000;

/// How deep brackets may be nested; more than any query within the depth limit needs.
const BRACKETS_MAX: usize = 200;

/// How often an introspection query may go from a type to the types of its members; tools need one.
const INTROSPECTION_LISTS_MAX: usize = 3;

/// A query that was read and can be executed within the limits.
#[derive(Debug)]
pub(crate) struct Checked {
    pub document: ExecutableDocument,
    pub operation: OperationType,
    pub shape: Shape,
}

/// The longest text that is remembered, in bytes.
const KNOWN_BYTES_MAX: usize = 4_096;

/// The queries that were read, the least used goes first when there are too many: programs ask the same few again and
/// again. A text with a value in it is not remembered, because the value can be personal and the text will not come again.
#[derive(Debug)]
pub(crate) struct Documents(Mutex<LruCache<Asked, Arc<Checked>>>);

/// A text, and the name of the operation in it.
type Asked = (Arc<str>, Option<String>);

impl Documents {
    pub(crate) fn new(known_max: usize) -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(known_max).unwrap_or(NonZeroUsize::MIN))))
    }

    /// Reads a query, or remembers it, and refuses what must not reach the executor.
    ///
    /// # Errors
    /// As [`check`], and when a variable that must be given is not.
    pub(crate) fn read(
        &self,
        text: &Arc<str>,
        operation_name: Option<&str>,
        variables: &Variables,
        limits: &Limits,
    ) -> ApiResult<Arc<Checked>> {
        let key = (Arc::clone(text), operation_name.map(str::to_owned));
        let known = self.0.lock().get(&key).cloned();
        let checked = match known {
            Some(checked) => checked,
            None => {
                let checked = Arc::new(check(text, operation_name, limits)?);
                if text.len() <= KNOWN_BYTES_MAX && !text.contains('"') {
                    self.0.lock().put(key, Arc::clone(&checked));
                }
                checked
            }
        };
        refuse_missing_variables(select(&checked.document, operation_name)?, variables)?;
        Ok(checked)
    }
}

/// Reads a query and refuses what must not reach the executor.
///
/// # Errors
/// When the text is too long, is no GraphQL, nests too deep, has too many selections, or does not have the operation
/// named.
fn check(text: &str, operation_name: Option<&str>, limits: &Limits) -> ApiResult<Checked> {
    if text.len() > limits.query_bytes_max {
        let message =
            format!("The query has {} bytes; {} are the limit.", text.len(), limits.query_bytes_max);
        return Err(ApiError::new(ErrorCode::QueryTooLong, message));
    }
    if brackets_depth(text) > BRACKETS_MAX {
        return Err(too_deep(limits));
    }
    let document = async_graphql::parser::parse_query(text).map_err(|error| {
        let error = async_graphql::ServerError::from(error);
        let place = error.locations.first().map(|at| format!(" (line {}, column {})", at.line, at.column));
        ApiError::new(ErrorCode::BadRequest, format!("{}{}", error.message, place.unwrap_or_default()))
    })?;
    Measure { document: &document, limits, known: HashMap::new() }.refuse_large()?;
    let operation = select(&document, operation_name)?.ty;
    let shape = Shape::of(&document, operation_name);
    Ok(Checked { document, operation, shape })
}

fn too_deep(limits: &Limits) -> ApiError {
    let message = format!("The query is nested too deep; {} levels are the limit.", limits.depth_max);
    ApiError::new(ErrorCode::QueryTooDeep, message)
}

/// The deepest nesting of brackets outside strings and comments.
fn brackets_depth(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut deepest) = (0, 0_usize, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => at += bytes[at..].iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count(),
            b'"' => at += string_length(&bytes[at..]) - 1,
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// How many bytes the string literal at the start of `bytes` takes; a string that never ends takes all.
fn string_length(bytes: &[u8]) -> usize {
    let block = bytes.starts_with(b"\"\"\"");
    let quotes: &[u8] = if block { b"\"\"\"" } else { b"\"" };
    let mut at = quotes.len();
    while at < bytes.len() {
        let escape: &[u8] = if block { b"\\\"\"\"" } else { b"\\" };
        if bytes[at..].starts_with(escape) {
            at += escape.len() + usize::from(!block);
        } else if bytes[at..].starts_with(quotes) {
            return at + quotes.len();
        } else {
            at += 1;
        }
    }
    bytes.len().max(1)
}

/// The size of a selection set with its fragments written out.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    depth: usize,
    /// How many of the introspection's lists of members are nested in each other.
    lists: usize,
}

/// Measures every operation; each fragment is measured once however often it is spread.
struct Measure<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    /// What is known of each fragment; nothing while it is being measured.
    known: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Measure<'a> {
    fn refuse_large(mut self) -> ApiResult<()> {
        for (_, operation) in self.document.operations.iter() {
            let size = self.set(&operation.node.selection_set.node)?;
            if size.depth > self.limits.depth_max {
                return Err(too_deep(self.limits)
                    .with("depth", size.depth)
                    .with("depthMax", self.limits.depth_max));
            }
            if size.selections > SELECTIONS_MAX {
                let message = format!("The query selects more than {SELECTIONS_MAX} fields.");
                return Err(ApiError::new(ErrorCode::QueryTooCostly, message));
            }
        }
        Ok(())
    }

    fn set(&mut self, set: &'a SelectionSet) -> ApiResult<Size> {
        let mut size = Size::default();
        for selection in &set.items {
            let inner = match &selection.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            };
            size.selections = size.selections.saturating_add(inner.selections).saturating_add(1);
            size.depth = size.depth.max(inner.depth);
            size.lists = size.lists.max(inner.lists);
        }
        Ok(size)
    }

    fn field(&mut self, field: &'a Field) -> ApiResult<Size> {
        let inner = self.set(&field.selection_set.node)?;
        let name = field.name.node.as_str();
        if matches!(name, "__schema" | "__type") {
            if !self.limits.introspection {
                let message = "The schema cannot be asked for on this server.";
                return Err(ApiError::new(ErrorCode::IntrospectionOff, message));
            }
            if inner.lists > INTROSPECTION_LISTS_MAX {
                return Err(too_deep(self.limits));
            }
            // The IDE's own question nests deeper than any other and always costs the same.
            return Ok(Size { depth: 0, lists: 0, ..inner });
        }
        let list = matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
        Ok(Size { depth: inner.depth + 1, lists: inner.lists + usize::from(list), ..inner })
    }

    fn fragment(&mut self, name: &'a Name) -> ApiResult<Size> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("The fragment {name} spreads itself.");
                return Err(ApiError::new(ErrorCode::BadRequest, message));
            }
            None => {}
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            let message = format!("There is no fragment {name}.");
            return Err(ApiError::new(ErrorCode::BadRequest, message));
        };
        self.known.insert(name, None);
        let size = self.set(&fragment.node.selection_set.node)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }
}

fn select<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> ApiResult<&'a OperationDefinition> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next()
        }
        (DocumentOperations::Multiple(_), None) => {
            let message = "The query has several operations; name one in `operationName`.";
            return Err(ApiError::new(ErrorCode::BadRequest, message));
        }
    };
    found.map(|operation| &operation.node).ok_or_else(|| {
        let message = format!("The query has no operation {:?}.", name.unwrap_or_default());
        ApiError::new(ErrorCode::BadRequest, message)
    })
}

fn refuse_missing_variables(operation: &OperationDefinition, variables: &Variables) -> ApiResult<()> {
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        let name = &definition.name.node;
        let must = !definition.var_type.node.nullable && definition.default_value.is_none();
        let given = variables.get(name).is_some_and(|value| *value != Value::Null);
        if must && !given {
            let kind = match &definition.var_type.node.base {
                BaseType::Named(name) => name.to_string(),
                BaseType::List(_) => "list".to_owned(),
            };
            let message = format!("The variable ${name} must be given: it is a {kind} that cannot be null.");
            return Err(ApiError::new(ErrorCode::BadRequest, message).with("variable", name.to_string()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<ErrorCode> {
        let read = Documents::new(10).read(&text.into(), None, &Variables::default(), &Limits::default());
        read.err().map(|error| error.code())
    }

    #[test]
    fn brackets_that_would_overflow_the_parser_are_refused_wherever_strings_stand() {
        let nested = format!("{}{}", "{a(x:\"}\")".repeat(2_000), "}".repeat(2_000));
        assert_eq!(refused(&nested), Some(ErrorCode::QueryTooDeep));
        let lists = format!("{{a(x:{}1{})}}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(refused(&lists), Some(ErrorCode::QueryTooDeep));
        assert_eq!(brackets_depth(r#"{a(x:"\"{{{{", y:"""{{ \""" {""") # {{{"#), 2);
        assert_eq!(refused("{ a(x: \"never ends"), Some(ErrorCode::BadRequest));
    }

    #[test]
    fn a_bomb_of_fragments_is_refused_without_being_written_out() {
        let mut text = "{ ...f0 }".to_owned();
        for n in 0..40 {
            text.push_str(&format!(" fragment f{n} on Query {{ ...f{0} ...f{0} }}", n + 1));
        }
        text.push_str(" fragment f40 on Query { __typename }");
        assert_eq!(refused(&text), Some(ErrorCode::QueryTooCostly));
        assert_eq!(refused("{ ...a } fragment a on Query { ...a }"), Some(ErrorCode::BadRequest));
    }

    #[test]
    fn depth_counts_fields_through_fragments() {
        let deep = |levels: usize| format!("{}a{}", "{a".repeat(levels - 1) + "{", "}".repeat(levels));
        assert_eq!(refused(&deep(15)), None);
        assert_eq!(refused(&deep(16)), Some(ErrorCode::QueryTooDeep));
        let fragments = "{a{a{a{a{a{a{a{a{...f}}}}}}}}} fragment f on A {a{a{a{a{a{a{a{a}}}}}}}}";
        assert_eq!(refused(fragments), Some(ErrorCode::QueryTooDeep));
    }

    #[test]
    fn a_variable_that_must_be_given_is_asked_for_by_name() {
        let text = "query Q($id: ID!) { node(id: $id) { id } }";
        assert_eq!(refused(text), Some(ErrorCode::BadRequest));
        assert_eq!(refused("query A { a } query B { b }"), Some(ErrorCode::BadRequest));
    }

    #[test]
    fn a_text_is_read_once_unless_there_is_a_value_in_it_and_its_variables_are_looked_at_each_time() {
        let (documents, limits) = (Documents::new(10), Limits::default());
        let id = Variables::from_json(serde_json::json!({ "id": "call:1" }));
        let read = |text: &str, name: Option<&str>, given: &Variables| {
            documents.read(&text.into(), name, given, &limits).map_err(|error| error.code())
        };
        let text = "query Q($id: ID!) { node(id: $id) { id } } query R { logHead }";
        let first = read(text, Some("Q"), &id).unwrap();
        assert!(Arc::ptr_eq(&first, &read(text, Some("Q"), &id).unwrap()));
        let missing = read(text, Some("Q"), &Variables::default());
        assert_eq!(missing.map(drop), Err(ErrorCode::BadRequest));
        assert_ne!(first.shape.hash, read(text, Some("R"), &id).unwrap().shape.hash);
        let valued = "{ customers(filter: { namePrefix: \"王\" }) { nodes { id } } }";
        let first = read(valued, None, &id).unwrap();
        assert!(!Arc::ptr_eq(&first, &read(valued, None, &id).unwrap()));
    }
}
