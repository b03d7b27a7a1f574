//! What happens next.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use trunkline_kernel::{Millis, Timestamp};

/// Events to come, in the order of their times; those of one time in the order in which they were put down.
#[derive(Debug)]
pub(crate) struct Agenda<E> {
    now: Timestamp,
    entries: BinaryHeap<Entry<E>>,
    count: u64,
}

#[derive(Debug)]
struct Entry<E> {
    at: Timestamp,
    number: u64,
    event: E,
}

impl<E> Agenda<E> {
    /// Nothing yet, at this time.
    pub(crate) fn from(now: Timestamp) -> Self {
        Self { now, entries: BinaryHeap::new(), count: 0 }
    }

    /// The time of the event that was last taken.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Puts an event down, so many seconds from now.
    pub(crate) fn after(&mut self, seconds: f64, event: E) {
        self.count += 1;
        let at = Timestamp::from_micros(self.now.micros() + micros(seconds));
        self.entries.push(Entry { at, number: self.count, event });
    }

    /// The next event before `end`.
    pub(crate) fn next(&mut self, end: Timestamp) -> Option<E> {
        if self.entries.peek()?.at >= end {
            return None;
        }
        let entry = self.entries.pop()?;
        self.now = entry.at;
        Some(entry.event)
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    /// The heap gives the greatest first, so the earliest is the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

/// Whole microseconds; a negative or endless length becomes the nearest that there is.
#[expect(clippy::cast_possible_truncation, reason = "clamped to what a simulated year needs")]
pub(crate) fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).clamp(0.0, 1e15) as i64
}

/// Seconds from one time to another.
pub(crate) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    (to.micros() - from.micros()) as f64 / 1e6
}

/// A length as routing wants it.
pub(crate) fn millis(seconds: f64) -> Millis {
    Millis(micros(seconds) / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_order_and_none_after_the_end() {
        let mut agenda = Agenda::from(Timestamp::from_micros(0));
        for (seconds, event) in [(3.0, 'c'), (1.0, 'a'), (3.0, 'd'), (2.5, 'b'), (9.0, 'e')] {
            agenda.after(seconds, event);
        }
        let end = Timestamp::from_micros(9_000_000);
        let order: String = std::iter::from_fn(|| agenda.next(end)).collect();
        assert_eq!(order, "abcd");
        assert_eq!(agenda.now(), Timestamp::from_micros(3_000_000));
    }
}
