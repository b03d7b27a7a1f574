//! What a lead's attempts have found out about the customer's numbers.

use std::collections::BTreeMap;

use super::AttemptOutcome;
use crate::identifier::IdentifierId;

/// What became of one number.
#[derive(Clone, Copy, Debug, Default)]
struct Tried {
    times: u16,
    /// There is no such number.
    invalid: bool,
}

/// The numbers that were dialed for a lead.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    tried: BTreeMap<IdentifierId, Tried>,
    /// The number of the last attempt.
    last: Option<IdentifierId>,
}

impl Numbers {
    pub(super) fn called(&mut self, number: Option<IdentifierId>) {
        self.last = number;
        if let Some(number) = number {
            let tried = self.tried.entry(number).or_default();
            tried.times = tried.times.saturating_add(1);
        }
    }

    pub(super) fn returned(&mut self, outcome: AttemptOutcome) {
        if let Some(tried) = self.last.and_then(|last| self.tried.get_mut(&last)) {
            tried.invalid |= outcome == AttemptOutcome::InvalidNumber;
        }
    }

    pub(super) fn is_invalid(&self, number: IdentifierId) -> bool {
        self.tried.get(&number).is_some_and(|tried| tried.invalid)
    }

    pub(super) fn next(
        &self,
        numbers: impl IntoIterator<Item = IdentifierId>,
        requested: bool,
    ) -> Option<IdentifierId> {
        let spoken_on = self.last.filter(|_| requested);
        let times = |number: &IdentifierId| self.tried.get(number).map_or(0, |tried| tried.times);
        let existing = numbers.into_iter().filter(|number| !self.is_invalid(*number));
        // Of several least ones it is the first.
        existing.min_by_key(|number| (Some(*number) != spoken_on, times(number)))
    }
}
