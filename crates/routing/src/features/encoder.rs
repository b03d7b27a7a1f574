//! From one value to one or more numbers.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Value;

/// The most slots that categories are hashed into.
const HASH_SLOTS_MAX: u16 = 1_024;

/// What is made of one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "encoder", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Encoder {
    /// The number itself; a flag is 0 or 1.
    Plain,
    /// ln(1 + x); negative numbers are mirrored, so that the order is kept.
    Log,
    /// (x - mean) / deviation, within ±10 deviations.
    Standardised {
        /// The mean of the values that the model was made from.
        mean: f64,
        /// Their standard deviation.
        deviation: f64,
    },
    /// How many of these rising edges the number has reached, divided by their count: 0 to 1.
    Bucket {
        /// The lower ends of all buckets but the first.
        edges: Vec<f64>,
    },
    /// A column for each category, `industry=retail`: 1 for the one that it is.
    OneHot {
        /// The categories.
        categories: Vec<String>,
    },
    /// Categories that nobody can list, such as products: each is put into one of so many columns, with a sign
    /// that keeps the expectation of collisions at zero (Weinberger et al., 2009, "Feature hashing").
    Hashing {
        /// How many columns.
        slots: u16,
    },
}

impl Encoder {
    /// What makes the encoder impossible, if anything.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Plain | Self::Log => Ok(()),
            Self::Standardised { mean, deviation } => {
                let holds = mean.is_finite() && deviation.is_finite() && *deviation > 0.0;
                holds.then_some(()).ok_or("the mean must be finite and the deviation above zero")
            }
            Self::Bucket { edges } => {
                let rising = edges.windows(2).all(|pair| pair[0] < pair[1]);
                let holds = rising && !edges.is_empty() && edges.iter().all(|edge| edge.is_finite());
                holds.then_some(()).ok_or("the edges must be finite and rise, and there must be one")
            }
            Self::OneHot { categories } => {
                (!categories.is_empty()).then_some(()).ok_or("there must be a category")
            }
            Self::Hashing { slots } => {
                (1..=HASH_SLOTS_MAX).contains(slots).then_some(()).ok_or("slots must be 1 to 1024")
            }
        }
    }

    /// The names of its columns.
    pub(super) fn columns(&self, name: &str) -> Vec<String> {
        match self {
            Self::Plain | Self::Log | Self::Standardised { .. } | Self::Bucket { .. } => {
                vec![name.to_owned()]
            }
            Self::OneHot { categories } => {
                categories.iter().map(|category| format!("{name}={category}")).collect()
            }
            Self::Hashing { slots } => (0..*slots).map(|slot| format!("{name}#{slot}")).collect(),
        }
    }

    /// Appends its columns' numbers. Each is finite or NaN.
    pub(super) fn encode(&self, value: Option<&Value>, row: &mut Vec<f32>) {
        match self {
            Self::Plain => row.push(narrow(number(value))),
            Self::Log => {
                let x = number(value);
                row.push(narrow(libm::log1p(x.abs()).copysign(x)));
            }
            Self::Standardised { mean, deviation } => {
                row.push(narrow(((number(value) - mean) / deviation).clamp(-10.0, 10.0)));
            }
            Self::Bucket { edges } => {
                let x = number(value);
                let reached = edges.iter().filter(|edge| x >= **edge).count();
                row.push(if x.is_nan() { f32::NAN } else { narrow(reached as f64 / edges.len() as f64) });
            }
            Self::OneHot { categories } => {
                let is = text(value);
                row.extend(categories.iter().map(|category| f32::from(is.as_deref() == Some(category))));
            }
            Self::Hashing { slots } => {
                let from = row.len();
                row.resize(from + usize::from(*slots), 0.0);
                if let Some(text) = text(value) {
                    let digest = Sha256::digest(text.as_bytes());
                    let slot = u16::from_be_bytes([digest[0], digest[1]]) % slots;
                    row[from + usize::from(slot)] = if digest[2] & 1 == 0 { 1.0 } else { -1.0 };
                }
            }
        }
    }
}

fn number(value: Option<&Value>) -> f64 {
    match value {
        Some(Value::Number(number)) if number.is_finite() => *number,
        Some(Value::Flag(flag)) => f64::from(*flag),
        Some(Value::Number(_) | Value::Text(_)) | None => f64::NAN,
    }
}

/// Flags and whole numbers can be categories too.
fn text(value: Option<&Value>) -> Option<String> {
    match value {
        Some(Value::Text(text)) => Some(text.clone()),
        Some(Value::Flag(flag)) => Some(flag.to_string()),
        Some(Value::Number(number)) => Some(number.to_string()),
        None => None,
    }
}

/// Models are single-precision. What does not fit becomes the largest number that does, so that no infinity
/// reaches a model.
#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of f32; the rest is rounding")]
fn narrow(x: f64) -> f32 {
    x.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}
