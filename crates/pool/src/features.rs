//! What is known of customers and agents, as named values and as vectors.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use trunkline_app::cases::KnownWork;
use trunkline_domain::model::FeatureSet;
use trunkline_domain::words::FeatureValue;
use trunkline_kernel::Timestamp;
use trunkline_projections::customer_360::CustomerRow;
use trunkline_routing::features::{Schema, Value, Values};
use trunkline_routing::score::{Cosine, Scorer};

use crate::achievements::is_figure;

/// The highest level of a skill.
const SKILL_LEVEL_MAX: f64 = 5.0;
/// A day in milliseconds.
const DAY_MS: f64 = 86_400_000.0;
/// An hour in milliseconds.
const HOUR_MS: i64 = 3_600_000;

/// The schemas of both vectors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// Of customers.
    pub customer: Schema,
    /// Of agents.
    pub agent: Schema,
}

/// A declaration of features cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the declaration of features is refused")]
pub struct InvalidFeatures(#[from] toml::de::Error);

impl Features {
    /// Reads a declaration; see `crates/pool/src/features.toml` for the form.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(text: &str) -> Result<Self, InvalidFeatures> {
        Ok(toml::from_str(text)?)
    }

    /// The declaration that is built in, for the demo's call centre.
    ///
    /// # Errors
    /// None, which a test shows.
    pub fn standard() -> Result<Self, InvalidFeatures> {
        Self::read(include_str!("features.toml"))
    }

    /// Cosine similarity over the columns that both schemas name; nothing when they share none.
    pub fn cosine(&self) -> Option<Cosine> {
        Cosine::new(&self.customer, &self.agent, &BTreeMap::new()).ok()
    }

    /// The versions of both schemas, which a model has to be trained with.
    pub fn set(&self) -> FeatureSet {
        FeatureSet { customer: self.customer.version(), agent: self.agent.version() }
    }

    /// Whether anything that agents achieve is in their vectors.
    pub(crate) fn has_figures(&self) -> bool {
        self.agent.columns().iter().any(|column| is_figure(column))
    }

    /// The vector of an agent; the figures are those of [`Standard`](crate::achievements::Standard).
    pub(crate) fn of_agent(
        &self,
        team: Option<&String>,
        skills: &BTreeMap<String, u8>,
        languages: &BTreeSet<String>,
        figures: &Values,
    ) -> Vec<f32> {
        let mut values = figures.clone();
        for column in self.agent.columns().iter().filter(|column| !is_figure(column)) {
            // A column is of the skill that has its name, or the name behind its `=`: `product=loans`, `loans`.
            let named = |name: &str| skills.get(name).copied();
            let level = named(column).or_else(|| named(column.split_once('=')?.1));
            let speaks = column.strip_prefix("language=").map(|tag| u8::from(languages.contains(tag)).into());
            let value = speaks.or(level.map(|level| f64::from(level) / SKILL_LEVEL_MAX)).unwrap_or(0.0);
            values.insert(column.clone(), Value::Number(value));
        }
        values.extend(team.map(|team| ("team".to_owned(), Value::Text(team.clone()))));
        self.agent.encode(&values)
    }

    /// The vector of the customer of a piece of work.
    pub(crate) fn of_customer(
        &self,
        work: &KnownWork,
        row: Option<&CustomerRow>,
        now: Timestamp,
    ) -> Vec<f32> {
        let mut values = row.map_or_else(Values::new, |row| of_row(row, now));
        let said = [("product", work.product.as_ref()), ("industry", work.industry.as_ref())];
        for (name, text) in said {
            values.extend(text.map(|text| (name.to_owned(), Value::Text(text.clone()))));
        }
        let hour = (now.micros() / 1_000 / HOUR_MS).rem_euclid(24);
        values.insert("hour".to_owned(), Value::Number(hour as f64));
        self.customer.encode(&values)
    }

    /// The scorer that is there without any model.
    pub(crate) fn first_scorer(&self) -> Option<std::sync::Arc<dyn Scorer>> {
        self.cosine().map(|cosine| std::sync::Arc::new(cosine) as _)
    }
}

fn of_row(row: &CustomerRow, now: Timestamp) -> Values {
    let recorded = row.features.0.iter().map(|(name, value)| {
        let value = match value {
            FeatureValue::Flag(flag) => Value::Flag(*flag),
            FeatureValue::Number(number) => Value::Number(*number),
            FeatureValue::Text(text) => Value::Text(text.clone()),
        };
        (name.clone(), value)
    });
    let text = |text: &Option<String>| text.clone().map(Value::Text);
    let days = |at: Timestamp| Value::Number(now.since(at).0.max(0) as f64 / DAY_MS);
    let known = [
        ("kind", Some(Value::Text(row.kind.0.as_str().to_owned()))),
        ("language", text(&row.language)),
        ("region", text(&row.region)),
        ("industry", text(&row.industry)),
        ("scale", text(&row.scale)),
        ("intent", row.insight.as_ref().and_then(|insight| insight.0.intent.clone()).map(Value::Text)),
        ("lastChannel", row.last_contact_channel.map(|channel| Value::Text(channel.0.as_str().to_owned()))),
        ("calls", Some(Value::Number(row.calls as f64))),
        ("callsAnswered", Some(Value::Number(row.calls_answered as f64))),
        ("interactions", Some(Value::Number(row.interactions as f64))),
        ("sales", Some(Value::Number(row.sales as f64))),
        ("lastOutcome", text(&row.last_outcome)),
        ("daysSinceOutcome", row.last_outcome_at.map(days)),
        ("tasksOpen", Some(Value::Number(row.tasks_open as f64))),
        ("daysSinceContact", row.last_contact_at.map(days)),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    recorded.chain(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_declaration_stands_and_compares_products_industries_and_languages() {
        let features = Features::standard().unwrap();
        assert!(features.cosine().is_some());
        let skills = [("云客服".to_owned(), 4)].into();
        let figures = [("conversion.product=企业版".to_owned(), Value::Number(0.25))].into();
        let vector = features.of_agent(None, &skills, &["yue".to_owned()].into(), &figures);
        let cell = |name| vector[features.agent.column(name).unwrap()];
        assert_eq!((cell("product=云客服"), cell("product=企业版")), (0.8, 0.0));
        assert_eq!((cell("language=yue"), cell("language=en")), (1.0, 0.0));
        assert_eq!(cell("conversion.product=企业版"), 0.25);
        assert!(cell("conversion.product=云客服").is_nan(), "a skill is no achievement");
    }
}
