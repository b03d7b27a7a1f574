//! Dates for rows that name only a month and a weekday and stand in order of time.
//!
//! The first row with the calendar's month begins it. Another month than in the row before moves on to that month's
//! next occurrence, in the next year when it has passed; another weekday moves on to its next occurrence in the
//! month, or stays on the day before when the month has no more of it. Rows of one day follow each other at a fixed
//! distance from the opening time. So the same file always gives the same times, and the order of its rows.

use chrono::{Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};

/// The rule of one calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calendar {
    pub(crate) start: NaiveDate,
    pub(crate) opens: NaiveTime,
    pub(crate) every: TimeDelta,
}

/// Where a calendar has got to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Page {
    day: Option<NaiveDate>,
    rows_of_day: i32,
}

impl Calendar {
    /// The moment of the next row, in local time.
    pub(crate) fn turn(&self, page: &mut Page, month: u32, weekday: Weekday) -> Option<NaiveDateTime> {
        let day = match page.day {
            Some(today) if today.month() == month => within_month(today, weekday),
            Some(today) => first_of(next_month(today, month)?, weekday),
            None => {
                let start = self.start;
                let begin = if start.month() == month { Some(start) } else { next_month(start, month) };
                first_of(begin?, weekday)
            }
        };
        if page.day != Some(day) {
            *page = Page { day: Some(day), rows_of_day: 0 };
        }
        let at = day.and_time(self.opens).checked_add_signed(self.every.checked_mul(page.rows_of_day)?);
        page.rows_of_day = page.rows_of_day.saturating_add(1);
        at
    }
}

/// The next day of that weekday in the month of `today`, itself included; `today` when there is none, so that time
/// never runs backwards.
fn within_month(today: NaiveDate, weekday: Weekday) -> NaiveDate {
    let next = first_of(today, weekday);
    if next.month() == today.month() { next } else { today }
}

fn first_of(from: NaiveDate, weekday: Weekday) -> NaiveDate {
    let ahead = (7 + weekday.num_days_from_monday() - from.weekday().num_days_from_monday()) % 7;
    from.checked_add_days(Days::new(u64::from(ahead))).unwrap_or(from)
}

fn next_month(after: NaiveDate, month: u32) -> Option<NaiveDate> {
    let year = if month > after.month() { after.year() } else { after.year() + 1 };
    NaiveDate::from_ymd_opt(year, month, 1)
}

/// The month that a text names: its number, or its English name or the first three letters of it.
pub(crate) fn month(text: &str) -> Option<u32> {
    match text.parse::<u32>() {
        Ok(number) => (1..=12).contains(&number).then_some(number),
        Err(_) => text.parse::<chrono::Month>().ok().map(|month| month.number_from_month()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        Calendar {
            start: NaiveDate::from_ymd_opt(2008, 5, 1).unwrap(),
            opens: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            every: TimeDelta::seconds(15),
        }
    }

    fn times(rows: &[(u32, Weekday)]) -> Vec<String> {
        let mut page = Page::default();
        rows.iter()
            .map(|(month, day)| calendar().turn(&mut page, *month, *day).unwrap().to_string())
            .collect()
    }

    #[test]
    fn rows_of_a_day_follow_each_other_and_days_go_on() {
        let rows = [(5, Weekday::Mon), (5, Weekday::Mon), (5, Weekday::Tue), (5, Weekday::Mon)];
        let expected =
            ["2008-05-05 09:00:00", "2008-05-05 09:00:15", "2008-05-06 09:00:00", "2008-05-12 09:00:00"];
        assert_eq!(times(&rows), expected);
    }

    #[test]
    fn a_month_that_has_passed_is_in_the_next_year() {
        let rows = [(5, Weekday::Mon), (12, Weekday::Fri), (3, Weekday::Wed)];
        assert_eq!(times(&rows), ["2008-05-05 09:00:00", "2008-12-05 09:00:00", "2009-03-04 09:00:00"]);
    }

    #[test]
    fn a_weekday_that_the_month_has_no_more_of_leaves_the_day_as_it_is() {
        let rows: Vec<_> = (0..6).flat_map(|_| [(5, Weekday::Mon), (5, Weekday::Fri)]).collect();
        let times = times(&rows);
        assert!(times.iter().all(|time| time.starts_with("2008-05")), "{times:?}");
        assert!(times.is_sorted(), "{times:?}");
    }

    #[test]
    fn months_are_named_by_number_or_by_their_english_name() {
        assert_eq!(
            [month("may"), month("December"), month("3"), month("13"), month("x")],
            [Some(5), Some(12), Some(3), None, None]
        );
    }
}
