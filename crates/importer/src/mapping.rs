//! A mapping: how the rows of a file become commands. See `docs/import.md` for the language.

use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use crate::calendar::{Calendar, Page};
use crate::condition::Condition;
use crate::document::{self, Document, MappingError, Origin, StepSection, Text, ValueSection};
use crate::ids::Namespace;
use crate::reader::{Encoding, Format};
use crate::template::{Slot, Template};
use crate::value::{Rule, Value, Values};
use crate::vocabulary::{self, Vocable};

/// The default of `source.row_bytes_max`.
const ROW_BYTES: usize = 64 * 1_024;

/// The largest `source.row_bytes_max`.
const ROW_BYTES_MAX: usize = 16 << 20;

/// A mapping file that was read and found to make sense, whatever the data file's columns are.
#[derive(Debug)]
pub struct Mapping {
    file: PathBuf,
    text: String,
    document: Document,
    format: Format,
    namespace: Namespace,
    zone: Tz,
}

/// A mapping with its places found in a file's columns.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) values: Values,
    pub(crate) steps: Vec<StepRule>,
    pub(crate) namespace: Namespace,
    pub(crate) columns: usize,
}

/// One step: a command, when to run it and with what.
#[derive(Debug)]
pub(crate) struct StepRule {
    pub(crate) vocable: &'static Vocable,
    pub(crate) id: Template,
    pub(crate) at: Template,
    pub(crate) when: Vec<Condition>,
    pub(crate) with: Vec<(&'static str, Template)>,
    /// Columns or values that are kept under their own names.
    pub(crate) keep: Vec<(String, Slot)>,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// When it cannot be read or does not make sense; the error names the file, the line and the key.
    pub fn load(file: &Path) -> Result<Self, MappingError> {
        Self::parse(file, document::read(file)?)
    }

    /// Reads a mapping from its text; `file` is only named in errors.
    ///
    /// # Errors
    /// As [`Mapping::load`].
    pub fn parse(file: &Path, text: String) -> Result<Self, MappingError> {
        let origin = Origin { file, text: &text };
        let document = document::parse(&origin)?;
        let format = format(&origin, &document)?;
        let zone = match &document.source.time_zone {
            None => Tz::UTC,
            Some(name) => name.get_ref().parse().map_err(|_| {
                let reason = format!(
                    "is {:?}, not a time zone of the IANA list such as \"Asia/Shanghai\"",
                    name.get_ref()
                );
                origin.wrong(name, "source.time_zone", reason)
            })?,
        };
        let namespace = Namespace::named(document.source.namespace.get_ref())
            .map_err(|reason| origin.wrong(&document.source.namespace, "source.namespace", reason))?;
        let mapping = Self { file: file.to_owned(), text: text.clone(), document, format, namespace, zone };
        mapping.fit_to(None)?;
        Ok(mapping)
    }

    /// How the file is to be read.
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// The columns, when the mapping names them because the file has no header.
    pub fn columns(&self) -> Option<&[String]> {
        self.document.source.columns.as_deref()
    }

    /// Finds the mapping's places in a file's columns.
    pub(crate) fn fit(&self, columns: &[String]) -> Result<Fitted, MappingError> {
        self.fit_to(Some(columns))
    }

    /// Without columns every name that is not a value is taken to be a column, so that all else can be checked.
    fn fit_to(&self, columns: Option<&[String]>) -> Result<Fitted, MappingError> {
        let origin = Origin { file: &self.file, text: &self.text };
        let names: Vec<&str> = self.document.value.keys().map(|name| name.get_ref().as_str()).collect();
        let find = |name: &str| find(name, &names, columns);
        let fitter = Fitter { origin: &origin, find: &find };
        let mut rules = Vec::new();
        for (name, section) in &self.document.value {
            rules.push(fitter.value(name, section)?);
        }
        fitter.no_cycles(&self.document, &rules)?;
        let steps = self.document.step.iter().enumerate().map(|(at, step)| fitter.step(at, step));
        let steps = steps.collect::<Result<Vec<_>, _>>()?;
        let pages = vec![Page::default(); rules.len()];
        let values = Values { rules, zone: self.zone, pages };
        Ok(Fitted { values, steps, namespace: self.namespace, columns: columns.map_or(0, <[String]>::len) })
    }
}

fn format(origin: &Origin<'_>, document: &Document) -> Result<Format, MappingError> {
    let source = &document.source;
    let separator = match source.separator.as_ref().map(|text| (text, text.get_ref().as_str())) {
        None | Some((_, "comma")) => b',',
        Some((_, "tab")) => b'\t',
        Some((_, "semicolon")) => b';',
        Some((place, other)) => {
            let reason = format!("is {other:?}; it takes \"comma\", \"tab\" or \"semicolon\"");
            return Err(origin.wrong(place, "source.separator", reason));
        }
    };
    let encoding = match source.encoding.as_ref().map(|text| (text, text.get_ref().to_lowercase())) {
        None => Encoding::Utf8,
        Some((_, name)) if name == "utf-8" => Encoding::Utf8,
        Some((_, name)) if name == "gb18030" => Encoding::Gb18030,
        Some((place, other)) => {
            let reason = format!("is {other:?}; it takes \"utf-8\" or \"gb18030\"");
            return Err(origin.wrong(place, "source.encoding", reason));
        }
    };
    let row_bytes_max = source.row_bytes_max.as_ref().map_or(ROW_BYTES, |bytes| *bytes.get_ref());
    if let (Some(place), false) = (&source.row_bytes_max, (16..=ROW_BYTES_MAX).contains(&row_bytes_max)) {
        let reason = format!("is {row_bytes_max}; it takes 16 to {ROW_BYTES_MAX}");
        return Err(origin.wrong(place, "source.row_bytes_max", reason));
    }
    Ok(Format { separator, quotes: source.quotes.unwrap_or(separator != b'\t'), encoding, row_bytes_max })
}

/// What a name in braces means: `row`, `line`, a value, or else a column.
fn find(name: &str, values: &[&str], columns: Option<&[String]>) -> Result<Slot, String> {
    if let Some(at) = values.iter().position(|value| *value == name) {
        return Ok(Slot::Value(at));
    }
    let Some(columns) = columns else {
        return Ok(match name {
            "row" => Slot::Row,
            "line" => Slot::Line,
            _ => Slot::Column(0),
        });
    };
    let mut found = columns.iter().enumerate().filter(|(_, column)| *column == name).map(|(at, _)| at);
    match (found.next(), found.next(), name) {
        (Some(at), None, _) => Ok(Slot::Column(at)),
        (Some(_), Some(_), _) => Err(format!("names the column {name:?}, which the file has twice")),
        (None, _, "row") => Ok(Slot::Row),
        (None, _, "line") => Ok(Slot::Line),
        (None, ..) => Err(format!(
            "names {name:?}, which is neither a value of the mapping nor a column of the file; its columns are {}",
            columns.join(", ")
        )),
    }
}

struct Fitter<'a> {
    origin: &'a Origin<'a>,
    find: &'a dyn Fn(&str) -> Result<Slot, String>,
}

