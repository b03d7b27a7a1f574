//! What is erased goes: keys first, then what they opened. And what was kept long enough is erased.
//!
//! An erasure is decided by the recording's own rules and is in the log before anything is removed. Carrying it out
//! follows the log from a place of its own, so that neither a crash nor a store that is down leaves something
//! behind; doing it twice does no harm, so every server does it.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use trunkline_app::cases::LookUpRecording;
use trunkline_app::{CommandError, Dispatcher, Request, Single};
use trunkline_domain::recording::{self, EraseReason, Erased, Recording};
use trunkline_kernel::{Actor, Clock, EventType, Millis, Position, RecordingId};
use trunkline_log::{Direction, Filter, Log, Query};
use trunkline_projections::ReadModels;
use trunkline_projections::reads::DueRecordings;
use trunkline_recordings::Archive;

use super::owner;
use crate::config::RecordingSettings;

/// The note that says up to which position erasures were carried out.
const CARRIED_OUT: &str = "erasures-carried-out";

/// Erases what is due, and removes what was erased.
pub(crate) struct Eraser {
    pub(crate) archive: Arc<Archive>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) reads: ReadModels,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: RecordingSettings,
}

impl Eraser {
    /// Does so until it is told to stop.
    pub(crate) async fn run(self, stopping: CancellationToken) {
        let mut ticks = tokio::time::interval(self.settings.erase_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.look().await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "recordings could not be erased; tried again soon"
                );
            }
        }
    }

    pub(super) async fn look(&self) -> anyhow::Result<()> {
        let due = self.due().await?;
        self.erase(&due).await;
        self.carry_out().await
    }

    /// What is due, at most `erase_batch` of each sort.
    pub(crate) async fn due(&self) -> anyhow::Result<DueRecordings> {
        let now = self.clock.now();
        let abandoned_before = now.plus(Millis(-self.settings.abandoned_after.0));
        let due = self.reads.due_recordings(now, abandoned_before, self.settings.erase_batch).await;
        due.context("what is due cannot be told")
    }

    /// Asks the recordings' own rules; the read model only says what to ask about. Gives how many were erased.
    pub(crate) async fn erase(&self, due: &DueRecordings) -> usize {
        let over = due.kept_long_enough.iter().map(|id| (*id, EraseReason::RetentionOver));
        let abandoned = due.abandoned.iter().map(|id| (*id, EraseReason::Abandoned));
        let mut erased = 0;
        for (id, reason) in over.chain(abandoned) {
            let command = recording::Command::Erase(Erased { reason });
            let request = Request::by(Actor::system("retention"));
            match self.dispatcher.execute(request, &Single::<Recording> { id, command }).await {
                Ok(_) => erased += 1,
                // A case holds it meanwhile, or the read models were behind.
                Err(CommandError::Refused(refused)) => {
                    tracing::debug!(code = refused.code, recording = %id, "not due any more");
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, recording = %id, "a recording that is due could not be erased");
                }
            }
        }
        erased
    }

    /// Removes what was erased since the last time.
    pub(crate) async fn carry_out(&self) -> anyhow::Result<()> {
        let note = self.archive.note(CARRIED_OUT).await?;
        let note = note.and_then(|note| std::str::from_utf8(&note).ok()?.trim().parse().ok());
        let mut from = note.map_or(Position::START, Position);
        loop {
            let erased: EventType = "recording.erased".parse()?;
            let query = Query {
                filter: Filter { types: vec![erased], ..Filter::default() },
                direction: Direction::Forwards,
                from: Some(from),
                until: None,
                limit: usize::try_from(self.settings.erase_batch)?,
            };
            let page = self.log.read(&query).await?;
            let Some(last) = page.events.last().map(|event| event.position) else { return Ok(()) };
            for event in &page.events {
                if let Some(id) = event.stream.id::<RecordingId>() {
                    self.remove(id).await?;
                }
            }
            self.archive.set_note(CARRIED_OUT, last.0.to_string()).await?;
            from = last;
        }
    }

    async fn remove(&self, id: RecordingId) -> anyhow::Result<()> {
        let asked = Request::by(Actor::system("retention"));
        let Some(known) = self.dispatcher.execute(asked, &LookUpRecording(id)).await?.answer else {
            return Ok(());
        };
        let removed = self.archive.remove(id, owner(&known)).await?;
        tracing::info!(recording = %id, objects = removed.objects, bytes = removed.bytes, "a recording is gone");
        Ok(())
    }
}
