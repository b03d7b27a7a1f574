//! What names an identifier without telling it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{BlindKey, Id, PhoneNumber};
use uuid::Uuid;

/// The longest value of an identifier in bytes.
const VALUE_BYTES_MAX: usize = 256;

words! {
    /// What sort of identifier.
    IdentifierKind {
        /// A telephone number in E.164.
        Phone = "phone",
        /// An email address.
        Email = "email",
        /// A WeChat openid or unionid.
        Wechat = "wechat",
        /// A device.
        Device = "device",
        /// A number in the customer files of the company.
        Crm = "crm",
    }
}

/// A text that is not an identifier of its kind. The text itself is personal and therefore not in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdentifier {
    /// Not a telephone number.
    #[error("not a telephone number: give it with its country code, for instance +86 138 1234 5678")]
    Phone,
    /// Not an email address.
    #[error("not an email address: it takes a name, one @ and a domain, without spaces")]
    Email,
    /// Empty, too long, or with white space.
    #[error("not an identifier: it takes 1 to {VALUE_BYTES_MAX} bytes without white space")]
    Text,
}

impl IdentifierKind {
    /// The one spelling of a value, so that two spellings of the same thing meet in one claim.
    ///
    /// # Errors
    /// When the text is not an identifier of this kind.
    pub fn normalise(self, text: &str) -> Result<String, InvalidIdentifier> {
        let text = text.trim();
        let holds = !text.is_empty()
            && text.len() <= VALUE_BYTES_MAX
            && !text.chars().any(|c| c.is_control() || (c.is_whitespace() && self != Self::Phone));
        if !holds {
            return Err(InvalidIdentifier::Text);
        }
        match self {
            Self::Phone => PhoneNumber::parse(text, None)
                .map(|number| number.as_str().to_owned())
                .map_err(|_| InvalidIdentifier::Phone),
            Self::Email => {
                let parts = text.split_once('@');
                let valid = parts.is_some_and(|(name, domain)| {
                    !name.is_empty() && domain.contains('.') && !domain.contains('@')
                });
                // Mail systems may tell upper from lower case before the @, but none that people use does.
                if valid { Ok(text.to_lowercase()) } else { Err(InvalidIdentifier::Email) }
            }
            Self::Wechat | Self::Device | Self::Crm => Ok(text.to_owned()),
        }
    }
}

/// Names the claim on one identifier: a keyed hash of its kind and normalised value, so that the stream's name does
/// not tell the value to a reader who has no key, not even to one who tries out all telephone numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct IdentifierId(#[schemars(with = "String", extend("format" = "uuid"))] Uuid);

impl IdentifierId {
    /// The name of the claim on a normalised value. This is the one place that knows how it is made.
    pub fn of(index: &BlindKey, kind: IdentifierKind, normalised: &str) -> Self {
        let hash = index.hash(&format!("identifier {kind}"), normalised.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl Id for IdentifierId {
    const KIND: &'static str = "identifier";

    fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for IdentifierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for IdentifierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "identifier:{}", self.0)
    }
}

impl FromStr for IdentifierId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}
