//! Scoring, choosing and matching. The raw limit of scoring is the plain product of the agents' matrix and the
//! customer's vector, over the same numbers in the same run.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};
use trunkline_kernel::{AgentId, CallId, CustomerId, Id as _, Timestamp};
use trunkline_routing::draw;
use trunkline_routing::features::{Declaration, Encoder, Feature, Schema, Table};
use trunkline_routing::matching::{Agent, Call, Gains, Policy, Pool, assign, decide};
use trunkline_routing::score::trees::Trees;
use trunkline_routing::score::{Cosine, Scorer};
use uuid::Uuid;

use crate::Options;
use crate::report::{Measured, line, section, target};

const FEATURES: usize = 64;
const TREES: usize = 100;
const TREE_DEPTH: usize = 6;
const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

/// Runs all of it.
///
/// # Errors
/// When the model that is made for it cannot be read.
pub(crate) fn run(options: &Options) -> Result<()> {
    section("route");
    let names: Vec<String> = (0..FEATURES).map(|n| format!("x{n}")).collect();
    let (customer, agent) = (schema("customer", &names)?, schema("agent", &names)?);
    let cosine = Cosine::new(&customer, &agent, &BTreeMap::new())?;
    let trees = Trees::load(&serde_json::to_vec(&model(&names, options.seed))?)?.bind(&customer, &agent)?;
    for (agents, cosine_ms, trees_ms) in [(1_000, 0.2, 1.0), (10_000, 1.0, 10.0)] {
        let rows: Vec<Vec<f32>> = (0..agents).map(|n| vector(options.seed, n)).collect();
        let raw = product(options, &rows)?;
        line(&format!("{agents} agents: matrix-vector product"), &raw);
        choose(options, &rows, "cosine", &cosine, cosine_ms, &raw)?;
        choose(options, &rows, &format!("{TREES} trees"), &trees, trees_ms, &raw)?;
    }
    matching(options, &cosine)
}

fn schema(of: &str, names: &[String]) -> Result<Schema> {
    let features = names.iter().map(|name| Feature { name: name.clone(), encoder: Encoder::Plain }).collect();
    Ok(Declaration { of: of.to_owned(), version: 1, features }.try_into()?)
}

#[expect(clippy::cast_possible_truncation, reason = "a number from 0 to 1")]
fn number(seed: u64, row: usize, column: usize) -> f32 {
    draw(seed, &[row.to_be_bytes(), column.to_be_bytes()].concat(), "bench") as f32
}

fn vector(seed: u64, row: usize) -> Vec<f32> {
    (0..FEATURES).map(|column| number(seed, row, column)).collect()
}

/// A model in XGBoost's form: full trees whose splits ask about customer and agent in turn.
fn model(names: &[String], seed: u64) -> Value {
    let (splits, nodes) = ((1 << TREE_DEPTH) - 1, (1 << (TREE_DEPTH + 1)) - 1);
    let tree = |tree: usize| {
        let of = |node: usize| number(seed, usize::MAX - tree, node);
        let child =
            |node: usize, which: usize| if node < splits { json!(2 * node + which) } else { json!(-1) };
        let column = |node: usize| {
            (tree * 31 + node * 17) % FEATURES + if node.is_multiple_of(3) { 0 } else { FEATURES }
        };
        json!({
            "tree_param": { "size_leaf_vector": "1" },
            "left_children": (0..nodes).map(|node| child(node, 1)).collect::<Vec<_>>(),
            "right_children": (0..nodes).map(|node| child(node, 2)).collect::<Vec<_>>(),
            "split_indices": (0..nodes).map(column).collect::<Vec<_>>(),
            "split_conditions": (0..nodes).map(|n| if n < splits { of(n) } else { of(n) * 0.1 }).collect::<Vec<_>>(),
            "default_left": vec![1; nodes],
            "sum_hessian": vec![1.0; nodes],
        })
    };
    let side = |side: &str| names.iter().map(|name| format!("{side}.{name}")).collect::<Vec<_>>();
    let names = [side("customer"), side("agent")].concat();
    json!({ "learner": {
        "feature_names": names,
        "gradient_booster": { "name": "gbtree", "model": { "trees": (0..TREES).map(tree).collect::<Vec<_>>() } },
        "learner_model_param": { "base_score": "[5E-1]", "num_class": "0", "num_feature": (2 * FEATURES).to_string() },
        "objective": { "name": "binary:logistic" },
    }})
}

