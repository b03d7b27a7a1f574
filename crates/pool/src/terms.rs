//! When an agent works and which licences hold, as of a moment that is renewed whenever one of them begins or ends.

use std::collections::{BTreeMap, BTreeSet};

use trunkline_app::cases::hours;
use trunkline_domain::agent::{self, Validity};
use trunkline_kernel::Timestamp;
use trunkline_routing::matching::{Shift, Weekly, window};

/// What an agent may do when.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    licences: BTreeMap<String, Validity>,
    hours: Vec<Weekly>,
    /// Whether there are shifts at all; an agent without any works always.
    shifts: bool,
    at: Option<Timestamp>,
}

impl Terms {
    pub(crate) fn new(licences: &BTreeMap<String, Validity>, shifts: &[agent::Shift]) -> Self {
        let mut terms = Self::default();
        terms.change(Some(licences), Some(shifts));
        terms
    }

    /// Whether there are neither shifts nor licences.
    pub(crate) fn is_empty(&self) -> bool {
        !self.shifts && self.licences.is_empty()
    }

    /// What is given holds from now on.
    pub(crate) fn change(
        &mut self,
        licences: Option<&BTreeMap<String, Validity>>,
        shifts: Option<&[agent::Shift]>,
    ) {
        if let Some(licences) = licences {
            self.licences.clone_from(licences);
        }
        if let Some(shifts) = shifts {
            self.hours = hours(shifts);
            self.shifts = !shifts.is_empty();
        }
    }

    /// The moment has come to look again; gives the next one, when there is any.
    pub(crate) fn renew(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.at = Some(now);
        let bounds = self.licences.values().flat_map(|validity| [validity.from, validity.until]).flatten();
        let over = window(&self.hours, now).map(|shift| shift.until);
        bounds.chain(over).filter(|bound| *bound > now).min()
    }

    /// The licences that hold.
    pub(crate) fn licences(&self) -> BTreeSet<String> {
        let holds = |at| self.licences.iter().filter(move |(_, validity)| validity.holds(at));
        self.at.into_iter().flat_map(holds).map(|(name, _)| name.clone()).collect()
    }

    /// The shift that is under way or comes next; nothing for who works always.
    pub(crate) fn shift(&self) -> Option<Shift> {
        let never = Shift { from: Timestamp::from_micros(i64::MAX), until: Timestamp::from_micros(i64::MAX) };
        let at = self.at.filter(|_| self.shifts)?;
        Some(window(&self.hours, at).unwrap_or(never))
    }
}

#[cfg(test)]
mod tests {
    use trunkline_kernel::Millis;

    use super::*;

    #[test]
    fn what_holds_is_as_of_the_renewal_and_the_next_one_is_told() {
        let now: Timestamp = "2026-03-06T00:00:00Z".parse().unwrap();
        let hour = |hours: i64| now.plus(Millis::from_mins(60 * hours));
        let licences = [
            ("old".to_owned(), Validity { from: None, until: Some(now) }),
            ("new".to_owned(), Validity { from: Some(hour(2)), until: None }),
            ("held".to_owned(), Validity::default()),
        ];
        let shift = agent::Shift {
            time_zone: "Asia/Shanghai".to_owned(),
            weekdays: vec![5],
            from_minute: 9 * 60,
            until_minute: 18 * 60,
        };
        let mut terms = Terms::new(&licences.into(), &[shift]);
        assert_eq!(terms.renew(now), Some(hour(2)));
        assert_eq!(terms.licences(), ["held".to_owned()].into());
        assert_eq!(terms.shift(), Some(Shift { from: hour(1), until: hour(10) }));
        assert_eq!(terms.renew(hour(2)), Some(hour(10)));
        assert_eq!(terms.licences(), ["held".to_owned(), "new".to_owned()].into());
        assert_eq!(terms.renew(hour(10)), Some(hour(7 * 24 + 10)), "the week after");
        assert_eq!(terms.shift().unwrap().from, hour(7 * 24 + 1));
        terms.change(None, Some(&[]));
        assert_eq!((terms.renew(hour(10)), terms.shift()), (None, None), "who has no shift works always");
    }
}
