//! The parts of a customer's day in which people are at home, or not.

use trunkline_kernel::Timestamp;

/// How many parts.
pub(super) const SLOTS: usize = 4;

/// The part of the day at so many minutes from UTC: morning, until 12; noon, until 14; afternoon, until 18; evening.
pub(super) fn slot(at: Timestamp, utc_offset_minutes: i32) -> usize {
    let minute = (at.micros().div_euclid(60_000_000) + i64::from(utc_offset_minutes)).rem_euclid(24 * 60);
    match minute / 60 {
        ..12 => 0,
        12..14 => 1,
        14..18 => 2,
        _ => 3,
    }
}
