//! Values of a mapping: what is worked out from a row's columns before the steps use it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use trunkline_kernel::Timestamp;

use crate::calendar::{self, Calendar, Page};
use crate::reader::Row;
use crate::template::{Slot, Template};

/// Joins the columns of a row where a mapping asks for the whole `{row}`.
const UNIT_SEPARATOR: char = '\u{1f}';

/// Excerpts of bad texts in reasons are cut to this many characters.
const EXCERPT_CHARS_MAX: usize = 40;

/// How a value is worked out.
#[derive(Debug)]
pub(crate) enum Rule {
    /// A text, put through a map when there is one.
    Text { map: Option<BTreeMap<String, String>>, otherwise: Option<Template> },
    /// A number with at most three decimals, raised to `at_least` when it is smaller.
    Number { at_least: Option<i64> },
    /// A moment: read by `format` in the source's time zone, or RFC 3339 without one; and so many seconds later.
    Time { format: Option<String>, plus_seconds: Option<Template> },
    /// A moment from a month and a weekday; the value's template is the month.
    Calendar { calendar: Calendar, weekday: Template },
}

/// One value.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) name: String,
    pub(crate) template: Template,
    pub(crate) empty_when: Vec<String>,
    pub(crate) rule: Rule,
}

impl Value {
    pub(crate) fn slots(&self) -> Vec<Slot> {
        let more = match &self.rule {
            Rule::Text { otherwise, .. } => otherwise.as_ref(),
            Rule::Number { .. } => None,
            Rule::Time { plus_seconds, .. } => plus_seconds.as_ref(),
            Rule::Calendar { weekday, .. } => Some(weekday),
        };
        self.template.slots().chain(more.into_iter().flat_map(Template::slots)).collect()
    }
}

/// What all rows of a file share: the values' rules and how far the calendars have got.
#[derive(Debug)]
pub(crate) struct Values {
    pub(crate) rules: Vec<Value>,
    pub(crate) zone: Tz,
    pub(crate) pages: Vec<Page>,
}

/// The values of one row, worked out when they are asked for, each at most once.
pub(crate) struct Evaluation<'a> {
    values: &'a Values,
    row: &'a Row,
    known: Vec<Option<String>>,
}

impl Values {
    /// Turns the calendars on by one row and begins its evaluation. A calendar whose row cannot be read stays
    /// where it is, and its value is refused where a step asks for it.
    pub(crate) fn evaluate<'a>(&'a mut self, row: &'a Row) -> Evaluation<'a> {
        let mut pages = std::mem::take(&mut self.pages);
        let mut known = vec![None; self.rules.len()];
        {
            let mut evaluation = Evaluation { values: self, row, known: vec![None; self.rules.len()] };
            for (at, value) in self.rules.iter().enumerate() {
                if let Rule::Calendar { calendar, weekday } = &value.rule {
                    known[at] = evaluation.calendar(calendar, &value.template, weekday, &mut pages[at]).ok();
                }
            }
        }
        self.pages = pages;
        Evaluation { values: self, row, known }
    }
}

impl Evaluation<'_> {
    /// A template with its places filled.
    pub(crate) fn fill(&mut self, template: &Template) -> Result<String, String> {
        template.fill(|slot, out| self.slot(slot, out))
    }

    pub(crate) fn slot(&mut self, slot: Slot, out: &mut String) -> Result<(), String> {
        match slot {
            Slot::Column(at) => out.push_str(self.row.fields.get(at).map_or("", String::as_str)),
            Slot::Line => out.push_str(&self.row.line.to_string()),
            Slot::Row => {
                for (at, field) in self.row.fields.iter().enumerate() {
                    if at > 0 {
                        out.push(UNIT_SEPARATOR);
                    }
                    out.push_str(field);
                }
            }
            Slot::Value(at) => {
                if self.known[at].is_none() {
                    let value = &self.values.rules[at];
                    let worked_out =
                        self.work_out(value).map_err(|reason| format!("`{}` {reason}", value.name));
                    self.known[at] = Some(worked_out?);
                }
                out.push_str(self.known[at].as_deref().unwrap_or_default());
            }
        }
        Ok(())
    }

    fn work_out(&mut self, value: &Value) -> Result<String, String> {
        let text = self.fill(&value.template)?;
        if value.empty_when.contains(&text) {
            return Ok(String::new());
        }
        match &value.rule {
            Rule::Text { map: None, .. } => Ok(text),
            Rule::Text { map: Some(map), otherwise } => match (map.get(&text), otherwise) {
                (Some(mapped), _) => Ok(mapped.clone()),
                (None, Some(otherwise)) => self.fill(otherwise),
                (None, None) if text.is_empty() => Ok(text),
                (None, None) => Err(format!("is {}, which its map does not have", excerpt(&text))),
            },
            Rule::Number { .. } | Rule::Time { .. } if text.is_empty() => Ok(text),
            Rule::Number { at_least } => {
                let number =
                    thousandths(&text).ok_or_else(|| format!("is {}, not a number", excerpt(&text)))?;
                let floor = at_least.map_or(i64::MIN, |floor| floor.saturating_mul(1_000));
                Ok(number_text(number.max(floor)))
            }
            Rule::Time { format, plus_seconds } => {
                let moment = match format {
                    Some(format) => local_moment(&text, format, self.values.zone)?,
                    None => text.parse().map_err(|error| format!("{error}"))?,
                };
                let Some(plus) = plus_seconds else { return Ok(moment.to_string()) };
                let seconds = self.fill(plus)?;
                let millis = if seconds.is_empty() { Some(0) } else { thousandths(&seconds) };
                let millis = millis.ok_or_else(|| format!("adds {} seconds", excerpt(&seconds)))?;
                Ok(moment.plus(trunkline_kernel::Millis(millis)).to_string())
            }
            Rule::Calendar { .. } => Err("has a month or weekday that cannot be read".to_owned()),
        }
    }

    fn calendar(
        &mut self,
        calendar: &Calendar,
        month: &Template,
        weekday: &Template,
        page: &mut Page,
    ) -> Result<String, String> {
        let month = calendar::month(&self.fill(month)?).ok_or("month")?;
        let weekday = self.fill(weekday)?.parse().map_err(|_| "weekday")?;
        let local = calendar.turn(page, month, weekday).ok_or("out of range")?;
        Ok(in_zone(local, self.values.zone)?.to_string())
    }
}

