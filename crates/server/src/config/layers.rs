//! One table of settings, and for each where it comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Value};

use super::DEFAULTS;

/// What all variables begin with.
const PREFIX: &str = "TRUNKLINE_";

/// Variables with that prefix that are not settings: flags, and what tests use.
const NOT_SETTINGS: [&str; 4] = ["TRUNKLINE_CONFIG", "TRUNKLINE_TOKEN", "TRUNKLINE_BIN", "TRUNKLINE_TEST_"];

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `deploy/config.default.toml`.
    Default,
    /// A file.
    File {
        /// Which.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// The command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line } => write!(f, "{}, line {line}", file.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// A setting that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{} is not TOML: {source}", file.display())]
    Syntax {
        /// Which file.
        file: PathBuf,
        /// Line, column and what was expected.
        source: Box<toml::de::Error>,
    },
    /// There is no such setting.
    #[error("{origin}: there is no setting `{key}`; {allowed}")]
    Unknown {
        /// Where it stands.
        origin: Origin,
        /// What was written.
        key: String,
        /// What there is instead.
        allowed: String,
    },
    /// The setting has a value that it does not take.
    #[error("{origin}: `{key}` {reason}")]
    Wrong {
        /// Where it stands.
        origin: Origin,
        /// The setting, `section.key`.
        key: String,
        /// What it takes and what it was given.
        reason: String,
    },
}

/// Every setting by its name `section.key`, with its value and where that comes from.
#[derive(Clone, Debug)]
pub struct Layers {
    settings: BTreeMap<String, (Value, Origin)>,
}

