//! One setting at a time, checked; whatever is wrong is named with its key and its place.

use std::time::Duration;

use toml::Value;
use trunkline_kernel::Millis;

use super::{ConfigError, Layers};

pub(super) struct Reader<'a>(pub(super) &'a Layers);

impl Reader<'_> {
    fn missing(&self, key: &str) -> ConfigError {
        self.0.wrong(key, "is missing from the defaults, which a test rules out")
    }

    pub(super) fn text(&self, key: &str) -> Result<&str, ConfigError> {
        self.0.get(key).and_then(Value::as_str).ok_or_else(|| self.missing(key))
    }

    /// A text that says something.
    pub(super) fn word(&self, key: &str) -> Result<&str, ConfigError> {
        match self.text(key)? {
            "" => Err(self.0.wrong(key, "takes a text, and is empty")),
            text => Ok(text),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        self.0.get(key).and_then(Value::as_bool).ok_or_else(|| self.missing(key))
    }

    pub(super) fn number(&self, key: &str, least: u64, most: u64) -> Result<u64, ConfigError> {
        let number = self.0.get(key).and_then(Value::as_integer).ok_or_else(|| self.missing(key))?;
        u64::try_from(number)
            .ok()
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.0.wrong(key, format!("takes {least} to {most}, and is {number}")))
    }

    pub(super) fn size(&self, key: &str, least: usize, most: usize) -> Result<usize, ConfigError> {
        let number = self.number(key, least as u64, most as u64)?;
        usize::try_from(number).map_err(|_| self.missing(key))
    }

    pub(super) fn narrow(&self, key: &str, least: u32, most: u32) -> Result<u32, ConfigError> {
        u32::try_from(self.number(key, least.into(), most.into())?).map_err(|_| self.missing(key))
    }

    pub(super) fn millis(&self, key: &str) -> Result<Duration, ConfigError> {
        Ok(Duration::from_millis(self.number(key, 1, 600_000)?))
    }

    pub(super) fn rate(&self, key: &str, least: f64, most: f64) -> Result<f64, ConfigError> {
        let rate = self.0.get(key).and_then(Value::as_float).ok_or_else(|| self.missing(key))?;
        if (least..=most).contains(&rate) {
            Ok(rate)
        } else {
            Err(self.0.wrong(key, format!("takes {least} to {most}, and is {rate}")))
        }
    }

    /// Several values of one kind, with commas between them.
    pub(super) fn list<T: std::str::FromStr>(&self, key: &str, what: &str) -> Result<Vec<T>, ConfigError> {
        let text = self.text(key)?;
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let values: Result<Vec<T>, _> = parts.map(str::parse).collect();
        values.map_err(|_| self.wrong(key, format!("takes {what}, and is {text:?}")))
    }

    pub(super) fn wrong(&self, key: &str, reason: impl Into<String>) -> ConfigError {
        self.0.wrong(key, reason)
    }

    pub(super) fn parsed<T: std::str::FromStr>(&self, key: &str, what: &str) -> Result<T, ConfigError> {
        let text = self.text(key)?;
        text.parse().map_err(|_| self.0.wrong(key, format!("takes {what}, and is {text:?}")))
    }

    pub(super) fn choice(&self, key: &str, allowed: &[&str], given: &str) -> ConfigError {
        let allowed: Vec<String> = allowed.iter().map(|word| format!("{word:?}")).collect();
        self.0.wrong(key, format!("takes {}, and is {given:?}", allowed.join(", ")))
    }

    /// A URL with one of these beginnings. It can hold a password, so it is in no error.
    pub(super) fn url(&self, key: &str, schemes: &[&str]) -> Result<String, ConfigError> {
        let url = self.text(key)?;
        if schemes.iter().any(|scheme| url.starts_with(scheme)) {
            return Ok(url.to_owned());
        }
        let given = if url.is_empty() { "is empty" } else { "begins otherwise" };
        Err(self.0.wrong(key, format!("takes a URL that begins with {}, and {given}", schemes.join(" or "))))
    }

    pub(super) fn seconds(&self, key: &str) -> Result<Millis, ConfigError> {
        let seconds = self.number(key, 1, 365 * 86_400)?;
        Ok(Millis::from_secs(i64::try_from(seconds).unwrap_or_default()))
    }

    pub(super) fn count(&self, key: &str) -> Result<u16, ConfigError> {
        u16::try_from(self.number(key, 0, 1_000)?).map_err(|_| self.missing(key))
    }
}
