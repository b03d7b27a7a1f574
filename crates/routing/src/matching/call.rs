//! A call that waits for an agent, and what it asks of one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, CallId, CustomerId, Millis, Timestamp};

/// The highest priority; each step doubles the urgency.
pub const PRIORITY_MAX: u8 = 9;

/// A call that waits for an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Which call.
    pub id: CallId,
    /// Who is on the line.
    pub customer: CustomerId,
    /// What its agent must have.
    pub needs: Needs,
    /// Since when it waits.
    pub waiting_since: Timestamp,
    /// From 0 to [`PRIORITY_MAX`].
    pub priority: u8,
    /// The agent whom the customer should get again.
    pub preferred: Option<Preferred>,
    /// Agents whom the customer must not get.
    pub barred: BTreeSet<AgentId>,
    /// Whether it is a task, of which an agent can have several at once.
    pub is_task: bool,
    /// False when the customer refused automated decisions (PIPL, article 24): nothing about the customer is
    /// scored then, and the longest idle agent gets the call.
    pub automated: bool,
    /// How familiar agents are with the customer, 0 to 1; who is not named is a stranger.
    pub familiar: BTreeMap<AgentId, f32>,
    /// The customer's vector, in the schema of customers.
    pub features: Vec<f32>,
}

impl Call {
    /// A call that asks for nothing in particular.
    pub fn new(id: CallId, customer: CustomerId, waiting_since: Timestamp) -> Self {
        Self {
            id,
            customer,
            needs: Needs::default(),
            waiting_since,
            priority: 0,
            preferred: None,
            barred: BTreeSet::new(),
            is_task: false,
            automated: true,
            familiar: BTreeMap::new(),
            features: Vec::new(),
        }
    }
}

/// How familiar an agent is with a customer, 0 to 1, by how often they spoke and how it ended:
///
/// `(1 - 2^-calls) · 2 (sales + 1) / (sales + refusals + 2)`, at most 1.
///
/// The first conversation says half of it, and each further one half of what is left. What came of them counts by Laplace's
/// rule of succession: sales raise it, refusals lower it, and neither leaves it as it is.
#[expect(clippy::cast_possible_truncation, reason = "a number from 0 to 1")]
pub fn familiarity(calls: u32, sales: u32, refusals: u32) -> f32 {
    let spoken = 1.0 - libm::exp2(-f64::from(calls));
    let (sales, refusals) = (f64::from(sales), f64::from(refusals));
    (spoken * 2.0 * (sales + 1.0) / (sales + refusals + 2.0)).min(1.0) as f32
}

/// The agent whom a customer should get again, and how long it is worth waiting for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preferred {
    /// Which agent.
    pub agent: AgentId,
    /// How long nobody else gets the call while that agent works.
    pub patience: Millis,
}

/// What an agent must have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Needs {
    /// Skills and their least levels.
    pub skills: BTreeMap<String, u8>,
    /// One of these languages, when there are any.
    pub languages: BTreeSet<String>,
    /// All of these licences.
    pub licences: BTreeSet<String>,
    /// One of these teams, when there are any.
    pub teams: BTreeSet<String>,
    /// What is given up when the call has waited.
    pub widening: Vec<Widening>,
}

/// Something that is given up when the call has waited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Widening {
    /// How long it must have waited.
    pub after: Millis,
    /// What is given up.
    #[serde(flatten)]
    pub relax: Relax,
}

/// What can be given up. A licence is law and a language is understanding; neither ever is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "relax", rename_all = "camelCase")]
pub enum Relax {
    /// Any team will do.
    Team,
    /// The skill may be lower by so many levels; at zero it is not asked for.
    Skill {
        /// Which skill.
        skill: String,
        /// By how many levels.
        by: u8,
    },
}

impl Needs {
    /// What is still asked of an agent after the call has waited that long.
    pub fn after(&self, waited: Millis) -> Self {
        let mut left = self.clone();
        for widening in self.widening.iter().filter(|widening| waited >= widening.after) {
            match &widening.relax {
                Relax::Team => left.teams.clear(),
                Relax::Skill { skill, by } => {
                    if let Some(level) = left.skills.get_mut(skill) {
                        *level = level.saturating_sub(*by);
                    }
                }
            }
        }
        left.skills.retain(|_, level| *level > 0);
        left
    }
}
