//! What nobody in a real call centre knows: how well each agent really does with each kind of customer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trunkline_routing::features::{
    Declaration, Encoder, Feature, InvalidSchema, Sample, Schema, Shrinkage, Value, Values,
};
use trunkline_routing::score::Cosine;

use crate::chance::Chance;

/// Match effects, known because they are made up.
///
/// Each agent has a talent for each kind of customer, normal with mean 0. An agent with talent z converts a customer
/// with the probability whose log-odds are those of `conversion` plus `effect · z`. Routing does not see talents but
/// estimates: the conversions of `history` earlier customers of each kind, drawn towards the team's mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// How many kinds of customers there are.
    pub kinds: usize,
    /// The conversion of an agent without special talent.
    pub conversion: f64,
    /// What a talent of one deviation adds to the log-odds.
    pub effect: f64,
    /// How many customers of each kind each agent has had before.
    pub history: u32,
}

/// Who converts whom, and what routing believes of it.
#[derive(Clone, Debug)]
pub(crate) struct Talents {
    /// For each agent and kind the true probability.
    pub(crate) converts: Vec<Vec<f64>>,
    /// For each agent the vector that routing sees.
    pub(crate) vectors: Vec<Vec<f32>>,
    /// For each kind the customer's vector.
    pub(crate) customers: Vec<Vec<f32>>,
    pub(crate) scorer: Option<Cosine>,
}

/// A column that all agents have alike and no customer asks for. It keeps the cosine of an agent who is hardly better
/// than the team from being as high as that of one who is much better.
const STEADY: &str = "steady";
const STEADY_PERCENT: f64 = 10.0;

impl Truth {
    pub(crate) fn talents(&self, agents: usize, chance: &mut Chance) -> Result<Talents, InvalidSchema> {
        let odds = libm::log(self.conversion / (1.0 - self.conversion));
        let converts: Vec<Vec<f64>> = (0..agents)
            .map(|_| {
                let talents = (0..self.kinds).map(|_| chance.normal());
                talents.map(|talent| 1.0 / (1.0 + libm::exp(-(odds + self.effect * talent)))).collect()
            })
            .collect();
        let samples: Vec<Vec<Sample>> = converts
            .iter()
            .map(|kinds| {
                let hits = |p: &f64| (0..self.history).filter(|_| chance.happens(*p)).count() as u64;
                kinds.iter().map(hits).map(|hits| Sample::rate(hits, self.history.into())).collect()
            })
            .collect();
        let (customer, agent) = (self.schema("customer")?, self.schema("agent")?);
        let names: Vec<String> = (0..self.kinds).map(|kind| format!("kind{kind}")).collect();
        let vectors = samples.iter().map(|own| agent.encode(&self.beliefs(own, &samples, &names)));
        let customers =
            names.iter().map(|name| customer.encode(&[(name.clone(), Value::Number(1.0))].into()));
        Ok(Talents {
            vectors: vectors.collect(),
            customers: customers.collect(),
            scorer: Cosine::new(&customer, &agent, &BTreeMap::new()).ok(),
            converts,
        })
    }

    /// How much better than the team the agent is believed to be with each kind, in percent.
    fn beliefs(&self, own: &[Sample], all: &[Vec<Sample>], names: &[String]) -> Values {
        let believed = |kind: usize| {
            let team: Vec<Sample> = all.iter().filter_map(|agent| agent.get(kind)).copied().collect();
            let shrinkage = Shrinkage::of(&team)?;
            Some(100.0 * (shrinkage.shrunk(own[kind]) - shrinkage.mean))
        };
        let values = names.iter().enumerate();
        let mut values: Values =
            values.map(|(kind, name)| (name.clone(), Value::Number(believed(kind).unwrap_or(0.0)))).collect();
        values.insert(STEADY.to_owned(), Value::Number(STEADY_PERCENT));
        values
    }

    fn schema(&self, of: &str) -> Result<Schema, InvalidSchema> {
        let names = (0..self.kinds).map(|kind| format!("kind{kind}")).chain([STEADY.to_owned()]);
        let features = names.map(|name| Feature { name, encoder: Encoder::Plain }).collect();
        Declaration { of: of.to_owned(), version: 1, features }.try_into()
    }
}
