//! One figure, with what it was made of.

use serde::Serialize;

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A plain count.
    Count,
    /// A share from 0 to 1.
    Share,
    /// A mean length of time in milliseconds.
    Milliseconds,
    /// Things for each other thing.
    Ratio,
}

/// A figure: `numerator / denominator`, or the numerator alone for counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What it is counted in.
    pub unit: Unit,
    /// What stands above the line, in the figure's own unit of counting.
    pub numerator: i64,
    /// What stands below; 1 for counts.
    pub denominator: i64,
}

impl Figure {
    /// A plain count.
    pub const fn count(numerator: i64) -> Self {
        Self { unit: Unit::Count, numerator, denominator: 1 }
    }

    /// A share of a whole.
    pub const fn share(numerator: i64, denominator: i64) -> Self {
        Self { unit: Unit::Share, numerator, denominator }
    }

    /// A mean of milliseconds.
    pub const fn mean_ms(total_ms: i64, count: i64) -> Self {
        Self { unit: Unit::Milliseconds, numerator: total_ms, denominator: count }
    }

    /// Things for each other thing.
    pub const fn ratio(numerator: i64, denominator: i64) -> Self {
        Self { unit: Unit::Ratio, numerator, denominator }
    }

    /// The value; `None` when there is nothing to divide by.
    #[expect(clippy::cast_precision_loss, reason = "counts and milliseconds stay far below 2^53")]
    pub fn value(&self) -> Option<f64> {
        (self.denominator != 0).then(|| self.numerator as f64 / self.denominator as f64)
    }
}
