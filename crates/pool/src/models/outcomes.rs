//! What came of decisions: the log's calls, held beside the decisions that were made about them.

use std::collections::HashMap;

use trunkline_domain::{call, decision};
use trunkline_kernel::{AgentId, CallId, DecisionId, EventType, Position, Recorded, UnknownEvent};
use trunkline_log::{Direction, Filter, Log, LogError, Query};
use trunkline_routing::matching::{AgentFacts, Assigned, CallFacts, Decision};

use crate::read_record;

/// How many events are read at once.
const PAGE: usize = 500;

/// The log cannot be read for what came of decisions.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The log failed.
    #[error("the log failed")]
    Log(#[from] LogError),
    /// An event is not of this build.
    #[error("a stored event cannot be read")]
    Event(#[from] UnknownEvent),
}

/// What came of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Who spoke with the customer last.
    pub agent: Option<AgentId>,
    /// Whether something was sold; nothing as long as nobody has said.
    pub sale: Option<bool>,
}

/// What came of calls. It is small: a call takes some dozens of bytes.
#[derive(Debug, Default)]
pub struct Outcomes(HashMap<CallId, Outcome>);

impl Outcomes {
    /// Reads what came of all calls after a position.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn read(log: &dyn Log, from: Position) -> Result<Self, Unread> {
        let mut outcomes = Self::default();
        let types = ["call.bridged", "call.dispositioned"];
        each(log, &types, from, None, |recorded| {
            let Some(call) = recorded.stream.id::<CallId>() else { return Ok(()) };
            for event in trunkline_domain::decode_as::<call::Event>(recorded)? {
                let outcome = outcomes.0.entry(call).or_default();
                match event {
                    call::Event::Bridged(bridged) => outcome.agent = bridged.agent.or(outcome.agent),
                    call::Event::Dispositioned(said) => outcome.sale = Some(said.sale),
                    call::Event::Created(_)
                    | call::Event::Suppressed(_)
                    | call::Event::Dialed(_)
                    | call::Event::Rang(_)
                    | call::Event::Answered(_)
                    | call::Event::Classified(_)
                    | call::Event::Queued(_)
                    | call::Event::Held(_)
                    | call::Event::Resumed(_)
                    | call::Event::Ended(_) => {}
                }
            }
            Ok(())
        })
        .await?;
        Ok(outcomes)
    }

    /// The pairings of a decision that came about, and whether something was sold in each. A customer who refuses automated
    /// decisions has no vector and is in no training.
    pub fn pairings<'a>(&self, decision: &'a Decision) -> Vec<Paired<'a>> {
        let rows = decision.inputs.calls.iter().zip(&decision.assigned).enumerate();
        rows.filter_map(|(row, (call, assigned))| {
            let agent = assigned.agent.filter(|_| call.automated)?;
            let outcome = self.0.get(&call.id)?;
            let sale = outcome.sale.filter(|_| outcome.agent == Some(agent))?;
            let facts = decision.inputs.agents.iter().find(|facts| facts.id == agent)?;
            Some(Paired { row, call, agent: facts, assigned, sale })
        })
        .collect()
    }
}

/// A pairing that a decision led to, with what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Paired<'a> {
    /// Which of the decision's calls.
    pub row: usize,
    /// The call.
    pub call: &'a CallFacts,
    /// The agent who got it.
    pub agent: &'a AgentFacts,
    /// How it was decided.
    pub assigned: &'a Assigned,
    /// Whether something was sold.
    pub sale: bool,
}

/// Reads the decisions of a span of the log, one after the other, so that any number needs no more memory than one.
///
/// # Errors
/// When the log cannot be read.
pub async fn decisions(
    log: &dyn Log,
    from: Position,
    until: Position,
    mut of: impl FnMut(DecisionId, &Decision),
) -> Result<(), Unread> {
    each(log, &["decision.made"], from, Some(until), |recorded| {
        let Some(id) = recorded.stream.id::<DecisionId>() else { return Ok(()) };
        for decision::Event::Made(made) in trunkline_domain::decode_as::<decision::Event>(recorded)? {
            match read_record(&made) {
                Ok(reading) => of(id, &reading.decision),
                // A record of another build's form says nothing about this one's vectors.
                Err(error) => tracing::debug!(%error, decision = %id, "a decision is passed over"),
            }
        }
        Ok(())
    })
    .await
}

async fn each(
    log: &dyn Log,
    types: &[&'static str],
    from: Position,
    until: Option<Position>,
    mut of: impl FnMut(&Recorded) -> Result<(), Unread>,
) -> Result<(), Unread> {
    let types = types.iter().map(|name| EventType::known(name)).collect();
    let filter = Filter { types, ..Filter::default() };
    let mut from = from;
    loop {
        let (filter, direction) = (filter.clone(), Direction::Forwards);
        let page = log.read(&Query { filter, direction, from: Some(from), until, limit: PAGE }).await?;
        page.events.iter().try_for_each(&mut of)?;
        match page.events.last() {
            Some(last) if page.events.len() == PAGE => from = last.position,
            Some(_) | None => return Ok(()),
        }
    }
}
