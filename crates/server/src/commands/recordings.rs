//! `trunkline recordings`: what there is, whether it is what was written, and what is due.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use trunkline_domain::recording::RecordingState;
use trunkline_kernel::{CallId, CustomerId, RecordingId};
use trunkline_projections::reads::RecordingFilter;
use trunkline_projections::recordings::RecordingRow;
use trunkline_projections::runtime::Runtime;
use trunkline_projections::{End, PageRequest, ReadModels};
use trunkline_recordings::{Archive, ArchiveError, Owner};

use crate::config::Settings;
use crate::recordings::{Eraser, open_archive};
use crate::store;

/// Looking after recordings.
#[derive(Debug, Subcommand)]
pub(crate) enum RecordingsCommand {
    /// List recordings, one a line.
    #[command(after_help = "\
Examples:
  trunkline recordings list
  trunkline recordings list --customer 0190b5f4-0000-7000-8000-000000000001 --held")]
    List {
        /// Only those of this customer's voice.
        #[arg(long, value_name = "ID")]
        customer: Option<CustomerId>,
        /// Only those that a case holds.
        #[arg(long)]
        held: bool,
    },
    /// Read recordings from their first byte to their last, and compare them with what the log says of them.
    #[command(after_help = "\
Examples:
  trunkline recordings verify
  trunkline recordings verify 0190b5f4-0000-7000-8000-000000000001

Without an id every recording is read. Exit code 1: something is not what was written, or something that was erased
is still there.")]
    Verify {
        /// Which ones [default: all].
        #[arg(value_name = "ID")]
        ids: Vec<RecordingId>,
    },
    /// Erase what was kept as long as it had to be, as the server does by itself.
    #[command(after_help = "\
Examples:
  trunkline recordings erase --dry-run
  trunkline recordings erase")]
    Erase {
        /// Only say what is due.
        #[arg(long)]
        dry_run: bool,
    },
}

/// How many recordings are read from the read model at once.
const PAGE: usize = 100;

pub(crate) async fn run(settings: &Settings, command: RecordingsCommand) -> anyhow::Result<ExitCode> {
    let opened = store::open_log(settings).await?;
    let database = store::open_read_models(settings).await?;
    let (clock, limits) = (store::clock(), settings.projections.clone());
    let runtime =
        Runtime::prepare(database.clone(), opened.log.clone(), clock.clone(), &*store::ids(), limits).await?;
    let reads = ReadModels::new(database.clone(), runtime.reached(), settings.reads_wait_max);
    let vault = store::open_vault(settings).await?;
    let archive = open_archive(&settings.recordings, &vault)?;
    let done = match command {
        RecordingsCommand::List { customer, held } => list(&reads, customer, held).await,
        RecordingsCommand::Verify { ids } => verify(&reads, &archive, &ids).await,
        RecordingsCommand::Erase { dry_run } => {
            let dispatcher = Arc::new(store::dispatcher(settings, opened.log.clone(), vault.clone()));
            let (log, settings) = (opened.log.clone(), settings.recordings.clone());
            erase(&Eraser { archive, dispatcher, log, reads, clock, settings }, dry_run).await
        }
    };
    opened.log.close().await;
    vault.close().await;
    database.close().await;
    done
}

/// Does something with every recording that is asked for, a page at a time.
async fn each(
    reads: &ReadModels,
    filter: &RecordingFilter,
    mut act: impl AsyncFnMut(RecordingRow) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let page = PageRequest { limit: PAGE, end: End::First, after: after.take(), before: None };
        let page = reads.recordings(filter, &page).await?;
        let more = page.has_next;
        after = page.edges.last().map(|edge| edge.cursor.clone());
        for edge in page.edges {
            act(edge.row).await?;
        }
        if !more {
            return Ok(());
        }
    }
}

