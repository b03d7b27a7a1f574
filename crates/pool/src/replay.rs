//! Decisions that were made, read from their events: replayed, and told.

use std::sync::Arc;

use serde_json::Value;
use trunkline_domain::decision::Made;
use trunkline_kernel::{AgentId, Payload};
use trunkline_routing::matching::{self, Decision, Unreplayable};
use trunkline_routing::score::{Explanation, Scorer};

/// A decision cannot be read or made again.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The record is not of this program's form.
    #[error("the record of the decision cannot be read")]
    Record(#[from] serde_json::Error),
    /// It cannot be made again.
    #[error(transparent)]
    Unreplayable(#[from] Unreplayable),
}

/// A record that was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What was decided and from what.
    pub decision: Decision,
    text: String,
}

/// Reads the record of a decision.
///
/// # Errors
/// When it is not of this program's form.
pub fn read_record(made: &Made) -> Result<Reading, Unreadable> {
    let decision = serde_json::from_value(made.record.clone())?;
    Ok(Reading { decision, text: canonical(&made.record)? })
}

impl Reading {
    /// Decides again from the record. Gives whether every byte is the same.
    ///
    /// # Errors
    /// When the scorer is not the one that decided, or the rules are others by now.
    pub fn replays(&self, scorer: Option<&dyn Scorer>) -> Result<bool, Unreadable> {
        let again = matching::replay(&self.decision, scorer)?;
        Ok(canonical(&serde_json::to_value(again)?)? == self.text)
    }
}

/// Why an agent had the score that a decision gives, when the scorer that decided is known.
pub fn explain(
    decision: &Decision,
    scorer: &Arc<dyn Scorer>,
    call: usize,
    agent: AgentId,
) -> Option<Explanation> {
    let call = decision.inputs.calls.get(call).filter(|call| call.automated)?;
    let facts = decision.inputs.agents.iter().find(|facts| facts.id == agent)?;
    Some(scorer.explain(&call.features, &facts.features))
}

fn canonical(value: &Value) -> serde_json::Result<String> {
    Ok(Payload::of(value)?.as_str().to_owned())
}