impl Layers {
    /// The documented defaults alone.
    ///
    /// # Errors
    /// Never, as a test shows; the file of defaults is part of the program.
    pub fn defaults() -> Result<Self, ConfigError> {
        let file = || PathBuf::from("deploy/config.default.toml");
        let table: toml::Table = toml::from_str(DEFAULTS)
            .map_err(|source| ConfigError::Syntax { file: file(), source: Box::new(source) })?;
        let sections = table.into_iter().filter_map(|(name, section)| match section {
            Value::Table(keys) => Some((name, keys)),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_) => None,
        });
        let settings = sections.flat_map(|(section, keys)| {
            keys.into_iter().map(move |(key, value)| (format!("{section}.{key}"), (value, Origin::Default)))
        });
        Ok(Self { settings: settings.collect() })
    }

    /// Lays a file over what is there.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or has a setting that does not exist or has the wrong type.
    pub fn file(&mut self, file: &Path) -> Result<(), ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })?;
        let syntax = |source| ConfigError::Syntax { file: file.to_owned(), source: Box::new(source) };
        let document = DeTable::parse(&text).map_err(syntax)?;
        let origin = |start: usize| Origin::File {
            file: file.to_owned(),
            line: text.get(..start).unwrap_or(&text).matches('\n').count() + 1,
        };
        for (section, keys) in document.get_ref() {
            let name = section.get_ref().to_string();
            let DeValue::Table(keys) = keys.get_ref() else {
                return Err(self.unknown(origin(section.span().start), &name));
            };
            if !self.sections().contains(&name.as_str()) {
                return Err(self.unknown(origin(section.span().start), &name));
            }
            for (key, value) in keys {
                let name = format!("{name}.{}", key.get_ref());
                self.set(&name, plain(value), origin(key.span().start))?;
            }
        }
        Ok(())
    }

    /// Lays environment variables over what is there; those of other programs are passed over.
    ///
    /// # Errors
    /// When a `TRUNKLINE_*` variable is no setting or has a value that the setting does not take.
    pub fn variables(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            if NOT_SETTINGS.iter().any(|known| name.starts_with(known)) {
                continue;
            }
            let wanted = rest.to_lowercase();
            let key = self.settings.keys().find(|key| key.replace('.', "_") == wanted).cloned();
            let origin = Origin::Variable(name.clone());
            let Some(key) = key else { return Err(self.unknown(origin, rest)) };
            self.text(&key, text, origin)?;
        }
        Ok(())
    }

    /// Lays one flag of the command line over what is there.
    ///
    /// # Errors
    /// When the setting does not take that value.
    pub fn flag(&mut self, flag: &'static str, key: &str, text: String) -> Result<(), ConfigError> {
        self.text(key, text, Origin::Flag(flag))
    }

    /// Every setting in order, with its value as TOML and where it comes from.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value, &Origin)> {
        self.settings.iter().map(|(key, (value, origin))| (key.as_str(), value, origin))
    }

    /// The value of a setting.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.settings.get(key).map(|(value, _)| value)
    }

    /// An error about the value of a setting.
    pub(super) fn wrong(&self, key: &str, reason: impl Into<String>) -> ConfigError {
        let origin = self.settings.get(key).map_or(Origin::Default, |(_, origin)| origin.clone());
        ConfigError::Wrong { origin, key: key.to_owned(), reason: reason.into() }
    }

    /// Takes a text as whatever type the setting has.
    fn text(&mut self, key: &str, text: String, origin: Origin) -> Result<(), ConfigError> {
        let value = match self.get(key) {
            Some(Value::Integer(_)) => text.parse().map(Value::Integer).ok(),
            Some(Value::Float(_)) => text.parse().map(Value::Float).ok(),
            Some(Value::Boolean(_)) => text.parse().map(Value::Boolean).ok(),
            _ => None,
        };
        self.set(key, value.unwrap_or(Value::String(text)), origin)
    }

    fn set(&mut self, key: &str, value: Value, origin: Origin) -> Result<(), ConfigError> {
        let Some((present, _)) = self.settings.get(key) else { return Err(self.unknown(origin, key)) };
        let value = match (present, value) {
            (Value::Float(_), Value::Integer(whole)) => {
                Value::Float(whole.to_string().parse().unwrap_or_default())
            }
            (_, value) => value,
        };
        if !present.same_type(&value) {
            let (takes, got) = (kind(present), kind(&value));
            let example = self.default_of(key).unwrap_or_else(|| present.to_string());
            let reason = format!("takes {takes} such as {example}, and was given {got}");
            return Err(ConfigError::Wrong { origin, key: key.to_owned(), reason });
        }
        self.settings.insert(key.to_owned(), (value, origin));
        Ok(())
    }

    fn default_of(&self, key: &str) -> Option<String> {
        Self::defaults().ok()?.get(key).map(Value::to_string)
    }

    fn sections(&self) -> Vec<&str> {
        let mut sections: Vec<&str> =
            self.settings.keys().filter_map(|key| key.split_once('.')).map(|(section, _)| section).collect();
        sections.dedup();
        sections
    }

    /// Says what there is: the keys of the section, or the sections.
    fn unknown(&self, origin: Origin, key: &str) -> ConfigError {
        let lower = key.to_lowercase();
        let section = self
            .sections()
            .into_iter()
            .find(|section| lower.strip_prefix(section).is_some_and(|rest| rest.starts_with(['.', '_'])));
        let allowed = match section {
            Some(section) => {
                let own = |key: &&String| key.split_once('.').is_some_and(|(of, _)| of == section);
                let keys: Vec<&str> =
                    self.settings.keys().filter(own).map(|key| &key[section.len() + 1..]).collect();
                format!("[{section}] has {}", keys.join(", "))
            }
            None => format!("the sections are {}", self.sections().join(", ")),
        };
        ConfigError::Unknown { origin, key: key.to_owned(), allowed }
    }
}

/// The value without its places. Dates and nested tables are no setting's type and are refused by their kind.
fn plain(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::String(number.to_string()), Value::Integer),
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| Value::String(number.to_string()), Value::Float)
        }
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(moment) => Value::Datetime(*moment),
        DeValue::Array(_) => Value::Array(Vec::new()),
        DeValue::Table(_) => Value::Table(toml::Table::new()),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text in quotes",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}
