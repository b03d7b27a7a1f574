//! What a step of one row gives to its command, and its reading as the types of the domain.

use std::collections::BTreeMap;

use trunkline_kernel::{Id, Millis, PhoneNumber, Timestamp};

use crate::ids::Namespace;
use crate::value::{excerpt, thousandths};

/// The longest text that a field takes, in bytes, so that one row cannot make a giant event.
const TEXT_BYTES_MAX: usize = 16 * 1_024;

/// The fields of one step of one row; empty ones are left out.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) namespace: Namespace,
    pub(crate) fields: BTreeMap<&'static str, String>,
    pub(crate) kept: BTreeMap<String, String>,
}

type Read<T> = Result<T, String>;

impl Args {
    pub(crate) fn text(&self, name: &'static str) -> Read<Option<String>> {
        match self.fields.get(name) {
            Some(text) if text.len() > TEXT_BYTES_MAX => {
                Err(format!("`{name}` has {} bytes, more than {TEXT_BYTES_MAX}", text.len()))
            }
            text => Ok(text.cloned()),
        }
    }

    pub(crate) fn texts(&self, name: &'static str) -> Read<Vec<String>> {
        let text = self.text(name)?.unwrap_or_default();
        Ok(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }

    fn read<T>(
        &self,
        name: &'static str,
        what: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Read<Option<T>> {
        let Some(text) = self.fields.get(name) else { return Ok(None) };
        read(text).map(Some).ok_or_else(|| format!("`{name}` is {}, not {what}", excerpt(text)))
    }

    pub(crate) fn integer(&self, name: &'static str) -> Read<Option<i32>> {
        self.read(name, "a whole number", |text| text.parse().ok())
    }

    pub(crate) fn flag(&self, name: &'static str) -> Read<bool> {
        let flag = self.read(name, "`true` or `false`", |text| text.parse().ok())?;
        Ok(flag.unwrap_or_default())
    }

    pub(crate) fn seconds(&self, name: &'static str) -> Read<Option<Millis>> {
        let seconds = self.read(name, "a number of seconds", thousandths)?;
        match seconds {
            Some(millis) if millis < 0 => {
                Err(format!("`{name}` is negative; a `number` with `at_least = 0` makes it zero"))
            }
            seconds => Ok(seconds.map(Millis)),
        }
    }

    pub(crate) fn time(&self, name: &'static str) -> Read<Option<Timestamp>> {
        self.read(name, "a time; a value of kind `time` makes one", |text| text.parse().ok())
    }

    pub(crate) fn word<T>(
        &self,
        name: &'static str,
        named: impl FnOnce(&str) -> Option<T>,
    ) -> Read<Option<T>> {
        self.read(name, "one of the words that it takes", named)
    }

    pub(crate) fn id<I: Id>(&self, name: &'static str) -> Option<I> {
        self.fields.get(name).map(|text| self.namespace.id(text))
    }

    /// A number in the region named by another field. The number itself is personal and in no reason.
    pub(crate) fn phone(&self, name: &'static str, region: &'static str) -> Read<Option<PhoneNumber>> {
        let Some(text) = self.fields.get(name) else { return Ok(None) };
        PhoneNumber::parse(text, self.fields.get(region).map(String::as_str))
            .map(Some)
            .map_err(|error| format!("`{name}` is {error}"))
    }
}

/// A field that must be there in this row.
pub(crate) fn given<T>(name: &'static str, value: Option<T>) -> Read<T> {
    value.ok_or_else(|| format!("`{name}` is empty"))
}
