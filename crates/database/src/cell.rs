//! Which Rust types stand in which columns.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use trunkline_kernel::{
    AgentId, CallId, CampaignId, CommandId, CorrelationId, CustomerId, EventId, Id, InteractionId, LeadId,
    Millis, Personal, Position, RecordingId, ReservationId, RightsRequestId, Sealed, TaskId, Timestamp,
    Version,
};
use uuid::Uuid;

use crate::{Kind, Value};

/// A type that can stand in a column.
pub trait Cell: Sized {
    /// The column's type.
    const KIND: Kind;

    /// The value to store.
    fn value(&self) -> Value;

    /// Reads a stored value; `None` when it is not one of this type.
    fn read(value: Value) -> Option<Self>;
}

impl<T: Cell> Cell for Option<T> {
    const KIND: Kind = T::KIND;

    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null(T::KIND), Cell::value)
    }

    fn read(value: Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }
}

macro_rules! cells {
    ($($kind:ident: $ty:ty, |$out:ident| $write:expr, |$in:ident| $read:expr;)*) => {$(
        impl Cell for $ty {
            const KIND: Kind = Kind::$kind;

            fn value(&self) -> Value {
                let $out = self;
                Value::$kind($write)
            }

            fn read(value: Value) -> Option<Self> {
                match value {
                    Value::$kind($in) => $read,
                    Value::Null(_) | Value::Bool(_) | Value::Int(_) | Value::Real(_) | Value::Text(_)
                    | Value::Uuid(_) | Value::Time(_) | Value::Json(_) | Value::Bytes(_) => None,
                }
            }
        }
    )*};
}

/// Positions, versions and counts stay far below 2^63.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[expect(unreachable_patterns, reason = "the macro names every kind once, one of them before")]
mod scalars {
    use super::*;

    cells! {
        Bool: bool, |v| *v, |v| Some(v);
        Int: i64, |v| *v, |v| Some(v);
        Int: i32, |v| i64::from(*v), |v| i32::try_from(v).ok();
        Int: u32, |v| i64::from(*v), |v| u32::try_from(v).ok();
        Int: u16, |v| i64::from(*v), |v| u16::try_from(v).ok();
        Int: u8, |v| i64::from(*v), |v| u8::try_from(v).ok();
        Int: u64, |v| whole(*v), |v| u64::try_from(v).ok();
        Int: Millis, |v| v.0, |v| Some(Self(v));
        Int: Position, |v| whole(v.0), |v| u64::try_from(v).ok().map(Self);
        Int: Version, |v| whole(v.0), |v| u64::try_from(v).ok().map(Self);
        Real: f64, |v| *v, |v| Some(v);
        Text: String, |v| Cow::Owned(v.clone()), |v| Some(v.into_owned());
        Text: Cow<'static, str>, |v| v.clone(), |v| Some(v);
        Uuid: Uuid, |v| *v, |v| Some(v);
        Time: Timestamp, |v| *v, |v| Some(v);
        Bytes: Vec<u8>, |v| v.clone(), |v| Some(v);
    }
}

macro_rules! id_cells {
    ($($ty:ty)*) => {$(
        impl Cell for $ty {
            const KIND: Kind = Kind::Uuid;

            fn value(&self) -> Value {
                Value::Uuid(self.uuid())
            }

            fn read(value: Value) -> Option<Self> {
                Uuid::read(value).map(Self::from_uuid)
            }
        }
    )*};
}

id_cells! {
    CustomerId AgentId CampaignId LeadId CallId RecordingId ReservationId InteractionId TaskId EventId CommandId
    CorrelationId RightsRequestId
}

/// How a sealed value, an erased one and an open one stand in a column; an absent one is NULL.
const SEALED: &str = "sealed:";
const ERASED: &str = "erased";
const OPEN: &str = "open:";

impl<T: Serialize + DeserializeOwned> Cell for Personal<T> {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value {
        let text = match self {
            Self::Sealed(Sealed(text)) => format!("{SEALED}{text}"),
            Self::Erased => ERASED.to_owned(),
            // Only a log that was written without a vault has open values: made-up events of tests and benchmarks.
            Self::Open(value) => match serde_json::to_string(value) {
                Ok(json) => format!("{OPEN}{json}"),
                Err(_) => return Value::Null(Kind::Text),
            },
        };
        Value::Text(text.into())
    }

    fn read(value: Value) -> Option<Self> {
        let text = Cow::<'static, str>::read(value)?;
        if let Some(sealed) = text.strip_prefix(SEALED) {
            return Some(Self::Sealed(Sealed(sealed.to_owned())));
        }
        if text == ERASED {
            return Some(Self::Erased);
        }
        serde_json::from_str(text.strip_prefix(OPEN)?).ok().map(Self::Open)
    }
}

/// A value that stands in a JSON column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize + DeserializeOwned> Cell for Json<T> {
    const KIND: Kind = Kind::Json;

    fn value(&self) -> Value {
        serde_json::to_string(&self.0).map_or(Value::Null(Kind::Json), Value::Json)
    }

    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Json(text) => serde_json::from_str(&text).ok().map(Self),
            Value::Null(_)
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Real(_)
            | Value::Text(_)
            | Value::Uuid(_)
            | Value::Time(_)
            | Value::Bytes(_) => None,
        }
    }
}
