//! Streams: the unit of consistency. A stream is one aggregate's history.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Id;

/// The longest stream name in bytes, so that every database can index it.
const STREAM_BYTES_MAX: usize = 200;

/// The kind of an aggregate: lower-case letters and underscores. Permanent once stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Category(&'static str);

impl Category {
    /// Names a category.
    ///
    /// # Panics
    /// At compile time in a constant, when the name has anything but lower-case letters and underscores.
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty(), "a category has a name");
        let mut at = 0;
        while at < bytes.len() {
            assert!(
                bytes[at].is_ascii_lowercase() || bytes[at] == b'_',
                "a category is lower-case letters and underscores"
            );
            at += 1;
        }
        Self(name)
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The name of a stream, `category-key`, for instance `call-0190b5f4-…`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    name: Arc<str>,
    category_bytes: u16,
}

/// A text that does not name a stream.
#[derive(Debug, thiserror::Error)]
#[error(
    "{name:?} is not a stream: it takes `category-key`, the category of a-z and _, the key of printable \
     characters without spaces, {STREAM_BYTES_MAX} bytes at most"
)]
pub struct InvalidStream {
    name: String,
}

impl StreamId {
    /// The stream of the aggregate with this id; its category is the id's kind.
    pub fn of<I: Id>(id: I) -> Self {
        let name = format!("{}-{id}", I::KIND);
        Self { name: name.into(), category_bytes: short(I::KIND.len()) }
    }

    /// A stream that is not named by a typed id, for instance a claim on a phone number.
    ///
    /// # Errors
    /// When the key is empty, too long, or has white space or control characters.
    pub fn named(category: Category, key: &str) -> Result<Self, InvalidStream> {
        format!("{category}-{key}").parse()
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The part before the first dash.
    pub fn category(&self) -> &str {
        &self.name[..usize::from(self.category_bytes)]
    }

    /// The part after the first dash.
    pub fn key(&self) -> &str {
        &self.name[usize::from(self.category_bytes) + 1..]
    }

    /// The typed id that this stream is of, when its category is that id's kind.
    pub fn id<I: Id>(&self) -> Option<I> {
        (self.category() == I::KIND)
            .then(|| uuid::Uuid::try_parse(self.key()).ok().map(I::from_uuid))
            .flatten()
    }
}

/// Categories are far shorter than `u16::MAX`: a stream name has at most [`STREAM_BYTES_MAX`] bytes.
fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

impl FromStr for StreamId {
    type Err = InvalidStream;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let parts = name.split_once('-').filter(|(category, key)| {
            let category_holds =
                !category.is_empty() && category.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let key_holds = !key.is_empty() && !key.chars().any(|c| c.is_whitespace() || c.is_control());
            category_holds && key_holds && name.len() <= STREAM_BYTES_MAX
        });
        match parts {
            Some((category, _)) => Ok(Self { name: name.into(), category_bytes: short(category.len()) }),
            None => Err(InvalidStream { name: name.chars().take(STREAM_BYTES_MAX).collect() }),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
