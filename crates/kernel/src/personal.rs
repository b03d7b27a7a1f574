//! Personal data: marked in the type, so that the schema, the vault and every reader know it.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that says something about a person. Open, sealed and erased are three different things; absent is a
/// fourth, `Option<Personal<T>>`.
///
/// In JSON an open value is itself, a sealed one is `{"$sealed": "…"}`, an erased one is `{"$erased": true}`;
/// so values that are JSON objects with such a key cannot be personal, and `T` is a text or a number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Personal<T> {
    /// Readable.
    Open(T),
    /// Encrypted under its data subject's key.
    Sealed(Sealed),
    /// The key is destroyed; nobody can read it any more.
    Erased,
}

/// What the vault writes in place of a value; opaque to everybody else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sealed(pub String);

impl<T> Personal<T> {
    /// The value, when it can be read.
    pub fn open(&self) -> Option<&T> {
        match self {
            Self::Open(value) => Some(value),
            Self::Sealed(_) | Self::Erased => None,
        }
    }
}

impl<T> From<T> for Personal<T> {
    fn from(value: T) -> Self {
        Self::Open(value)
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Debug output ends in logs, where no personal datum may stand.
        f.write_str(match self {
            Self::Open(_) => "personal",
            Self::Sealed(_) => "sealed",
            Self::Erased => "erased",
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored<T> {
    Sealed {
        #[serde(rename = "$sealed")]
        sealed: String,
    },
    Erased {
        #[serde(rename = "$erased")]
        erased: bool,
    },
    Open(T),
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Open(value) => value.serialize(serializer),
            Self::Sealed(Sealed(text)) => Stored::<T>::Sealed { sealed: text.clone() }.serialize(serializer),
            Self::Erased => Stored::<T>::Erased { erased: true }.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Stored::deserialize(deserializer)? {
            Stored::Open(value) => Self::Open(value),
            Stored::Sealed { sealed } => Self::Sealed(Sealed(sealed)),
            Stored::Erased { erased: _ } => Self::Erased,
        })
    }
}

impl<T: JsonSchema> JsonSchema for Personal<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Personal_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-personal": true,
            "anyOf": [
                generator.subschema_for::<T>(),
                { "type": "object", "properties": { "$sealed": { "type": "string" } }, "required": ["$sealed"], "additionalProperties": false },
                { "type": "object", "properties": { "$erased": { "const": true } }, "required": ["$erased"], "additionalProperties": false }
            ]
        })
    }
}
