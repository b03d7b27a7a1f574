//! Tags: every party of an event beside the stream it belongs to, so that one read finds all that concerns a
//! customer, an agent, a call or a campaign.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

use crate::Id;

/// The longest tag in bytes, so that every database can index it.
const TAG_BYTES_MAX: usize = 200;

/// One tag, `kind:key`, for instance `customer:0190b5f4-…`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Arc<str>);

/// A text that is not a tag.
#[derive(Debug, thiserror::Error)]
#[error(
    "{text:?} is not a tag: it takes `kind:key`, the kind of a-z and _, the key without white space, \
     {TAG_BYTES_MAX} bytes at most"
)]
pub struct InvalidTag {
    text: String,
}

impl Tag {
    /// The tag of the thing with this id.
    pub fn of<I: Id>(id: I) -> Self {
        Self(format!("{}:{id}", I::KIND).into())
    }

    /// The whole tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the colon.
    pub fn kind(&self) -> &str {
        self.0.split_once(':').map_or("", |(kind, _)| kind)
    }

    /// The part after the colon.
    pub fn key(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, key)| key)
    }

    /// The typed id in this tag, when its kind is that id's kind.
    pub fn id<I: Id>(&self) -> Option<I> {
        let (kind, key) = self.0.split_once(':')?;
        (kind == I::KIND).then(|| uuid::Uuid::try_parse(key).ok().map(I::from_uuid)).flatten()
    }
}

impl FromStr for Tag {
    type Err = InvalidTag;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let holds = text.len() <= TAG_BYTES_MAX
            && text.split_once(':').is_some_and(|(kind, key)| {
                !kind.is_empty()
                    && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                    && !key.is_empty()
                    && !key.chars().any(|c| c.is_whitespace() || c.is_control())
            });
        if holds {
            Ok(Self(text.into()))
        } else {
            Err(InvalidTag { text: text.chars().take(TAG_BYTES_MAX).collect() })
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The tags of one event: sorted, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(SmallVec<[Tag; 4]>);

impl Tags {
    /// The id of the given kind among these tags, when there is one.
    pub fn id<I: Id>(&self) -> Option<I> {
        self.0.iter().find_map(Tag::id)
    }

    /// Whether this tag is among them.
    pub fn contains(&self, tag: &Tag) -> bool {
        self.0.binary_search(tag).is_ok()
    }

    /// The tags in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Tag> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Tag> for Tags {
    fn from_iter<T: IntoIterator<Item = Tag>>(tags: T) -> Self {
        let mut tags: SmallVec<[Tag; 4]> = tags.into_iter().collect();
        tags.sort_unstable();
        tags.dedup();
        Self(tags)
    }
}

impl<'a> IntoIterator for &'a Tags {
    type Item = &'a Tag;
    type IntoIter = std::slice::Iter<'a, Tag>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
