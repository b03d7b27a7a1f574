//! Times for tests.

use std::sync::Arc;

use trunkline_kernel::{FixedClock, InvalidTimestamp, Timestamp};

/// A Monday morning, when [`clock`] starts.
pub const START_OF_TESTS: &str = "2026-03-02T09:00:00Z";

/// A clock that shows [`START_OF_TESTS`] until it is moved.
pub fn clock() -> Arc<FixedClock> {
    // 2026-03-02T09:00:00Z; a test below holds the two together.
    Arc::new(FixedClock::at(Timestamp::from_millis(1_772_442_000_000)))
}

/// The moment that an RFC 3339 text names.
///
/// # Errors
/// When it names none.
pub fn moment(text: &str) -> Result<Timestamp, InvalidTimestamp> {
    text.parse()
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_kernel::{Clock as _, Millis};

    #[test]
    fn the_clock_starts_where_it_says_and_moves_when_told() {
        let clock = clock();
        assert_eq!(clock.now(), moment(START_OF_TESTS).unwrap());
        clock.advance(Millis::from_secs(90));
        assert_eq!(clock.now(), moment("2026-03-02T09:01:30Z").unwrap());
    }
}
