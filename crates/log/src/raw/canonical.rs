//! The canonical text of an event straight from its row. It has the very bytes that
//! [`trunkline_kernel::NewEvent::digest`] hashes; a test holds the two together.
//!
//! The text is built so that two rows that differ never give the same one: every text but the payload is escaped, and
//! tags are written anew, so that whatever a forger moves from one column to another shows.

use sha2::{Digest as _, Sha256};
use trunkline_kernel::{Digest, Timestamp};
use uuid::Uuid;

use super::Row;

pub(super) fn digest(row: &Row<'_>, out: &mut Vec<u8>) -> Digest {
    out.clear();
    write(row, out);
    Digest(Sha256::digest(&out).into())
}

fn write(row: &Row<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"actor\":");
    text(row.actor, out);
    if let Some(causation) = row.causation_id {
        out.extend_from_slice(b",\"causationId\":");
        uuid(causation, out);
    }
    out.extend_from_slice(b",\"commandId\":");
    uuid(row.command_id, out);
    out.extend_from_slice(b",\"correlationId\":");
    uuid(row.correlation_id, out);
    out.extend_from_slice(b",\"eventId\":");
    uuid(row.event_id, out);
    out.extend_from_slice(b",\"occurredAt\":");
    time(row.occurred_at, out);
    out.extend_from_slice(b",\"payload\":");
    out.extend_from_slice(row.payload.as_bytes());
    out.extend_from_slice(b",\"schemaVersion\":");
    out.extend_from_slice(row.schema_version.to_string().as_bytes());
    out.extend_from_slice(b",\"stream\":");
    text(row.stream, out);
    out.extend_from_slice(b",\"tags\":");
    tags(row.tags, out);
    if let Some(trace) = row.trace_id {
        out.extend_from_slice(b",\"traceId\":");
        text(trace, out);
    }
    out.extend_from_slice(b",\"type\":");
    text(row.event_type, out);
    out.push(b'}');
}

/// Whether a text stands in JSON as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
}

fn text(text: &str, out: &mut Vec<u8>) {
    if is_plain(text) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // Writing a text to a vector cannot fail.
        let _ = serde_json::to_writer(out, text);
    }
}

fn uuid(id: Uuid, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    out.push(b'"');
}

/// A list of plain texts in its shortest form stays as it is; anything else is read and written anew, and what is no
/// list of texts stands as one text, which no honest event has.
fn tags(list: &str, out: &mut Vec<u8>) {
    if plain_list(list).is_some() {
        out.extend_from_slice(list.as_bytes());
        return;
    }
    match serde_json::from_str::<Vec<String>>(list) {
        Ok(tags) => {
            let _ = serde_json::to_writer(out, &tags);
        }
        Err(_) => text(list, out),
    }
}

/// What stands between the outer quotation marks of a list of plain texts in its shortest form.
pub(super) fn plain_list(list: &str) -> Option<&str> {
    let inner = list.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))?;
    if inner.is_empty() {
        return Some(inner);
    }
    let inner = inner.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))?;
    (!inner.is_empty() && inner.split("\",\"").all(is_plain)).then_some(inner)
}

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// RFC 3339 as [`Timestamp`] writes it, without its detour. The calendar is Howard Hinnant's `civil_from_days`.
fn time(moment: Timestamp, out: &mut Vec<u8>) {
    let micros = moment.micros();
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if !(0..=9_999).contains(&year) {
        text(&moment.to_string(), out);
        return;
    }
    let seconds = rest / 1_000_000;
    out.push(b'"');
    digits(year, 4, out);
    for (mark, number) in [(b'-', month), (b'-', day), (b'T', seconds / 3_600)] {
        out.push(mark);
        digits(number, 2, out);
    }
    for number in [seconds / 60 % 60, seconds % 60] {
        out.push(b':');
        digits(number, 2, out);
    }
    let fraction = rest % 1_000_000;
    if fraction != 0 {
        out.push(b'.');
        if fraction % 1_000 == 0 { digits(fraction / 1_000, 3, out) } else { digits(fraction, 6, out) }
    }
    out.extend_from_slice(b"Z\"");
}

fn digits(number: i64, count: u32, out: &mut Vec<u8>) {
    for place in (0..count).rev() {
        let digit = number / 10_i64.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn times_are_written_as_everywhere(micros in -70_000_000_000_000_000_i64..280_000_000_000_000_000, round in 0..3) {
            let moment = Timestamp::from_micros(match round {
                0 => micros,
                1 => micros / 1_000 * 1_000,
                _ => micros / 1_000_000 * 1_000_000,
            });
            prop_assert_eq!(written(|out| time(moment, out)), format!("\"{moment}\""));
        }

        #[test]
        fn texts_and_tags_are_written_as_everywhere(tags in prop::collection::vec(".{0,6}", 0..4)) {
            let list = serde_json::to_string(&tags).unwrap();
            prop_assert_eq!(written(|out| super::tags(&list, out)), list);
            for tag in &tags {
                prop_assert_eq!(written(|out| text(tag, out)), serde_json::to_string(tag).unwrap());
            }
        }
    }

    #[test]
    fn a_list_that_is_none_is_written_as_no_event_has_it() {
        for forged in ["[\"a\"],\"type\":\"x\"", "[\"a\" ]", "{}", "[\"a\",\"b\\\"]", "[1]", "["] {
            let text = written(|out| tags(forged, out));
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{forged} became {text}");
            assert_ne!(text, forged);
        }
        assert_eq!(written(|out| tags("[\"a\",\"b\"]", out)), "[\"a\",\"b\"]");
    }
}
