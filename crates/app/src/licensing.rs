//! Which licences the products and queues of calls ask of their agents.

use std::collections::BTreeSet;

use serde::Deserialize;
/// The most rules.
const RULES_MAX: usize = 1_000;

/// A declaration of licences cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidLicensing {
    /// It is not of the form.
    #[error("the declaration of licences cannot be read")]
    Form(#[from] toml::de::Error),
    /// Too many.
    #[error("{0} rules say which licences are asked for; at most {RULES_MAX} can")]
    TooMany(usize),
    /// It does not say of what.
    #[error("the rule for the licence {0:?} names neither a product nor a queue")]
    OfNothing(String),
}

/// Calls of a product, of a queue, or of a product in a queue ask for a licence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    licence: String,
    product: Option<String>,
    queue: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    #[serde(default)]
    require: Vec<Rule>,
}

/// Which licences are asked for beside those that a request names.
#[derive(Clone, Debug, Default)]
pub struct Licensing(Vec<Rule>);

impl Licensing {
    /// Reads a declaration; docs/routing.md has the form.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(text: &str) -> Result<Self, InvalidLicensing> {
        let Declaration { require } = toml::from_str(text)?;
        if require.len() > RULES_MAX {
            return Err(InvalidLicensing::TooMany(require.len()));
        }
        match require.iter().find(|rule| rule.product.is_none() && rule.queue.is_none()) {
            Some(rule) => Err(InvalidLicensing::OfNothing(rule.licence.clone())),
            None => Ok(Self(require)),
        }
    }

    /// The licences that calls of this product in this queue ask for.
    pub fn of(&self, product: Option<&String>, queue: Option<&String>) -> BTreeSet<String> {
        let meets = |rule: &&Rule| {
            let is = |asked: &Option<String>, has| asked.is_none() || asked.as_ref() == has;
            is(&rule.product, product) && is(&rule.queue, queue)
        };
        self.0.iter().filter(meets).map(|rule| rule.licence.clone()).collect()
    }
}
