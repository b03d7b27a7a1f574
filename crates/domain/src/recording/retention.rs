//! How long recordings are kept.

use trunkline_kernel::Millis;

use super::RetentionKind;

/// How long recordings of each kind are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// [`RetentionKind::ShortTerm`]. Default 1,827 days: 5 years, as CN telesales rules ask for contracts of up to
    /// a year.
    pub short_term: Millis,
    /// [`RetentionKind::LongTerm`]. Default 3,653 days: 10 years, as they ask for longer contracts.
    pub long_term: Millis,
}

impl Retention {
    /// A length of whole days.
    pub const fn days(days: i64) -> Millis {
        Millis::from_mins(days.saturating_mul(24 * 60))
    }

    /// How long one of this kind is kept.
    pub const fn of(&self, kind: RetentionKind) -> Millis {
        match kind {
            RetentionKind::ShortTerm => self.short_term,
            RetentionKind::LongTerm => self.long_term,
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { short_term: Self::days(1_827), long_term: Self::days(3_653) }
    }
}
