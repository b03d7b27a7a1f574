//! How long texts and how many entries a command may bring, and the refusals when it brings more.

use std::collections::BTreeMap;
use std::fmt;

use trunkline_kernel::Personal;

use crate::RefusalDeclaration;

/// The longest name of a queue, a product, a rule, a feature and the like, in bytes.
pub const WORD_BYTES_MAX: usize = 200;
/// The longest free text, in bytes.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// The most entries in a map or list.
pub const ENTRIES_MAX: usize = 200;

/// A value of a command has no possible form. Carries the field, in the API's spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidInput {
    /// A text that must say something is empty. Code `INPUT_EMPTY`.
    Empty(&'static str),
    /// A text is too long. Code `INPUT_TOO_LONG`.
    TooLong(&'static str),
    /// A map or list has too many entries. Code `INPUT_TOO_MANY`.
    TooMany(&'static str),
    /// A number is outside its range. Code `INPUT_OUT_OF_RANGE`.
    OutOfRange(&'static str),
    /// A change changes nothing. Code `INPUT_NO_CHANGE`.
    NoChange(&'static str),
}

impl InvalidInput {
    /// Every refusal of a value's form.
    pub const DECLARED: &'static [RefusalDeclaration] = &[
        RefusalDeclaration {
            code: "INPUT_EMPTY",
            field: None,
            cause: " A text that must say something is empty.",
            en: "the text is empty",
            remedy: "give at least one visible character",
            zh: "内容为空：请至少填写一个可见字符",
        },
        RefusalDeclaration {
            code: "INPUT_TOO_LONG",
            field: None,
            cause: " A text is longer than 200 bytes for a name or a word, or 16 KiB for free text.",
            en: "the text is too long",
            remedy: "give at most 200 bytes for a name or a word, 16 KiB for free text",
            zh: "内容过长：名称最多200字节，正文最多16 KiB",
        },
        RefusalDeclaration {
            code: "INPUT_TOO_MANY",
            field: None,
            cause: " A map or list has more than 200 entries.",
            en: "there are too many entries",
            remedy: "give at most 200",
            zh: "条目过多：最多200项",
        },
        RefusalDeclaration {
            code: "INPUT_OUT_OF_RANGE",
            field: None,
            cause: " A number is outside the range that the field's documentation gives.",
            en: "the number is out of range",
            remedy: "give a number within the range that the documentation of the field names",
            zh: "数值超出范围：请按字段说明填写",
        },
        RefusalDeclaration {
            code: "INPUT_NO_CHANGE",
            field: None,
            cause: " A change was asked for in which every field is absent.",
            en: "nothing is to be changed",
            remedy: "give at least one field",
            zh: "没有需要修改的内容：请至少填写一个字段",
        },
    ];

    fn declaration(self) -> &'static RefusalDeclaration {
        &Self::DECLARED[match self {
            Self::Empty(_) => 0,
            Self::TooLong(_) => 1,
            Self::TooMany(_) => 2,
            Self::OutOfRange(_) => 3,
            Self::NoChange(_) => 4,
        }]
    }

    /// The stable code.
    pub fn code(self) -> &'static str {
        self.declaration().code
    }

    /// The field.
    pub fn field(self) -> &'static str {
        match self {
            Self::Empty(field)
            | Self::TooLong(field)
            | Self::TooMany(field)
            | Self::OutOfRange(field)
            | Self::NoChange(field) => field,
        }
    }
}

impl fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RefusalDeclaration { en, remedy, .. } = self.declaration();
        write!(f, "`{}`: {en}: {remedy}", self.field())
    }
}

impl std::error::Error for InvalidInput {}

/// A name or word that must be given.
pub(crate) fn word(field: &'static str, text: &str) -> Result<(), InvalidInput> {
    if text.trim().is_empty() {
        Err(InvalidInput::Empty(field))
    } else if text.len() > WORD_BYTES_MAX {
        Err(InvalidInput::TooLong(field))
    } else {
        Ok(())
    }
}

