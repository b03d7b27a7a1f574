use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use trunkline_kernel::Position;

/// A place in the log, as text, so that no client rounds it. Positions are only compared: the later event has
/// the higher one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogPosition(pub Position);

/// A place in the log, as text, so that no client rounds it. Positions are only compared: the later event has
/// the higher one.
#[Scalar(name = "Position")]
impl ScalarType for LogPosition {
    fn parse(value: Value) -> InputValueResult<Self> {
        let position = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_u64(),
            Value::Null
            | Value::Boolean(_)
            | Value::Binary(_)
            | Value::Enum(_)
            | Value::List(_)
            | Value::Object(_) => None,
        };
        position.map(|position| Self(Position(position))).ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<Position> for LogPosition {
    fn from(position: Position) -> Self {
        Self(position)
    }
}
