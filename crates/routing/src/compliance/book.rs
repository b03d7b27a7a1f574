//! All rules.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::place::Zones;
use super::{Check, Place, Rule};

/// The rules that dials are judged by.
#[derive(Clone, Debug)]
pub struct RuleBook {
    rules: Vec<Rule>,
    zones: Zones,
}

/// Why rules are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRules(pub(super) String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Rule>,
}

impl RuleBook {
    /// The published rules that come with Trunkline.
    ///
    /// # Errors
    /// Never, which a test sees to.
    pub fn published() -> Result<Self, InvalidRules> {
        Self::draft(include_str!("rules.toml"))
    }

    /// These rules and those of a TOML text in the form of `rules.toml`: a company's own calling hours, holidays and
    /// caps, or a draft.
    ///
    /// # Errors
    /// When the text is no list of rules, a rule is impossible, or two have one name.
    pub fn with(mut self, text: &str) -> Result<Self, InvalidRules> {
        let file: File = toml::from_str(text).map_err(|error| InvalidRules(error.to_string()))?;
        for rule in file.rule {
            possible(&rule).map_err(|why| InvalidRules(format!("the rule {:?}: {why}", rule.id)))?;
            self.rules.push(rule);
        }
        let mut seen = BTreeSet::new();
        match self.rules.iter().find(|rule| !seen.insert(rule.id.as_str())) {
            Some(twice) => Err(InvalidRules(format!("two rules are called {:?}", twice.id))),
            None => Ok(self),
        }
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Only the rules of a TOML text in the form of `rules.toml`: a draft, to be tried by itself.
    ///
    /// # Errors
    /// As [`RuleBook::with`].
    pub fn draft(text: &str) -> Result<Self, InvalidRules> {
        let zones = Zones::parse(include_str!("zones.toml"))?;
        Self { rules: Vec::new(), zones }.with(text)
    }

    /// Where a customer may be, by the regions of the customer's numbers (see [`super::calling_region`]) and by the
    /// region and the time zone of the customer's record.
    pub fn place(&self, numbers: &[&str], region: Option<&str>, time_zone: Option<&str>) -> Place {
        self.zones.place(numbers, region, time_zone)
    }
}

fn possible(rule: &Rule) -> Result<(), &'static str> {
    let holds = |holds: bool, why| if holds { Ok(()) } else { Err(why) };
    holds(!rule.id.is_empty() && !rule.source.is_empty(), "it needs an id and a source")?;
    match &rule.check {
        Check::Hours { from_minute, until_minute, weekdays, .. } => {
            holds(from_minute < until_minute && *until_minute <= 1_440, "its minutes must rise, up to 1440")?;
            holds(weekdays.iter().all(|day| (1..=7).contains(day)), "its weekdays must be 1 to 7")
        }
        Check::Refusal { months } => holds((1..=1_200).contains(months), "its months must be 1 to 1200"),
        Check::Calls { max, days, .. } => holds(
            (1..=366).contains(days) && *max <= 1_000,
            "its days must be 1 to 366, its calls at most 1000",
        ),
        Check::AbandonedRedial { wait: length }
        | Check::Ring { least: length }
        | Check::Bridge { within: length } => holds(length.0 > 0, "its length must be above zero"),
        Check::Abandonment { share_max, days } => {
            holds((0.0..=1.0).contains(share_max) && (1..=366).contains(days), "its share must be 0 to 1")
        }
        Check::PlaceKnown | Check::DoNotCall | Check::Consent | Check::Holidays { .. } => Ok(()),
    }
}
