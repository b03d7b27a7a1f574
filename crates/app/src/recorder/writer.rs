//! The task that writes the record of reads.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use trunkline_access::Unrecorded;
use trunkline_domain::access::{self, Entry, Outcome, Recorded};
use trunkline_kernel::{
    Actor, Cause, Clock, CommandId, CorrelationId, Id as _, Ids, NewEvent, StoredEvent as _, StreamId, Tags,
};
use trunkline_log::{Append, Expect, Log, StreamWrite};

use super::repeats::Repeats;
use super::{Note, RecorderLimits, RecorderStats};

/// The pause after the log did not take a batch.
const PAUSE: Duration = Duration::from_millis(500);
/// How many things the entries of one event name in all, so that it stays far below `log.event_bytes_max`.
const THINGS_MAX: usize = 8_000;
/// The code of an access whose answer was withheld because it could not be recorded.
const UNAVAILABLE: &str = "AUDIT_UNAVAILABLE";

pub(super) struct Writer {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    limits: RecorderLimits,
    stats: Arc<RecorderStats>,
    stream: Option<StreamId>,
    repeats: Repeats,
    /// What the log did not take, to be written when it takes something again.
    late: Vec<Entry>,
}

impl Writer {
    pub(super) fn new(
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        limits: RecorderLimits,
        stats: Arc<RecorderStats>,
    ) -> Self {
        let stream = StreamId::named(access::CATEGORY, &ids.uuid().to_string()).ok();
        let repeats = Repeats::new(limits.repeats_within);
        Self { log, clock, ids, limits, stats, stream, repeats, late: Vec::new() }
    }

    /// Writes what comes, until it is to close; then what is left.
    pub(super) async fn run(mut self, mut notes: mpsc::Receiver<Note>, closing: CancellationToken) {
        loop {
            let wake = self.wake();
            let first = tokio::select! {
                biased;
                note = notes.recv() => note,
                () = closing.cancelled(), if !notes.is_closed() => {
                    notes.close();
                    continue;
                }
                () = tokio::time::sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                    self.write(Vec::new(), false).await;
                    continue;
                }
            };
            let Some(first) = first else { break };
            let batch = self.gather(first, &mut notes);
            self.write(batch, false).await;
        }
        self.write(Vec::new(), true).await;
        self.stats.lost(self.late.len());
    }

    /// When there is something to write although nothing comes.
    fn wake(&self) -> Option<Instant> {
        let late = (!self.late.is_empty()).then(|| Instant::now() + PAUSE);
        [late, self.repeats.ends()].into_iter().flatten().min()
    }

    /// Takes what has queued up, as much as one event holds.
    fn gather(&self, first: Note, notes: &mut mpsc::Receiver<Note>) -> Vec<Note> {
        let mut things = first.entry.things.len();
        let mut batch = vec![first];
        while batch.len() < self.limits.batch_entries_max && things < THINGS_MAX {
            let Ok(note) = notes.try_recv() else { break };
            things += note.entry.things.len();
            batch.push(note);
        }
        self.stats.taken(batch.len());
        batch
    }

    /// Writes a batch, with what is late and what was counted meanwhile. Whoever waits for it is told.
    async fn write(&mut self, batch: Vec<Note>, last: bool) {
        let mut waiting = Vec::new();
        let mut entries: Vec<Entry> = Vec::new();
        for Note { entry, durable } in batch {
            waiting.extend(durable.map(|durable| (entries.len(), durable)));
            entries.extend(self.repeats.pass(entry));
        }
        let own = entries.len();
        entries.extend(self.repeats.over(last));
        let room = self.limits.batch_entries_max.saturating_sub(own);
        let late = self.late.len().min(room);
        entries.extend(self.late.drain(..late));
        if entries.is_empty() {
            return;
        }
        let outcome = self.append(&entries).await;
        if outcome.is_err() {
            for (at, _) in &waiting {
                withheld(&mut entries[*at]);
            }
            let lost = (self.late.len() + entries.len()).saturating_sub(self.limits.queue_max);
            entries.truncate(entries.len().saturating_sub(lost));
            self.stats.lost(lost);
            self.late.extend(entries);
        }
        for (_, durable) in waiting {
            // Who is not there any more was refused meanwhile.
            let _ = durable.send(outcome);
        }
    }

    async fn append(&self, entries: &[Entry]) -> Result<(), Unrecorded> {
        let event = access::Event::from(Recorded { entries: entries.to_vec() });
        let command: CommandId = self.ids.next();
        let event = NewEvent {
            id: self.ids.next(),
            event_type: event.event_type(),
            schema_version: event.schema_version(),
            tags: Tags::default(),
            payload: event.payload().map_err(|_| Unrecorded)?,
            cause: Cause {
                actor: Actor::system("recorder"),
                command,
                correlation: CorrelationId::from_uuid(command.uuid()),
                causation: None,
                trace: None,
            },
            occurred_at: self.clock.now(),
        };
        let stream = self.stream.clone().ok_or(Unrecorded)?;
        let write = StreamWrite { stream, expect: Expect::Any, events: vec![event] };
        match self.log.append(Append { writes: vec![write], checks: Vec::new() }).await {
            Ok(_) => {
                self.stats.wrote(entries.len());
                Ok(())
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the record of reads cannot be written: personal values are not shown"
                );
                Err(Unrecorded)
            }
        }
    }
}

/// What becomes of an access whose answer is withheld: nothing was shown.
fn withheld(entry: &mut Entry) {
    entry.clear.clear();
    entry.masked.clear();
    entry.outcome = Outcome::Failed;
    entry.code = Some(UNAVAILABLE.to_owned());
}