/// A name or word that may be given.
pub(crate) fn word_if_any(field: &'static str, text: Option<&String>) -> Result<(), InvalidInput> {
    text.map_or(Ok(()), |text| word(field, text))
}

/// A person's name. One that nobody can read any more is in order.
pub(crate) fn name(field: &'static str, name: &Personal<String>) -> Result<(), InvalidInput> {
    name.open().map_or(Ok(()), |name| word(field, name))
}

/// A free text that may be given and may be empty.
pub(crate) fn text(field: &'static str, text: Option<&Personal<String>>) -> Result<(), InvalidInput> {
    let bytes = text.and_then(Personal::open).map_or(0, String::len);
    if bytes > TEXT_BYTES_MAX { Err(InvalidInput::TooLong(field)) } else { Ok(()) }
}

/// A free text that says nothing about a person, may be given and may be empty.
pub(crate) fn plain_text(field: &'static str, text: Option<&String>) -> Result<(), InvalidInput> {
    let bytes = text.map_or(0, String::len);
    if bytes > TEXT_BYTES_MAX { Err(InvalidInput::TooLong(field)) } else { Ok(()) }
}

/// A map whose keys are words.
pub(crate) fn keys<V>(field: &'static str, map: &BTreeMap<String, V>) -> Result<(), InvalidInput> {
    count(field, map.len())?;
    map.keys().try_for_each(|key| word(field, key))
}

/// A map of words to plain texts.
pub(crate) fn attributes(field: &'static str, map: &BTreeMap<String, String>) -> Result<(), InvalidInput> {
    keys(field, map)?;
    map.values().try_for_each(|value| plain_text(field, Some(value)))
}

/// The length of a list.
pub(crate) fn count(field: &'static str, count: usize) -> Result<(), InvalidInput> {
    if count > ENTRIES_MAX { Err(InvalidInput::TooMany(field)) } else { Ok(()) }
}

/// A condition on a number.
pub(crate) fn range(field: &'static str, holds: bool) -> Result<(), InvalidInput> {
    if holds { Ok(()) } else { Err(InvalidInput::OutOfRange(field)) }
}

/// What was understood of a conversation.
pub(crate) fn insight(insight: &crate::words::Insight) -> Result<(), InvalidInput> {
    word_if_any("intent", insight.intent.as_ref())?;
    text("budget", insight.budget.as_ref())?;
    text("timing", insight.timing.as_ref())?;
    text("summary", insight.summary.as_ref())?;
    count("painPoints", insight.pain_points.len())?;
    count("competitors", insight.competitors.len())?;
    insight.pain_points.iter().try_for_each(|point| text("painPoints", Some(point)))?;
    insight.competitors.iter().try_for_each(|name| word("competitors", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_maps_are_held_to_their_limits() {
        assert_eq!(word("queue", " "), Err(InvalidInput::Empty("queue")));
        assert_eq!(word("queue", &"x".repeat(WORD_BYTES_MAX)), Ok(()));
        assert_eq!(word("queue", &"x".repeat(WORD_BYTES_MAX + 1)), Err(InvalidInput::TooLong("queue")));
        let long = Personal::from("x".repeat(TEXT_BYTES_MAX + 1));
        assert_eq!(text("note", Some(&long)), Err(InvalidInput::TooLong("note")));
        assert_eq!(text("note", Some(&Personal::Erased)), Ok(()));
        let many = (0..=ENTRIES_MAX).map(|n| (n.to_string(), String::new())).collect();
        assert_eq!(attributes("attributes", &many), Err(InvalidInput::TooMany("attributes")));
    }

    #[test]
    fn the_message_names_the_field_the_fault_and_the_remedy() {
        let said = InvalidInput::Empty("queue").to_string();
        assert_eq!(said, "`queue`: the text is empty: give at least one visible character");
        assert_eq!(InvalidInput::NoChange("input").code(), "INPUT_NO_CHANGE");
    }
}
