//! `trunkline dnc`: do-not-call lists. Only keyed hashes of numbers are kept.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use futures::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use trunkline_app::cases::{ChangeListings, ListingChange};
use trunkline_app::{Dispatcher, Request};
use trunkline_domain::identifier::{IdentifierId, IdentifierKind};
use trunkline_domain::listing::{self, Event, Listing};
use trunkline_kernel::{Actor, Aggregate as _, PhoneNumber, StreamId, Version};
use trunkline_log::Log;

use crate::config::Settings;
use crate::store;

/// Do-not-call lists.
#[derive(Debug, Subcommand)]
pub(crate) enum DncCommand {
    /// Put the numbers of a file on a list.
    #[command(after_help = "\
Examples:
  trunkline dnc import national.txt --list national
  trunkline dnc import complaints.csv --list 内部名单 --region CN

One number a line, the first column of a CSV or TSV; further columns are ignored. What is on the list already is
recognised, so that the same file again adds nothing. Exit code 3: some lines hold no number.")]
    Import(Listed),
    /// Take the numbers of a file off a list.
    #[command(after_help = "\
Example:
  trunkline dnc remove withdrawn.csv --list 内部名单 --region CN")]
    Remove(Listed),
    /// Say which lists a number is on. Exit code 4: it is on one.
    #[command(after_help = "\
Example:
  trunkline dnc check \"+86 138 1234 5678\"")]
    Check {
        /// The number, with its country code.
        #[arg(value_name = "NUMBER")]
        number: String,
    },
}

/// A file of numbers, and the list that they are on.
#[derive(Debug, Args)]
pub(crate) struct Listed {
    /// The file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The list.
    #[arg(long, value_name = "NAME")]
    list: String,
    /// The country of numbers without a country code, such as CN.
    #[arg(long, value_name = "COUNTRY")]
    region: Option<String>,
}

/// The exit code when some lines were refused.
const SOME_REFUSED: u8 = 3;

/// The exit code when the number is listed.
const FOUND: u8 = 4;

/// How many numbers are listed in one append, and how many appends are under way at once.
const BATCH: usize = 200;
const IN_FLIGHT: usize = 4;

/// How many refused lines the terminal shows.
const SHOWN: usize = 10;

pub(crate) async fn run(settings: &Settings, command: &DncCommand) -> anyhow::Result<ExitCode> {
    let opened = store::open_log(settings).await?;
    let vault = store::open_vault(settings).await?;
    let dispatcher = store::dispatcher(settings, opened.log.clone(), vault.clone());
    let done = match command {
        DncCommand::Import(listed) => change(&dispatcher, listed, ListingChange::List).await,
        DncCommand::Remove(listed) => change(&dispatcher, listed, ListingChange::Delist).await,
        DncCommand::Check { number } => check(&dispatcher, &*opened.log, number).await,
    };
    opened.log.close().await;
    vault.close().await;
    done
}

async fn change(dispatcher: &Dispatcher, listed: &Listed, change: ListingChange) -> anyhow::Result<ExitCode> {
    let Read { numbers, refused } = read(&listed.file, listed.region.as_deref())?;
    let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {pos} numbers (eta {eta})");
    let bar =
        ProgressBar::with_draw_target(Some(numbers.len() as u64), ProgressDrawTarget::stderr_with_hz(5))
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let numbers: Vec<PhoneNumber> = numbers.into_iter().collect();
    let changing = numbers.chunks(BATCH).map(|chunk| {
        let action = ChangeListings { list: listed.list.clone(), change, numbers: chunk.to_vec() };
        let bar = &bar;
        async move {
            let changed = dispatcher.execute(Request::by(Actor::system("dnc")), &action).await?.answer;
            bar.inc(action.numbers.len() as u64);
            anyhow::Ok(u64::from(changed))
        }
    });
    let mut changing = stream::iter(changing).buffer_unordered(IN_FLIGHT);
    let mut changed = 0;
    while let Some(batch) = changing.next().await {
        changed += batch?;
    }
    bar.finish_and_clear();
    let (all, same) = (numbers.len(), numbers.len() as u64 - changed);
    let what = match change {
        ListingChange::List => format!("{changed} put on the list, {same} on it before"),
        ListingChange::Delist => format!("{changed} taken off the list, {same} not on it"),
    };
    crate::say(&format!("{all} numbers: {what}; {refused} lines refused."));
    Ok(if refused > 0 { ExitCode::from(SOME_REFUSED) } else { ExitCode::SUCCESS })
}

struct Read {
    numbers: BTreeSet<PhoneNumber>,
    refused: usize,
}

/// The numbers of a file, each once; refused lines are named by their number, because what stands there is personal.
fn read(file: &Path, region: Option<&str>) -> anyhow::Result<Read> {
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut read = Read { numbers: BTreeSet::new(), refused: 0 };
    for (line, text) in (1_u64..).zip(BufReader::new(opened).lines()) {
        let text = text.with_context(|| format!("cannot read line {line} of {}", file.display()))?;
        let first = text.split([',', ';', '\t']).next().unwrap_or_default().trim().trim_matches('"');
        if first.is_empty() {
            continue;
        }
        match PhoneNumber::parse(first, region) {
            Ok(number) => drop(read.numbers.insert(number)),
            Err(error) => {
                read.refused += 1;
                if read.refused <= SHOWN {
                    crate::say(&format!("refused: line {line}: {error}"));
                }
            }
        }
    }
    Ok(read)
}

async fn check(dispatcher: &Dispatcher, log: &dyn Log, number: &str) -> anyhow::Result<ExitCode> {
    let number = PhoneNumber::parse(number, None)?;
    let claim = IdentifierId::of(dispatcher.vault().index(), IdentifierKind::Phone, number.as_str());
    let mut listing = Listing::default();
    let stream = StreamId::of(listing::of(claim));
    let mut after = Version::EMPTY;
    loop {
        let page = log.read_stream(&stream, after, BATCH).await?;
        for recorded in &page {
            for event in trunkline_domain::decode_as::<Event>(recorded)? {
                listing.evolve(recorded.event.occurred_at, &event);
            }
            after = recorded.version;
        }
        if page.len() < BATCH {
            break;
        }
    }
    for list in listing.lists() {
        crate::say(list);
    }
    Ok(if listing.lists().is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}
