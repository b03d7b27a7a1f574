//! The bulk API: what is sent and what its answer means.

use serde::Deserialize;
use serde_json::json;

use super::document::Document;

/// Documents that are sent together, each with its two lines: what to do, and the document.
#[derive(Debug, Default)]
pub(super) struct Batch {
    lines: Vec<(Document, String)>,
    bytes: usize,
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is there; now, or since an earlier attempt.
    Taken,
    /// Not now: there is too much to do, or the index does not take anything.
    Later {
        /// The status of the document.
        status: u16,
        /// What the service calls the error.
        error: String,
    },
    /// Never as it is: it does not fit what the index says of its fields.
    Never {
        /// The status of the document.
        status: u16,
        /// What the service calls the error.
        error: String,
    },
}

/// The part of an answer that counts; `filter_path` asks for no more.
#[derive(Debug, Deserialize)]
struct Answer {
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    create: Done,
}

#[derive(Debug, Deserialize)]
struct Done {
    #[serde(rename = "_id")]
    id: String,
    status: u16,
    error: Option<Fault>,
}

#[derive(Debug, Deserialize)]
struct Fault {
    #[serde(rename = "type")]
    kind: String,
}

/// What is asked for of an answer. Reasons are left out, because they quote documents.
pub(super) const FILTER_PATH: &str = "items.*._id,items.*.status,items.*.error.type";

/// The longest name of an error that is kept, in characters.
const ERROR_CHARS_MAX: usize = 100;

/// An answer that is none to what was sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum Misunderstood {
    /// It is not what the bulk API answers.
    #[error("the answer is none of the bulk API")]
    Shape(#[from] serde_json::Error),
    /// It is about other documents.
    #[error("the answer is not about the documents that were sent")]
    Others,
}

impl Batch {
    /// Adds a document, unless the batch would be more than it may be. A document that is too large by itself goes
    /// alone, so that the service says what it thinks of it.
    pub(super) fn add(
        &mut self,
        document: Document,
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<(), Document> {
        let action = json!({ "create": { "_index": document.index, "_id": document.id } });
        let lines = format!("{action}\n{}\n", document.source);
        let full = self.lines.len() >= rows_max || self.bytes + lines.len() > bytes_max;
        if full && !self.lines.is_empty() {
            return Err(document);
        }
        self.bytes += lines.len();
        self.lines.push((document, lines));
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The body of a request: lines of JSON, the last ended like the others.
    pub(super) fn body(&self) -> String {
        let mut body = String::with_capacity(self.bytes);
        body.extend(self.lines.iter().map(|(_, lines)| lines.as_str()));
        body
    }

    /// What an answer says of each document, in their order.
    pub(super) fn fates(&self, answer: &[u8]) -> Result<Vec<Fate>, Misunderstood> {
        let Answer { items } = serde_json::from_slice(answer)?;
        let about = items.iter().map(|item| item.create.id.as_str());
        if !about.eq(self.lines.iter().map(|(document, _)| document.id.as_str())) {
            return Err(Misunderstood::Others);
        }
        Ok(items.into_iter().map(|item| fate(item.create)).collect())
    }

    /// The documents of which `of` says so, by their number, as a batch of their own, and the others.
    pub(super) fn split(self, of: impl Fn(usize) -> bool) -> (Self, Self) {
        let mut parts = (Self::default(), Self::default());
        for (number, (document, lines)) in self.lines.into_iter().enumerate() {
            let part = if of(number) { &mut parts.0 } else { &mut parts.1 };
            part.bytes += lines.len();
            part.lines.push((document, lines));
        }
        parts
    }

    pub(super) fn documents(&self) -> impl Iterator<Item = &Document> {
        self.lines.iter().map(|(document, _)| document)
    }
}

/// Only what says that the document itself is wrong is final; whatever else there is (too much to do, no such index,
/// an index that may only be read, missing rights) somebody can change, and then the document is taken.
fn fate(done: Done) -> Fate {
    let Done { status, error, .. } = done;
    let error = || error.map_or_else(String::new, |fault| fault.kind.chars().take(ERROR_CHARS_MAX).collect());
    match status {
        // A conflict: an earlier attempt got through without our hearing of it.
        200 | 201 | 409 => Fate::Taken,
        400 | 413 | 415 | 422 => Fate::Never { status, error: error() },
        _ => Fate::Later { status, error: error() },
    }
}
