//! Decisions with what came of them, as CSV.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;
use trunkline_domain::model::FeatureSet;
use trunkline_kernel::DecisionId;
use trunkline_log::Log;
use trunkline_pool::Features;
use trunkline_pool::models::{Outcomes, Paired, decisions};
use trunkline_routing::matching::Decision;

use super::super::model::Span;

/// The columns before those of the vectors.
const FACTS: [&str; 11] = [
    "decision",
    "at",
    "call",
    "agent",
    "model",
    "explored",
    "propensity",
    "score",
    "sale",
    "customer_version",
    "agent_version",
];

/// Writes the decisions of a span. A decision that was made with vectors of another width, and so with other features, is
/// left out.
pub(super) async fn export(
    log: &dyn Log,
    features: &Features,
    span: &Span,
    output: Option<&Path>,
) -> anyhow::Result<()> {
    let (since, until) = span.ends();
    let (from, to) = (log.position_at(since).await?, log.position_at(until).await?);
    let out: Box<dyn Write + Send> = match output {
        Some(file) => {
            let made = File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
            Box::new(BufWriter::new(made))
        }
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let mut csv = csv::Writer::from_writer(out);
    let columns = |of: &'static str, names: &[String]| -> Vec<String> {
        names.iter().map(|name| format!("{of}.{name}")).collect()
    };
    let customer = columns("customer", features.customer.columns());
    let agent = columns("agent", features.agent.columns());
    let head = FACTS.iter().copied().chain(customer.iter().chain(&agent).map(String::as_str));
    csv.write_record(head)?;
    let outcomes = Outcomes::read(log, from).await?;
    let (mut written, mut left_out, mut wrote) = (0_u64, 0_u64, Ok(()));
    decisions(log, from, to, |id, decision| {
        let paired = outcomes.pairings(decision);
        left_out += (decision.inputs.calls.len() - paired.len()) as u64;
        for paired in paired {
            let fits =
                (paired.call.features.len(), paired.agent.features.len()) == (customer.len(), agent.len());
            if !fits {
                left_out += 1;
            } else if wrote.is_ok() {
                wrote = csv.write_record(line(id, decision, &paired, features.set()));
                written += 1;
            }
        }
    })
    .await?;
    wrote.context("the file cannot be written")?;
    csv.flush().context("the file cannot be written")?;
    // With standard output for the lines, what is said beside them goes elsewhere.
    tracing::info!(written, left_out, "decisions with an outcome were written");
    if output.is_some() {
        crate::say(&format!("{written} decisions written, {left_out} left out: no outcome, or no vector"));
    }
    Ok(())
}

fn line(id: DecisionId, decision: &Decision, paired: &Paired<'_>, set: FeatureSet) -> Vec<String> {
    let Paired { call, agent, assigned, sale, .. } = paired;
    let of = |at: usize| decision.inputs.agents.get(at).map(|facts| facts.id);
    let candidate = call.candidates.iter().find(|candidate| of(candidate.agent) == Some(agent.id));
    let score = candidate.and_then(|candidate| candidate.score);
    let cell = |cell: &f32| if cell.is_nan() { String::new() } else { cell.to_string() };
    let mut line = vec![
        id.to_string(),
        decision.inputs.at.to_string(),
        call.id.to_string(),
        agent.id.to_string(),
        decision.inputs.model.as_ref().map(ToString::to_string).unwrap_or_default(),
        u8::from(assigned.explored).to_string(),
        assigned.propensity.to_string(),
        score.map(|score| score.to_string()).unwrap_or_default(),
        u8::from(*sale).to_string(),
        set.customer.to_string(),
        set.agent.to_string(),
    ];
    line.extend(call.features.iter().chain(&agent.features).map(cell));
    line
}
