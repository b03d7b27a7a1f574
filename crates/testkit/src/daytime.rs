//! Somewhere it is day: what a test calls must not depend on the hour at which it is run.

use trunkline_kernel::{Clock as _, SystemClock};

/// A time zone in which it is early afternoon now.
pub fn time_zone_of_day() -> String {
    const HOUR: i64 = 3_600_000_000;
    let hour = SystemClock.now().micros().div_euclid(HOUR).rem_euclid(24);
    at(13, hour)
}

/// A time zone in which it is the middle of the night now.
pub fn time_zone_of_night() -> String {
    const HOUR: i64 = 3_600_000_000;
    let hour = SystemClock.now().micros().div_euclid(HOUR).rem_euclid(24);
    at(2, hour)
}

/// The zone in which it is `local` o'clock at that hour in UTC. Such zones are named by what has to be added to the
/// local time, so that east of Greenwich is below zero.
fn at(local: i64, utc: i64) -> String {
    let east = (local - utc + 36).rem_euclid(24) - 12;
    format!("Etc/GMT{:+}", -east)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_named_by_what_is_added_to_local_time() {
        assert_eq!(
            (at(13, 5).as_str(), at(13, 13).as_str(), at(2, 9).as_str()),
            ("Etc/GMT-8", "Etc/GMT+0", "Etc/GMT+7")
        );
        assert_eq!((at(13, 23).as_str(), at(13, 1).as_str()), ("Etc/GMT+10", "Etc/GMT+12"));
    }
}
