use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use trunkline_kernel::Timestamp;

/// A moment in UTC with microsecond precision, as RFC 3339 text such as `2026-01-31T09:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateTime(pub Timestamp);

/// A moment in UTC with microsecond precision, as RFC 3339 text such as `2026-01-31T09:00:00Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        Ok(Self(text.parse()?))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<Timestamp> for DateTime {
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}
