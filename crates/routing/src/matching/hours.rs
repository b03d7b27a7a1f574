//! Weekly hours as windows of time.

use chrono::{Datelike as _, Days, NaiveDate, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use trunkline_kernel::Timestamp;

use super::Shift;

/// Hours that come again every week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weekly {
    zone: Tz,
    weekdays: Vec<u8>,
    from_minute: u16,
    until_minute: u16,
}

impl Weekly {
    /// Hours in that IANA time zone on these days, 1 for Monday to 7 for Sunday, between two minutes of the day; an end that
    /// is not after the beginning is of the next day. `None` when there is no such time zone.
    pub fn new(zone: &str, weekdays: Vec<u8>, from_minute: u16, until_minute: u16) -> Option<Self> {
        Some(Self { zone: zone.parse().ok()?, weekdays, from_minute, until_minute })
    }

    /// The window that the moment is in, or the next one; `None` when there is no day.
    pub fn window(&self, at: Timestamp) -> Option<Shift> {
        let today = at.datetime().with_timezone(&self.zone).date_naive();
        // A window can have begun yesterday; and whatever the days are, one of the next seven is among them.
        let days = (0..=9).filter_map(|day| today.pred_opt()?.checked_add_days(Days::new(day)));
        let windows = days.filter(|day| {
            self.weekdays.iter().any(|weekday| u32::from(*weekday) == day.weekday().number_from_monday())
        });
        let window = |day: NaiveDate| {
            let over = u64::from(self.until_minute <= self.from_minute);
            let end = day.checked_add_days(Days::new(over))?;
            Some(Shift {
                from: self.moment(day, self.from_minute)?,
                until: self.moment(end, self.until_minute)?,
            })
        };
        windows.filter_map(window).find(|window| at < window.until)
    }

    /// The moment at which clocks show that minute: the first of two, and the end of an hour that is left out.
    fn moment(&self, day: NaiveDate, minute: u16) -> Option<Timestamp> {
        let local = day.and_hms_opt(0, 0, 0)? + TimeDelta::minutes(i64::from(minute));
        let shown = self.zone.from_local_datetime(&local).earliest();
        let moment =
            shown.or_else(|| self.zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest())?;
        Some(Timestamp::from_micros(moment.timestamp_micros()))
    }
}

/// The window of any of these hours that the moment is in, or the next one.
pub fn window(hours: &[Weekly], at: Timestamp) -> Option<Shift> {
    hours.iter().filter_map(|weekly| weekly.window(at)).min_by_key(|window| window.from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn weekly(zone: &str, weekdays: &[u8], from: u16, until: u16) -> Weekly {
        Weekly::new(zone, weekdays.to_vec(), from, until).unwrap()
    }

    #[test]
    fn hours_are_those_of_their_time_zone_and_the_next_window_follows() {
        let day = weekly("Asia/Shanghai", &[1, 2, 3, 4, 5], 540, 1_080);
        // A Friday.
        let friday = Shift { from: at("2026-03-06T01:00:00Z"), until: at("2026-03-06T10:00:00Z") };
        assert_eq!(day.window(at("2026-03-06T00:59:59Z")), Some(friday));
        assert_eq!(day.window(at("2026-03-06T09:59:59Z")), Some(friday));
        let monday = day.window(at("2026-03-06T10:00:00Z")).unwrap();
        assert_eq!(monday.from, at("2026-03-09T01:00:00Z"), "the weekend is free");
    }

    #[test]
    fn a_night_belongs_to_the_day_it_begins_on_and_clocks_that_jump_do_no_harm() {
        let night = weekly("Europe/Berlin", &[6], 22 * 60, 6 * 60);
        // Saturday to Sunday, in which the clock goes forward at 02:00.
        let window = night.window(at("2026-03-29T01:30:00Z")).unwrap();
        assert_eq!((window.from, window.until), (at("2026-03-28T21:00:00Z"), at("2026-03-29T04:00:00Z")));
        let left_out = weekly("Europe/Berlin", &[7], 150, 300).window(at("2026-03-29T00:00:00Z")).unwrap();
        assert_eq!(left_out.from, at("2026-03-29T01:30:00Z"), "02:30 does not exist; 03:30 does");
        let both = [night, weekly("Europe/Berlin", &[7], 300, 600)];
        assert_eq!(super::window(&both, at("2026-03-29T03:30:00Z")).unwrap().until, window.until);
        assert!(Weekly::new("Europe/Atlantis", vec![1], 0, 60).is_none());
        assert_eq!(weekly("UTC", &[], 0, 60).window(at("2026-03-29T00:00:00Z")), None);
    }
}
