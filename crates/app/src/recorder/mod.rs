//! The record of reads: what the ways in have seen becomes events of the log, in batches.

mod entry;
mod repeats;
mod stats;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_access::{Later, Sight, Unrecorded, Witness};
use trunkline_domain::access::Entry;
use trunkline_kernel::{Clock, Ids};
use trunkline_log::Log;

pub use stats::RecorderStats;
use writer::Writer;

/// What bounds the record of reads. All of it can be set under `[audit]` in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecorderLimits {
    /// How many accesses may wait to be written. When there are more, what shows personal values is refused. Default
    /// 10,000.
    pub queue_max: usize,
    /// How many accesses share an event. Default 200.
    pub batch_entries_max: usize,
    /// How long an answer that shows personal values waits until its access is durable; then it is refused. Default 5 s.
    pub wait_max: Duration,
    /// For how long the same refusals at the way in are counted as one entry. Default 10 s.
    pub repeats_within: Duration,
}

impl Default for RecorderLimits {
    fn default() -> Self {
        Self {
            queue_max: 10_000,
            batch_entries_max: 200,
            wait_max: Duration::from_secs(5),
            repeats_within: Duration::from_secs(10),
        }
    }
}

/// An access that waits to be written, and whom to tell when it is durable.
struct Note {
    entry: Entry,
    durable: Option<oneshot::Sender<Result<(), Unrecorded>>>,
}

/// Writes the record of reads. While one batch is being made durable the next one gathers, so that the log's commits are
/// shared by as many accesses as come in the meantime, and nobody waits for a batch to fill.
pub struct Recorder {
    queue: mpsc::Sender<Note>,
    clock: Arc<dyn Clock>,
    wait_max: Duration,
    stats: Arc<RecorderStats>,
    closing: CancellationToken,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Recorder {
    /// Begins to write into this log.
    pub fn start(
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        limits: RecorderLimits,
    ) -> Arc<Self> {
        let (queue, notes) = mpsc::channel(limits.queue_max);
        let (stats, closing) = (Arc::new(RecorderStats::default()), CancellationToken::new());
        let writer = Writer::new(log, Arc::clone(&clock), ids, limits, Arc::clone(&stats));
        let writer = tokio::spawn(writer.run(notes, closing.clone()));
        let writer = Mutex::new(Some(writer));
        Arc::new(Self { queue, clock, wait_max: limits.wait_max, stats, closing, writer })
    }

    /// What the metrics can say.
    pub fn stats(&self) -> &Arc<RecorderStats> {
        &self.stats
    }

    /// Takes no more and waits until what was taken is written, or cannot be. Called before the log is closed.
    pub async fn close(&self) {
        self.closing.cancel();
        let writer = self.writer.lock().take();
        if let Some(writer) = writer {
            // A panic of it is in the log of the server and takes nothing else down.
            let _ = writer.await;
        }
    }

    fn take(&self, sight: Sight, durable: Option<oneshot::Sender<Result<(), Unrecorded>>>) -> bool {
        let entry = entry::of(sight, self.clock.now());
        let taken = self.queue.try_send(Note { entry, durable }).is_ok();
        if taken {
            self.stats.waits();
        }
        taken
    }
}

impl Witness for Recorder {
    fn saw(&self, sight: Sight) {
        if !self.take(sight, None) {
            self.stats.lost(1);
        }
    }

    fn noted(&self, sight: Sight) -> Later<'_, Result<(), Unrecorded>> {
        let (durable, answered) = oneshot::channel();
        let taken = self.take(sight, Some(durable));
        Box::pin(async move {
            let answer = match taken {
                true => tokio::time::timeout(self.wait_max, answered).await,
                false => Ok(Ok(Err(Unrecorded))),
            };
            let noted = answer.unwrap_or(Ok(Err(Unrecorded))).unwrap_or(Err(Unrecorded));
            if noted.is_err() {
                self.stats.refused();
            }
            noted
        })
    }
}