/// A moment as the source's clocks showed it.
fn local_moment(text: &str, format: &str, zone: Tz) -> Result<Timestamp, String> {
    if let Ok(moment) = DateTime::parse_from_str(text, format) {
        return Ok(moment.to_utc().into());
    }
    if let Ok(local) = NaiveDateTime::parse_from_str(text, format) {
        return in_zone(local, zone);
    }
    match NaiveDate::parse_from_str(text, format) {
        Ok(day) => in_zone(day.and_time(NaiveTime::MIN), zone),
        Err(_) => Err(format!("is {}, not a time of the form {format:?}", excerpt(text))),
    }
}

/// In the hour that clocks run twice the first is taken; a time that they skip is an hour later.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Result<Timestamp, String> {
    let skipped = || local.checked_add_signed(TimeDelta::hours(1));
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(|| zone.from_local_datetime(&skipped()?).earliest())
        .map(|moment| moment.to_utc().into())
        .ok_or_else(|| format!("is {local}, which {zone} does not have"))
}

/// A decimal number in thousandths; further decimals are cut off.
pub(crate) fn thousandths(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let number = whole.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(fraction)?;
    Some(if negative { -number } else { number })
}

fn number_text(thousandths: i64) -> String {
    let (whole, fraction) = (thousandths.unsigned_abs() / 1_000, thousandths.unsigned_abs() % 1_000);
    let sign = if thousandths < 0 { "-" } else { "" };
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    format!("{sign}{whole}.{fraction:03}").trim_end_matches('0').to_owned()
}

/// A bad text as a reason may show it.
pub(crate) fn excerpt(text: &str) -> String {
    let cut: String = text.chars().take(EXCERPT_CHARS_MAX).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut:?}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_to_the_thousandth() {
        let texts = ["12", "-75", "0.5", "3.1416", "+7", "1e3", "", "x", ".5", "99999999999999999999"];
        let numbers =
            [Some(12_000), Some(-75_000), Some(500), Some(3_141), Some(7_000), None, None, None, None, None];
        assert_eq!(texts.map(thousandths), numbers);
        assert_eq!([12_000, -75_000, 500, -1_250].map(number_text), ["12", "-75", "0.5", "-1.25"]);
    }

    #[test]
    fn local_times_follow_the_zone_through_summer_and_winter() {
        let read = |text, zone| local_moment(text, "%Y-%m-%d %H:%M:%S", zone).unwrap().to_string();
        assert_eq!(read("1999-02-01 7:02:47", Tz::Asia__Jerusalem), "1999-02-01T05:02:47Z");
        assert_eq!(read("2026-07-01 08:00:00", Tz::Europe__Lisbon), "2026-07-01T07:00:00Z");
        assert_eq!(
            read("2026-10-25 01:30:00", Tz::Europe__Lisbon),
            "2026-10-25T00:30:00Z",
            "the first of two"
        );
        assert_eq!(
            read("2026-03-29 01:30:00", Tz::Europe__Lisbon),
            "2026-03-29T01:30:00Z",
            "an hour that is skipped"
        );
    }

    #[test]
    fn a_date_alone_is_its_midnight_and_an_offset_is_obeyed() {
        let day = local_moment("990201", "%y%m%d", Tz::Asia__Jerusalem).unwrap();
        assert_eq!(day.to_string(), "1999-01-31T22:00:00Z");
        let offset = local_moment("2026-01-01T08:00:00+0800", "%Y-%m-%dT%H:%M:%S%z", Tz::UTC).unwrap();
        assert_eq!(offset.to_string(), "2026-01-01T00:00:00Z");
    }

    #[test]
    fn a_time_that_is_none_names_its_form() {
        let reason = local_moment("25:99", "%H:%M", Tz::UTC).unwrap_err();
        assert_eq!(reason, "is \"25:99\", not a time of the form \"%H:%M\"");
    }
}
