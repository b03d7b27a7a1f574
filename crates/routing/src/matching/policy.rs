//! The numbers that matching turns on.

use serde::{Deserialize, Serialize};

/// A column of agents that counts more for now, because customers with the same column come in a surge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Emphasis {
    /// The column of the customer.
    pub customer_column: usize,
    /// The column of the agent.
    pub agent_column: usize,
    /// What customer times agent is multiplied with and added to the value.
    pub amount: f32,
}

/// The numbers that matching turns on. They are single-precision, because the shortest decimal of such a number
/// is read back as the same number by any reader of JSON, and a decision must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Policy {
    /// How long a call waits until its urgency has doubled by that alone, in seconds. Default 60.
    pub ageing_s: f32,
    /// What an agent who knows the customer is worth more than a stranger. Default 0.1.
    pub familiarity: f32,
    /// What the preferred agent is worth more than another, after the patience too. Default 0.2.
    pub preferred: f32,
    /// What an occupancy of 1 above the mean costs. Default 0.1.
    pub fairness: f32,
    /// Values that differ by less are a tie, and the longest idle wins. Default 0.001.
    pub tie_width: f32,
    /// The share of calls whose agent is drawn from the shortlist, so that models can be judged without bias.
    /// Default 0.
    pub exploration: f32,
    /// How many agents are on the shortlist of a call; never fewer than calls are decided at once. Default 20.
    pub shortlist: u16,
    /// What counts more for now.
    pub emphasis: Vec<Emphasis>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ageing_s: 60.0,
            familiarity: 0.1,
            preferred: 0.2,
            fairness: 0.1,
            tie_width: 0.001,
            exploration: 0.0,
            shortlist: 20,
            emphasis: Vec::new(),
        }
    }
}

/// A number of the policy has no possible meaning. Carries its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is out of range")]
pub struct InvalidPolicy(pub &'static str);

impl Policy {
    /// Whether every number is possible.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), InvalidPolicy> {
        let within = |name, x: f32, low: f32, high: f32| {
            (low..=high).contains(&x).then_some(()).ok_or(InvalidPolicy(name))
        };
        within("ageing_s", self.ageing_s, 1.0, 86_400.0)?;
        within("familiarity", self.familiarity, 0.0, 1.0)?;
        within("preferred", self.preferred, 0.0, 1.0)?;
        within("fairness", self.fairness, 0.0, 1.0)?;
        within("tie_width", self.tie_width, 1e-6, 0.5)?;
        within("exploration", self.exploration, 0.0, 1.0)?;
        within("shortlist", f32::from(self.shortlist), 1.0, 1_000.0)?;
        self.emphasis.iter().try_for_each(|emphasis| within("emphasis", emphasis.amount, -1.0, 1.0))
    }
}
