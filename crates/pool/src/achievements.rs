//! What agents achieved, as figures for their vectors: each is drawn towards the mean of the agent's team, the more so the
//! less was seen of the agent.

use std::collections::BTreeMap;

use trunkline_projections::kpi::{AchievementRow, Tally};
use trunkline_routing::features::{Sample, Schema, Shrinkage, Value, Values};

/// The share of connected calls with a sale; `conversion.product=NAME` and `conversion.industry=NAME` are those of a part.
const CONVERSION: &str = "conversion";
/// How long a connected call takes on the mean, holding and after-call work included.
const HANDLE_SECONDS: &str = "handleSeconds";
/// The share of the day that went to contacts. It changes with every call, so it is written by itself.
pub(crate) const OCCUPANCY: &str = "occupancy";

/// Whether a column is one of these, and not a skill of that name.
pub(crate) fn is_figure(column: &str) -> bool {
    [CONVERSION, HANDLE_SECONDS, OCCUPANCY].contains(&column) || column.starts_with("conversion.")
}

/// What one agent achieved, by the feature that is made of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Achieved(BTreeMap<String, Sample>);

impl Achieved {
    pub(crate) fn of(row: &AchievementRow) -> Self {
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let rate = |tally: &Tally| Sample::rate(count(tally.sales), count(tally.calls));
        let (n, sum, squares) = (count(row.calls), row.handle_s as f64, row.handle_s_squares as f64);
        let whole = [
            (CONVERSION.to_owned(), Sample::rate(count(row.sales), n)),
            (HANDLE_SECONDS.to_owned(), Sample { n, sum, squares }),
        ];
        let of = |what: &'static str, tallies: &BTreeMap<String, Tally>| -> Vec<(String, Sample)> {
            let sample =
                |(name, tally): (&String, &Tally)| (format!("{CONVERSION}.{what}={name}"), rate(tally));
            tallies.iter().map(sample).collect()
        };
        let parts = of("product", &row.by_product.0).into_iter().chain(of("industry", &row.by_industry.0));
        Self(whole.into_iter().chain(parts).collect())
    }
}

/// What the agents of a team are drawn towards, for each feature that a schema declares and of which anything was seen.
#[derive(Debug)]
pub(crate) struct Standard<'a>(Vec<(&'a str, Shrinkage)>);

impl<'a> Standard<'a> {
    pub(crate) fn of(schema: &'a Schema, team: &[&Achieved]) -> Self {
        let names = schema.columns().iter().map(String::as_str).filter(|name| is_figure(name));
        let of = |name: &'a str| {
            let seen: Vec<Sample> = team.iter().filter_map(|agent| agent.0.get(name).copied()).collect();
            Some((name, Shrinkage::of(&seen)?))
        };
        Self(names.filter_map(of).collect())
    }

    /// What to believe of an agent of the team.
    pub(crate) fn figures(&self, agent: &Achieved) -> Values {
        let of = |(name, shrinkage): &(&str, Shrinkage)| {
            let seen = agent.0.get(*name).copied().unwrap_or_default();
            ((*name).to_owned(), Value::Number(shrinkage.shrunk(seen)))
        };
        self.0.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use trunkline_database::Json;
    use trunkline_kernel::{AgentId, Id as _, Position};
    use uuid::Uuid;

    use super::*;
    use crate::Features;

    fn row(calls: i64, sales: i64) -> AchievementRow {
        AchievementRow {
            agent_id: AgentId::from_uuid(Uuid::nil()),
            calls,
            sales,
            handle_s: calls * 100,
            handle_s_squares: calls * 10_100,
            by_product: Json([("云客服".to_owned(), Tally { calls, sales })].into()),
            by_industry: Json(BTreeMap::new()),
            position: Position(1),
        }
    }

    #[test]
    fn one_lucky_call_makes_no_specialist_and_who_did_nothing_has_the_teams_mean() {
        let schema = Features::standard().unwrap().agent;
        let team: Vec<Achieved> = [row(400, 80), row(400, 20), row(1, 1)].iter().map(Achieved::of).collect();
        let standard = Standard::of(&schema, &team.iter().collect::<Vec<_>>());
        let of = |agent: &Achieved, name: &str| match standard.figures(agent).get(name) {
            Some(Value::Number(number)) => *number,
            _ => f64::NAN,
        };
        let product = "conversion.product=云客服";
        assert!((of(&team[0], product) - 0.2).abs() < 0.01, "so many calls speak for themselves");
        assert!(of(&team[2], product) < 0.3, "one call hardly does: {}", of(&team[2], product));
        let mean = 101.0 / 801.0;
        assert!((of(&Achieved::default(), product) - mean).abs() < 1e-9);
        assert!((of(&team[1], "handleSeconds") - 100.0).abs() < 1e-9);
        assert!(of(&team[0], "conversion.product=企业版").is_nan(), "nobody has sold it yet");
        assert!(of(&team[0], "occupancy").is_nan(), "which is the roster's");
    }
}
