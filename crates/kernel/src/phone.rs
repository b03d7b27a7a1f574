//! Telephone numbers, parsed at the edge by a port of Google's libphonenumber.

use std::fmt;

use phonenumber::{Mode, country};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// A telephone number in E.164, for instance `+8613812345678`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct PhoneNumber(#[schemars(regex(pattern = r"^\+[0-9]{2,15}$"))] String);

/// A text that is not a telephone number. The text itself is personal and therefore not in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a telephone number: give it with its country code, for instance +86 138 1234 5678")]
pub struct InvalidPhoneNumber;

impl PhoneNumber {
    /// Parses a number as people write it. Without a country code it is read as a number of `region`, an
    /// ISO 3166 code such as `CN`.
    ///
    /// # Errors
    /// When the numbering plan has no such number.
    pub fn parse(text: &str, region: Option<&str>) -> Result<Self, InvalidPhoneNumber> {
        let region: Option<country::Id> =
            region.map(|region| region.parse().map_err(|_| InvalidPhoneNumber)).transpose()?;
        let number = phonenumber::parse(region, text).map_err(|_| InvalidPhoneNumber)?;
        if number.is_valid() {
            Ok(Self(number.format().mode(Mode::E164).to_string()))
        } else {
            Err(InvalidPhoneNumber)
        }
    }

    /// The number in E.164.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for PhoneNumber {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("phone number")
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What is read back was parsed when it was written. The numbering plan may have changed since, and a
        // stored event must stay readable, so only the form is checked again.
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix('+').unwrap_or_default();
        if (2..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom("not a telephone number in E.164"))
        }
    }
}