/// Repeats one thing for the length of a measurement, after a fifth of that to warm up.
fn measure(options: &Options, mut one: impl FnMut(usize)) -> Result<Measured> {
    let (mut latencies, started) = (Vec::new(), Instant::now());
    let mut counted_from = None;
    let mut at = 0;
    loop {
        let begun = Instant::now();
        one(at);
        at += 1;
        let warm = started.elapsed() >= options.length() / 5;
        if warm {
            latencies.push(begun.elapsed());
            let from = *counted_from.get_or_insert(begun);
            if from.elapsed() >= options.length() {
                return Measured::new(latencies, from.elapsed());
            }
        }
    }
}

fn product(options: &Options, rows: &[Vec<f32>]) -> Result<Measured> {
    let cells: Vec<f32> = rows.concat();
    let customers: Vec<Vec<f32>> = (0..64).map(|n| vector(options.seed + 1, n)).collect();
    let mut sums = vec![0.0_f32; rows.len()];
    measure(options, |at| {
        let customer = &customers[at % customers.len()];
        for (sum, row) in sums.iter_mut().zip(cells.chunks_exact(FEATURES)) {
            *sum = row.iter().zip(customer).map(|(a, c)| a * c).sum();
        }
        black_box(&sums);
    })
}

fn choose(
    options: &Options,
    rows: &[Vec<f32>],
    name: &str,
    scorer: &dyn Scorer,
    target_ms: f64,
    raw: &Measured,
) -> Result<()> {
    let agent = |(n, row): (u128, &Vec<f32>)| Agent {
        features: row.clone(),
        ..Agent::new(AgentId::from_uuid(Uuid::from_u128(n)), NOW)
    };
    let pool = Pool::new(FEATURES, (1_u128..).zip(rows).map(agent));
    let calls: Vec<Call> = (0..64_u32)
        .map(|n| {
            let id = Uuid::from_u128(n.into());
            let features = vector(options.seed + 1, usize::try_from(n).unwrap_or(0));
            Call { features, ..Call::new(CallId::from_uuid(id), CustomerId::from_uuid(id), NOW) }
        })
        .collect();
    let policy = Policy::default();
    let measured = measure(options, |at| {
        let call = std::slice::from_ref(&calls[at % calls.len()]);
        black_box(decide(&pool, call, Some(scorer), &policy, NOW, options.seed));
    })?;
    line(&format!("{} agents: score and choose, {name}", rows.len()), &measured);
    let p99 = measured.quantile_ms(0.99);
    target(&format!("p99, {name}"), p99, " ms", &format!("at most {target_ms} ms"), p99 <= target_ms);
    let times = measured.quantile_ms(0.5) / raw.quantile_ms(0.5);
    println!("  => {times:.1} times the plain product at the median");
    Ok(())
}

/// The best assignment of a thousand calls to a thousand agents.
fn matching(options: &Options, scorer: &dyn Scorer) -> Result<()> {
    const SIDE: usize = 1_000;
    let mut agents = Table::new(FEATURES);
    (0..SIDE).for_each(|n| agents.push(&vector(options.seed, n)));
    let rows: Vec<usize> = (0..SIDE).collect();
    let (mut scored, mut even) = (Gains::new(SIDE, SIDE), Gains::new(SIDE, SIDE));
    for row in 0..SIDE {
        let scores = scorer.score(&vector(options.seed + 1, row), &agents, &rows);
        for (column, score) in scores.into_iter().enumerate() {
            scored.set(row, column, 1.0 + f64::from(score));
            even.set(row, column, 1.0 + f64::from(number(options.seed + 2, row, column)));
        }
    }
    for (name, gains) in [("cosine scores", &scored), ("even random numbers", &even)] {
        let measured = measure(options, |_| {
            black_box(assign(gains));
        })?;
        line(&format!("matching {SIDE} x {SIDE}, {name}"), &measured);
        let p50 = measured.quantile_ms(0.5);
        target(&format!("median, {name}"), p50, " ms", "under 50 ms", p50 < 50.0);
    }
    Ok(())
}
