//! Personal data: marked in the type, so that the schema, the vault and every reader know it.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, IntoDeserializer as _, MapAccess, Unexpected, Visitor};
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

/// The key of the object that stands for a sealed value.
const SEALED: &str = "$sealed";
/// The key of the object that stands for an erased value.
const ERASED: &str = "$erased";

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Open(value) => value.serialize(serializer),
            Self::Sealed(Sealed(text)) => serializer.collect_map([(SEALED, text)]),
            Self::Erased => serializer.collect_map([(ERASED, true)]),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Written by hand because events are read by the million: an untagged enum buffers and copies every value.
        deserializer.deserialize_any(Stored(PhantomData))
    }
}

struct Stored<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Stored<T> {
    type Value = Personal<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text, a number, or an object with {SEALED} or {ERASED}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Personal<T>, E> {
        T::deserialize(text.into_deserializer()).map(Personal::Open)
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Personal<T>, E> {
        T::deserialize(text.into_deserializer()).map(Personal::Open)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Personal<T>, E> {
        T::deserialize(number.into_deserializer()).map(Personal::Open)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Personal<T>, E> {
        T::deserialize(number.into_deserializer()).map(Personal::Open)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Personal<T>, E> {
        T::deserialize(number.into_deserializer()).map(Personal::Open)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Personal<T>, A::Error> {
        let value = match map.next_key::<String>()?.as_deref() {
            Some(SEALED) => Personal::Sealed(Sealed(map.next_value()?)),
            Some(ERASED) => map.next_value().map(|_: bool| Personal::Erased)?,
            Some(_) | None => return Err(de::Error::invalid_type(Unexpected::Map, &self)),
        };
        match map.next_key::<String>()? {
            None => Ok(value),
            Some(_) => Err(de::Error::invalid_length(2, &"an object with one key")),
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::PhoneNumber;

    #[test]
    fn open_sealed_and_erased_are_written_and_read_as_three_different_things() {
        for (value, written) in [
            (Personal::Open("Li Wei \u{1f600}\n".to_owned()), json!("Li Wei \u{1f600}\n")),
            (Personal::Sealed(Sealed("k1:abc".to_owned())), json!({ "$sealed": "k1:abc" })),
            (Personal::Erased, json!({ "$erased": true })),
        ] {
            let text = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), written);
            assert_eq!(serde_json::from_str::<Personal<String>>(&text).unwrap(), value);
            assert_eq!(serde_json::from_value::<Personal<String>>(written).unwrap(), value);
        }
        assert_eq!(serde_json::from_str::<Personal<i64>>("-7").unwrap(), Personal::Open(-7));
        assert_eq!(serde_json::from_str::<Personal<f64>>("0.5").unwrap().open(), Some(&0.5));
    }

    #[test]
    fn other_shapes_are_refused_and_an_open_value_keeps_its_own_form() {
        for text in ["{}", r#"{"$open":"x"}"#, r#"{"$erased":true,"$sealed":"x"}"#, "[1]", "true", "null"] {
            assert!(serde_json::from_str::<Personal<String>>(text).is_err(), "took {text}");
        }
        assert!(serde_json::from_str::<Personal<PhoneNumber>>(r#""123""#).is_err());
        assert!(serde_json::from_str::<Personal<PhoneNumber>>(r#""+8613812345678""#).is_ok());
    }

    #[test]
    fn debug_output_tells_nothing() {
        assert_eq!(format!("{:?}", Personal::Open("Li Wei")), "personal");
    }
}