async fn list(reads: &ReadModels, customer: Option<CustomerId>, held: bool) -> anyhow::Result<ExitCode> {
    let filter = RecordingFilter { customer, held: held.then_some(true), ..RecordingFilter::default() };
    let mut count = 0_u64;
    each(reads, &filter, async |row| {
        let (bytes, until) = (row.bytes.unwrap_or_default(), row.retained_until);
        let until = until.map_or_else(String::new, |until| format!("  until {until}"));
        let cases = if row.held { "  held" } else { "" };
        let state = trunkline_kernel::State::name(row.state.0);
        crate::say(&format!("{}  {state:<11} {bytes:>12} bytes{until}{cases}", row.recording_id));
        count += 1;
        Ok(())
    })
    .await?;
    crate::say(&format!("{count} recordings."));
    Ok(ExitCode::SUCCESS)
}

fn owner(customer: Option<CustomerId>, call: CallId) -> Owner {
    customer.map_or(Owner::Call(call), Owner::Customer)
}

async fn verify(reads: &ReadModels, archive: &Archive, ids: &[RecordingId]) -> anyhow::Result<ExitCode> {
    let (mut right, mut wrong) = (0_u64, 0_u64);
    let mut tell = |id: RecordingId, found: Option<String>| match found {
        Some(found) => {
            crate::say(&format!("{id}  {found}"));
            wrong += 1;
        }
        None => right += 1,
    };
    if ids.is_empty() {
        each(reads, &RecordingFilter::default(), async |row| {
            let found = wrong_with(archive, &row).await?;
            tell(row.recording_id, found);
            Ok(())
        })
        .await?;
    } else {
        for ids in ids.chunks(PAGE) {
            let rows = reads.recordings_by_ids(ids).await?;
            for id in ids {
                let row = rows.iter().find(|row| row.recording_id == *id);
                let found = match row {
                    Some(row) => wrong_with(archive, row).await?,
                    None => Some("there is no such recording".to_owned()),
                };
                tell(*id, found);
            }
        }
    }
    crate::say(&format!("{right} recordings are as the log says, {wrong} are not."));
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is wrong with what is stored of a recording, compared with what the log says of it.
async fn wrong_with(archive: &Archive, row: &RecordingRow) -> anyhow::Result<Option<String>> {
    let owner = owner(row.customer_id, row.call_id);
    match row.state.0 {
        RecordingState::Announced | RecordingState::Recording | RecordingState::Paused => Ok(None),
        RecordingState::Erased => {
            let gone = archive.is_gone(row.recording_id, owner).await?;
            Ok((!gone).then(|| "was erased, and something of it is still stored".to_owned()))
        }
        RecordingState::Sealed | RecordingState::Transcribed | RecordingState::Retained => {
            Ok(match archive.verify(row.recording_id, owner).await {
                Ok(found) => {
                    let same = row.sha256.as_deref() == Some(&*found.sha256)
                        && row.stored_sha256.as_deref() == Some(&*found.stored_sha256)
                        && row.key_id.as_deref() == Some(&*found.key);
                    (!same).then(|| "is whole, and not the one that the log speaks of".to_owned())
                }
                Err(
                    error @ (ArchiveError::Damaged { .. } | ArchiveError::Missing | ArchiveError::Destroyed),
                ) => Some(error.to_string()),
                Err(ArchiveError::Key(error)) => Some(error.to_string()),
                Err(
                    error @ (ArchiveError::NotBegun
                    | ArchiveError::AlreadyBegun
                    | ArchiveError::Conflict { .. }
                    | ArchiveError::TooLong { .. }
                    | ArchiveError::Limit { .. }
                    | ArchiveError::Seal(_)
                    | ArchiveError::Objects(_)
                    | ArchiveError::Unreadable(_)),
                ) => return Err(error.into()),
            })
        }
    }
}

async fn erase(eraser: &Eraser, dry_run: bool) -> anyhow::Result<ExitCode> {
    let due = eraser.due().await?;
    let lines = [("kept long enough", &due.kept_long_enough), ("never came", &due.abandoned)];
    for (why, ids) in lines {
        for id in ids {
            crate::say(&format!("{id}  {why}"));
        }
    }
    if dry_run {
        crate::say(&format!("{} recordings are due.", due.kept_long_enough.len() + due.abandoned.len()));
    } else {
        let erased = eraser.erase(&due).await;
        eraser.carry_out().await?;
        crate::say(&format!("{erased} recordings were erased."));
    }
    Ok(ExitCode::SUCCESS)
}
