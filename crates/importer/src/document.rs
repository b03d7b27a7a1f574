//! A mapping file as it is written: TOML with the place of every text kept, so that an error can name its line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

/// The longest mapping file in bytes.
const MAPPING_BYTES_MAX: u64 = 1 << 20;

/// A mapping file that cannot be used. Says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// The file cannot be read.
    #[error("cannot read the mapping {}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not a mapping: not TOML, an unknown key, or a value of the wrong kind.
    #[error("{}: {message}", file.display())]
    Syntax {
        /// Which file.
        file: PathBuf,
        /// Line, column, excerpt and what is allowed.
        message: String,
    },
    /// A key has a value that does not make sense.
    #[error("{}, line {line}: `{key}` {reason}", file.display())]
    Wrong {
        /// Which file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The key's path, for instance `value.entered.format`.
        key: String,
        /// What is wrong, and what is allowed.
        reason: String,
    },
}

/// A text in the file and the byte where it stands.
pub(crate) type Text = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) source: SourceSection,
    #[serde(default)]
    pub(crate) value: BTreeMap<Text, ValueSection>,
    pub(crate) step: Vec<StepSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceSection {
    pub(crate) namespace: Text,
    pub(crate) separator: Option<Text>,
    pub(crate) quotes: Option<bool>,
    pub(crate) encoding: Option<Text>,
    pub(crate) time_zone: Option<Text>,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) row_bytes_max: Option<Spanned<usize>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueSection {
    pub(crate) text: Option<Text>,
    pub(crate) number: Option<Text>,
    pub(crate) time: Option<Text>,
    pub(crate) calendar: Option<CalendarSection>,
    pub(crate) empty_when: Option<Vec<String>>,
    pub(crate) map: Option<BTreeMap<String, String>>,
    pub(crate) otherwise: Option<Text>,
    pub(crate) at_least: Option<i64>,
    pub(crate) format: Option<Text>,
    pub(crate) plus_seconds: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarSection {
    pub(crate) start: Text,
    pub(crate) month: Text,
    pub(crate) weekday: Text,
    pub(crate) opens: Text,
    pub(crate) every_seconds: Spanned<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepSection {
    #[serde(rename = "do")]
    pub(crate) command: Text,
    pub(crate) id: Text,
    pub(crate) at: Text,
    #[serde(default)]
    pub(crate) when: Vec<Text>,
    #[serde(default)]
    pub(crate) with: BTreeMap<Text, Text>,
    #[serde(default)]
    pub(crate) keep: Vec<Text>,
}

/// The file that errors are about, and its lines.
pub(crate) struct Origin<'a> {
    pub(crate) file: &'a Path,
    pub(crate) text: &'a str,
}

impl Origin<'_> {
    /// An error about the text at `place`, which is the value of `key`.
    pub(crate) fn wrong<T>(&self, place: &Spanned<T>, key: &str, reason: impl Into<String>) -> MappingError {
        let before = self.text.get(..place.span().start).unwrap_or(self.text);
        MappingError::Wrong {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            key: key.to_owned(),
            reason: reason.into(),
        }
    }
}

pub(crate) fn read(file: &Path) -> Result<String, MappingError> {
    let unreadable = |source| MappingError::Unreadable { file: file.to_owned(), source };
    let bytes = std::fs::metadata(file).map_err(unreadable)?.len();
    if bytes > MAPPING_BYTES_MAX {
        let message = format!("a mapping has at most {MAPPING_BYTES_MAX} bytes, this file has {bytes}");
        return Err(MappingError::Syntax { file: file.to_owned(), message });
    }
    std::fs::read_to_string(file).map_err(unreadable)
}

pub(crate) fn parse(origin: &Origin<'_>) -> Result<Document, MappingError> {
    toml::from_str(origin.text)
        .map_err(|error| MappingError::Syntax { file: origin.file.to_owned(), message: error.to_string() })
}