impl Fitter<'_> {
    fn template(&self, text: &Text, key: &str) -> Result<Template, MappingError> {
        Template::parse(text.get_ref(), self.find).map_err(|reason| self.origin.wrong(text, key, reason))
    }

    fn value(&self, name: &Text, section: &ValueSection) -> Result<Value, MappingError> {
        let key = format!("value.{}", name.get_ref());
        let wrong = |reason: &str| Err(self.origin.wrong(name, &key, reason));
        let ValueSection {
            text,
            number,
            time,
            calendar,
            empty_when,
            map,
            otherwise,
            at_least,
            format,
            plus_seconds,
        } = section;
        let kinds = [text.is_some(), number.is_some(), time.is_some(), calendar.is_some()];
        if kinds.iter().filter(|given| **given).count() != 1 {
            return wrong("takes exactly one of `text`, `number`, `time` and `calendar`");
        }
        if text.is_none() && map.is_some() || map.is_none() && otherwise.is_some() {
            return wrong("takes `map` only with `text`, and `otherwise` only with `map`");
        }
        if number.is_none() && at_least.is_some() {
            return wrong("takes `at_least` only with `number`");
        }
        if time.is_none() && (format.is_some() || plus_seconds.is_some()) {
            return wrong("takes `format` and `plus_seconds` only with `time`");
        }
        let inner = |text: &Option<Text>, part: &str| {
            text.as_ref().map(|text| self.template(text, &format!("{key}.{part}"))).transpose()
        };
        let (template, rule) = if let Some(calendar) = calendar {
            let month = self.template(&calendar.month, &format!("{key}.calendar.month"))?;
            (Some(month), self.calendar(&key, calendar)?)
        } else if let Some(template) = inner(number, "number")? {
            (Some(template), Rule::Number { at_least: *at_least })
        } else if let Some(template) = inner(time, "time")? {
            let format = format.as_ref().map(|format| self.format(format, &key)).transpose()?;
            (Some(template), Rule::Time { format, plus_seconds: inner(plus_seconds, "plus_seconds")? })
        } else {
            let rule = Rule::Text { map: map.clone(), otherwise: inner(otherwise, "otherwise")? };
            (inner(text, "text")?, rule)
        };
        let Some(template) = template else { return wrong("has no text") };
        let empty_when = empty_when.clone().unwrap_or_default();
        Ok(Value { name: name.get_ref().clone(), template, empty_when, rule })
    }

    fn format(&self, format: &Text, key: &str) -> Result<String, MappingError> {
        let items = chrono::format::StrftimeItems::new(format.get_ref());
        if items.into_iter().any(|item| matches!(item, chrono::format::Item::Error)) {
            let reason = "is not a time format such as \"%Y-%m-%d %H:%M:%S\"";
            return Err(self.origin.wrong(format, &format!("{key}.format"), reason));
        }
        Ok(format.get_ref().clone())
    }

    fn calendar(&self, key: &str, section: &document::CalendarSection) -> Result<Rule, MappingError> {
        let document::CalendarSection { start, month: _, weekday, opens, every_seconds } = section;
        let start_day: NaiveDate = start.get_ref().parse().map_err(|_| {
            self.origin.wrong(start, &format!("{key}.calendar.start"), "is not a date such as \"2008-05-01\"")
        })?;
        let opens_at = NaiveTime::parse_from_str(opens.get_ref(), "%H:%M").map_err(|_| {
            self.origin.wrong(
                opens,
                &format!("{key}.calendar.opens"),
                "is not a time of day such as \"09:00\"",
            )
        })?;
        let seconds = *every_seconds.get_ref();
        if !(0..=86_400).contains(&seconds) {
            let reason = "takes 0 to 86400 seconds";
            return Err(self.origin.wrong(every_seconds, &format!("{key}.calendar.every_seconds"), reason));
        }
        let weekday = self.template(weekday, &format!("{key}.calendar.weekday"))?;
        let calendar = Calendar { start: start_day, opens: opens_at, every: TimeDelta::seconds(seconds) };
        Ok(Rule::Calendar { calendar, weekday })
    }

    /// A value may use others, but not itself, however far around.
    fn no_cycles(&self, document: &Document, rules: &[Value]) -> Result<(), MappingError> {
        for (at, (name, _)) in document.value.iter().enumerate() {
            let mut reached = vec![false; rules.len()];
            let mut next = vec![at];
            while let Some(from) = next.pop() {
                for slot in rules[from].slots() {
                    let Slot::Value(to) = slot else { continue };
                    if to == at {
                        let key = format!("value.{}", name.get_ref());
                        return Err(self.origin.wrong(name, &key, "is worked out from itself"));
                    }
                    if !std::mem::replace(&mut reached[to], true) {
                        next.push(to);
                    }
                }
            }
        }
        Ok(())
    }

    fn step(&self, at: usize, section: &StepSection) -> Result<StepRule, MappingError> {
        let key = |part: &str| format!("step {} {part}", at + 1);
        let name = section.command.get_ref();
        let vocable = vocabulary::find(name).ok_or_else(|| {
            let reason = format!("is {name:?}; it takes one of {}", vocabulary::names());
            self.origin.wrong(&section.command, &key("do"), reason)
        })?;
        let mut with = Vec::new();
        for (field, template) in &section.with {
            let known =
                vocable.fields.iter().find(|known| known.name == field.get_ref()).ok_or_else(|| {
                    let allowed: Vec<&str> = vocable.fields.iter().map(|field| field.name).collect();
                    let reason = format!("is no field of {name}, which takes {}", allowed.join(", "));
                    self.origin.wrong(field, &key(&format!("with.{}", field.get_ref())), reason)
                })?;
            with.push((known.name, self.template(template, &key(&format!("with.{}", known.name)))?));
        }
        for field in vocable.fields.iter().filter(|field| field.required) {
            if !with.iter().any(|(name, _)| *name == field.name) {
                let reason = format!("lacks `{}`: {}", field.name, field.meaning);
                return Err(self.origin.wrong(&section.command, &key("with"), reason));
            }
        }
        if let (false, Some(first)) = (vocable.keeps, section.keep.first()) {
            let reason = format!("is not for {name}, which has no attributes");
            return Err(self.origin.wrong(first, &key("keep"), reason));
        }
        let keep = section.keep.iter().map(|name| {
            let slot = (self.find)(name.get_ref());
            slot.map(|slot| (name.get_ref().clone(), slot))
                .map_err(|reason| self.origin.wrong(name, &key("keep"), reason))
        });
        let when = section.when.iter().map(|text| {
            Condition::parse(text.get_ref(), self.find)
                .map_err(|reason| self.origin.wrong(text, &key("when"), reason))
        });
        Ok(StepRule {
            vocable,
            id: self.template(&section.id, &key("id"))?,
            at: self.template(&section.at, &key("at"))?,
            when: when.collect::<Result<_, _>>()?,
            with,
            keep: keep.collect::<Result<_, _>>()?,
        })
    }
}
