//! The same refusal at the way in, again and again: counted, so that whoever knocks does not fill the log.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use trunkline_domain::access::{Entry, Outcome, Way};

/// How many different refusals are counted apart; more are counted as coming from nowhere.
const KINDS_MAX: usize = 1_000;

type Kind = (Option<String>, Option<String>, Option<String>);

/// The refusals of the present while.
#[derive(Debug)]
pub(super) struct Repeats {
    within: Duration,
    ends: Option<Instant>,
    counted: HashMap<Kind, Option<Entry>>,
}

impl Repeats {
    pub(super) fn new(within: Duration) -> Self {
        Self { within, ends: None, counted: HashMap::new() }
    }

    /// Gives an entry back that is to be written now: all but a refusal at the way in that was written a moment ago.
    pub(super) fn pass(&mut self, mut entry: Entry) -> Option<Entry> {
        if entry.way != Way::Login || entry.outcome != Outcome::Refused {
            return Some(entry);
        }
        self.ends.get_or_insert_with(|| Instant::now() + self.within);
        let kind = |entry: &Entry| (entry.who.clone(), entry.address.clone(), entry.code.clone());
        if self.counted.len() >= KINDS_MAX && !self.counted.contains_key(&kind(&entry)) {
            (entry.who, entry.address) = (None, None);
        }
        match self.counted.get_mut(&kind(&entry)) {
            None => {
                self.counted.insert(kind(&entry), None);
                Some(entry)
            }
            Some(Some(counted)) => {
                counted.times += 1;
                counted.at = entry.at;
                None
            }
            Some(first @ None) => {
                *first = Some(entry);
                None
            }
        }
    }

    /// When what was counted is to be written, if anything was.
    pub(super) fn ends(&self) -> Option<Instant> {
        self.ends
    }

    /// What was counted, once its while is over or `now` when everything ends.
    pub(super) fn over(&mut self, now: bool) -> Vec<Entry> {
        if !now && self.ends.is_none_or(|ends| Instant::now() < ends) {
            return Vec::new();
        }
        self.ends = None;
        std::mem::take(&mut self.counted).into_values().flatten().collect()
    }
}
