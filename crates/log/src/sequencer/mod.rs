//! The sequencer: one task per process that gives every append its place and commits many in one transaction.
//!
//! It never waits for more appends while it has one: while a commit is under way the next ones gather by
//! themselves. Only right after a commit of several it lets the writers just answered come back first.

mod commit;
mod known;
mod plan;
mod settle;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc, oneshot, watch};
use trunkline_kernel::{Clock, Position};

use crate::prepare::Prepared;
use crate::store::Store;
use crate::{Append, AppendError, Appended, LogError, LogLimits, LogStats};

/// An append that waits for its answer.
struct Job {
    append: Prepared,
    answer: oneshot::Sender<Result<Appended, AppendError>>,
    /// Where a commit whose outcome is unknown would have put it.
    tried: Option<Position>,
    _place: OwnedSemaphorePermit,
}

impl Job {
    fn answer(self, answer: Result<Appended, AppendError>) {
        // The caller may have gone away; the append stands all the same.
        let _ = self.answer.send(answer);
    }
}

/// The way to the sequencer's task. The task ends when this is dropped.
pub(crate) struct Sequencer {
    jobs: mpsc::UnboundedSender<Job>,
    /// Bounds the queue: an append holds one permit from its call to its answer.
    places: Arc<Semaphore>,
    closing: AtomicBool,
    limits: LogLimits,
    stats: Arc<LogStats>,
}

impl Sequencer {
    /// Reads the head and starts the task.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn start<S: Store>(
        store: Arc<S>,
        clock: Arc<dyn Clock>,
        limits: LogLimits,
        hint: watch::Sender<Position>,
    ) -> Result<Self, LogError> {
        let snapshot = store.look_up(&[], &[]).await?;
        announce(&hint, snapshot.head);
        let stats = Arc::new(LogStats::default());
        let (jobs, queue) = mpsc::unbounded_channel();
        let known = known::Known::new(&snapshot, limits.streams_cached_max);
        let task = Task {
            committer: commit::Committer::new(store, clock, &limits, hint, Arc::clone(&stats), known),
            queue,
            carried: None,
            limits: limits.clone(),
        };
        tokio::spawn(task.run());
        let places = Arc::new(Semaphore::new(limits.queue_max));
        Ok(Self { jobs, places, closing: AtomicBool::new(false), limits, stats })
    }

    /// Queues an append and waits for its answer.
    pub(crate) async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let began = Instant::now();
        let append = Prepared::new(append, &self.limits)?;
        let place = self.place()?;
        let (answer, answered) = oneshot::channel();
        self.stats.begin();
        let job = Job { append, answer, tried: None, _place: place };
        let answer = match self.jobs.send(job) {
            Ok(()) => answered.await.unwrap_or(Err(LogError::Closed.into())),
            Err(_) => Err(LogError::Closed.into()),
        };
        self.stats.end(began.elapsed());
        answer
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, LogError> {
        if self.closing.load(Ordering::Acquire) {
            return Err(LogError::Closed);
        }
        Arc::clone(&self.places).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::Closed => LogError::Closed,
            TryAcquireError::NoPermits => {
                self.stats.refused_busy();
                LogError::Busy { limit: self.limits.queue_max }
            }
        })
    }

    /// Takes no more appends and waits for those under way.
    pub(crate) async fn close(&self) {
        self.closing.store(true, Ordering::Release);
        let all = u32::try_from(self.limits.queue_max).unwrap_or(u32::MAX);
        // Fails only when another close was first, and then everything has been waited for.
        if self.places.acquire_many(all).await.is_ok() {
            self.places.close();
        }
    }

    pub(crate) fn stats(&self) -> &Arc<LogStats> {
        &self.stats
    }
}

/// Tells followers of a position, never of an earlier one than before.
pub(crate) fn announce(hint: &watch::Sender<Position>, position: Position) {
    hint.send_if_modified(|known| {
        let news = position > *known;
        *known = position.max(*known);
        news
    });
}

struct Task<S> {
    committer: commit::Committer<S>,
    queue: mpsc::UnboundedReceiver<Job>,
    /// The append that did not fit into the last batch.
    carried: Option<Job>,
    limits: LogLimits,
}

impl<S: Store> Task<S> {
    async fn run(mut self) {
        loop {
            let first = match self.carried.take() {
                Some(job) => job,
                None => match self.queue.recv().await {
                    Some(job) => job,
                    None => break,
                },
            };
            let batch = self.gather(first).await;
            self.committer.commit(batch).await;
        }
    }

    /// Takes what has queued up, within the limits of one commit.
    async fn gather(&mut self, first: Job) -> Vec<Job> {
        let (mut events, mut bytes) = (first.append.events, first.append.bytes);
        let mut batch = vec![first];
        let patience = self.committer.patience();
        let began = Instant::now();
        while batch.len() < self.limits.batch_appends_max {
            let Ok(job) = self.queue.try_recv() else {
                if batch.len() >= patience.writers || began.elapsed() >= patience.wait {
                    break;
                }
                tokio::task::yield_now().await;
                continue;
            };
            events += job.append.events;
            bytes += job.append.bytes;
            if events > self.limits.batch_events_max || bytes > self.limits.batch_bytes_max {
                self.carried = Some(job);
                break;
            }
            batch.push(job);
        }
        batch
    }
}
