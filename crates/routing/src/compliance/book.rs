//! All rules.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::place::Zones;
use super::{Check, Place, Purpose, Rule};
use crate::pacing::Formula;

/// The rules that dials are judged by.
#[derive(Clone, Debug)]
pub struct RuleBook {
    rules: Vec<Rule>,
    zones: Zones,
}

/// What a campaign's share of abandoned calls is held to, and how it is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct AbandonmentBound {
    /// The rule whose formula is followed.
    pub rule: String,
    /// Its version.
    pub version: u32,
    /// The formula.
    pub formula: Formula,
    /// The smallest share that a rule permits.
    pub share_max: f64,
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

    /// The rules of a campaign's own country, and those for everywhere, that hold for what it calls for. What the countries of
    /// its customers ask beside them, the judgement of each dial says.
    pub fn of_campaign<'r>(
        &'r self,
        jurisdiction: &'r str,
        purpose: Purpose,
    ) -> impl Iterator<Item = &'r Rule> {
        let here = move |rule: &&Rule| rule.jurisdiction == "*" || rule.jurisdiction == jurisdiction;
        self.rules.iter().filter(here).filter(move |rule| rule.asks_of(purpose))
    }

    /// How a campaign's share of abandoned calls is counted: as its country's own rule says, and where there is none, as the
    /// rule for everywhere. The last of several is followed, so that a company's comes before the published one. The bound
    /// is the smallest that any of them has. Nothing when there is no such rule.
    pub fn abandonment(&self, jurisdiction: &str, purpose: Purpose) -> Option<AbandonmentBound> {
        let mut followed: Option<(&Rule, Formula)> = None;
        let mut smallest = 1.0_f64;
        for rule in self.of_campaign(jurisdiction, purpose) {
            let Check::Abandonment { share_max, formula } = rule.check else { continue };
            smallest = smallest.min(share_max);
            let is_own = |rule: &Rule| rule.jurisdiction != "*";
            if followed.is_none_or(|(before, _)| is_own(rule) || !is_own(before)) {
                followed = Some((rule, formula));
            }
        }
        followed.map(|(rule, formula)| AbandonmentBound {
            rule: rule.id.clone(),
            version: rule.version,
            formula,
            share_max: smallest,
        })
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
        Check::Abandonment { share_max, formula: Formula { machine_errors, days, .. } } => {
            holds(
                [share_max, machine_errors].iter().all(|part| (0.0..=1.0).contains(*part)),
                "its shares must be 0 to 1",
            )?;
            holds((1..=366).contains(days), "its days must be 1 to 366")
        }
        Check::PlaceKnown
        | Check::DoNotCall
        | Check::Consent
        | Check::Withdrawal
        | Check::Holidays { .. } => Ok(()),
    }
}
