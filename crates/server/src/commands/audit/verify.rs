//! `trunkline audit verify`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use trunkline_kernel::Position;
use trunkline_notary::Trust;
use trunkline_registry::{Progress, Scope, Verdict, Vouched, verify};

use super::arguments::Verify;
use super::{WRONG, heads_of, public_key};
use crate::config::Settings;
use crate::notary;

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(200);

pub(super) async fn run(settings: &Settings, arguments: &Verify) -> anyhow::Result<ExitCode> {
    let threads = arguments
        .threads
        .map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from);
    let trust = match &arguments.key {
        Some(given) => Some(Trust::new(public_key(given)?)),
        None => notary::key_file(settings).read()?.map(|key| Trust::new(key.public())),
    };
    let mut against = Vec::new();
    for file in &arguments.against {
        against.extend(heads_of(file)?);
    }
    let (from, to, index) = (Position(arguments.from), arguments.to.map(Position), !arguments.without_index);
    let scope = Scope { from, to, against, trust, index, threads };
    let rows = notary::open_rows(settings, u32::try_from(threads + 1).unwrap_or(u32::MAX)).await?;
    let books = notary::find_books(settings).await?;
    let progress = Arc::new(Progress::default());
    let verifying = verify(rows, books.clone(), scope, Arc::clone(&progress));
    let verdict = with_bar(verifying, &progress).await?;
    if let Some(books) = books {
        books.close().await;
    }
    crate::say(&if arguments.json { document(&verdict) } else { told(&verdict) });
    Ok(if verdict.holds() { ExitCode::SUCCESS } else { ExitCode::from(WRONG) })
}

async fn with_bar<T>(work: impl Future<Output = T>, progress: &Progress) -> T {
    let style =
        ProgressStyle::with_template("{bar:40} {percent:>3}% {pos}/{len} events {per_sec} (eta {eta})");
    let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut work = std::pin::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            () = tokio::time::sleep(TICK) => {
                let (events, all) = progress.get();
                bar.set_length(all);
                bar.set_position(events);
            }
        }
    };
    bar.finish_and_clear();
    done
}

fn told(verdict: &Verdict) -> String {
    let mut lines: Vec<String> = verdict.findings.iter().map(ToString::to_string).collect();
    if verdict.left_out > 0 {
        lines.push(format!("... and {} more.", verdict.left_out));
    }
    let Verdict { from, to, events, heads, took, .. } = verdict;
    let outcome = if verdict.holds() { "The log holds" } else { "The log does NOT hold" };
    lines.push(format!(
        "{outcome}: positions {from} to {to}, {events} events and {heads} tree heads looked at in {:.1} s.",
        took.as_secs_f64()
    ));
    lines.push(match verdict.vouched {
        Vouched::By(position) => format!("A trusted head vouches for everything up to position {position}."),
        Vouched::Unsigned(position) => format!(
            "The notary's heads agree up to position {position}; whose they are was not checked: give --key."
        ),
        Vouched::Nobody if !verdict.holds() => "No tree head vouches for it.".to_owned(),
        Vouched::Nobody => {
            "No tree head vouches for it: only each event's own digest was checked.".to_owned()
        }
    });
    lines.join("\n")
}

fn document(verdict: &Verdict) -> String {
    let findings: Vec<_> = verdict
        .findings
        .iter()
        .map(|one| {
            json!({
                "kind": one.kind.as_str(),
                "position": one.position,
                "last": one.last,
                "detail": one.detail,
            })
        })
        .collect();
    let (vouched, by) = match verdict.vouched {
        Vouched::By(position) => (Some(position), "trusted"),
        Vouched::Unsigned(position) => (Some(position), "unchecked"),
        Vouched::Nobody => (None, "nobody"),
    };
    json!({
        "holds": verdict.holds(),
        "from": verdict.from,
        "to": verdict.to,
        "events": verdict.events,
        "heads": verdict.heads,
        "vouchedUpTo": vouched,
        "vouchedBy": by,
        "findings": findings,
        "leftOut": verdict.left_out,
        "seconds": verdict.took.as_secs_f64(),
    })
    .to_string()
}
