//! What came of decisions: the log's calls, held beside the decisions that were made about them.

use std::collections::HashMap;

use futures::future::join_all;
use trunkline_domain::model::ModelHash;
use trunkline_domain::{call, decision};
use trunkline_kernel::{
    AgentId, CallId, DecisionId, EventType, Position, Recorded, StreamId, UnknownEvent, Version,
};
use trunkline_log::{Direction, Filter, Log, LogError, Query};
use trunkline_routing::matching::{AgentFacts, Assigned, CallFacts, Decision};

use super::Noted;
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
        each(log, &types, from, None, |recorded| outcomes.take(recorded)).await?;
        Ok(outcomes)
    }

    /// Reads what came of the calls of these decisions.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn of(log: &dyn Log, decisions: &[Decision]) -> Result<Self, Unread> {
        let mut outcomes = Self::default();
        let calls =
            decisions.iter().flat_map(|decision| &decision.inputs.calls).filter(|call| call.automated);
        let streams: Vec<StreamId> = calls.map(|call| StreamId::of(call.id)).collect();
        let read = |stream| log.read_stream(stream, Version::EMPTY, PAGE);
        for events in join_all(streams.iter().map(read)).await {
            events?.iter().try_for_each(|recorded| outcomes.take(recorded))?;
        }
        Ok(outcomes)
    }

    fn take(&mut self, recorded: &Recorded) -> Result<(), Unread> {
        let Some(call) = recorded.stream.id::<CallId>() else { return Ok(()) };
        for event in trunkline_domain::decode_as::<call::Event>(recorded)? {
            let outcome = self.0.entry(call).or_default();
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
        if let Some(decision) = decision_of(recorded)? {
            of(id, &decision);
        }
        Ok(())
    })
    .await
}

/// The decision that an event is the record of.
pub(super) fn decision_of(recorded: &Recorded) -> Result<Option<Decision>, Unread> {
    for event in trunkline_domain::decode_as::<decision::Event>(recorded)? {
        if let decision::Event::Made(made) = event {
            match read_record(&made) {
                Ok(reading) => return Ok(Some(reading.decision)),
                // A record of another build's form says nothing about this one's vectors.
                Err(error) => {
                    tracing::debug!(%error, position = recorded.position.0, "a decision is passed over")
                }
            }
        }
    }
    Ok(None)
}

/// Reads what a model said of decisions that it did not make.
///
/// # Errors
/// When the log cannot be read.
pub async fn shadowed(log: &dyn Log, from: Position, model: ModelHash) -> Result<Noted, Unread> {
    let mut noted = Noted::new();
    each(log, &["decision.shadowed"], from, None, |recorded| {
        let Some(id) = recorded.stream.id::<DecisionId>() else { return Ok(()) };
        for event in trunkline_domain::decode_as::<decision::Event>(recorded)? {
            if let decision::Event::Shadowed(said) = event {
                let own = said.shadows.into_iter().find(|said| said.model == model);
                noted.extend(own.map(|own| (id, own.scores)));
            }
        }
        Ok(())
    })
    .await?;
    Ok(noted)
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
