//! Appends that came too late: their answer needs one look whether they are repeated ones, but no commit.
//!
//! Of many late writers of one stream only one can win the next version. They are let back in one at a time and
//! are told the version that the stream has reached by then. The next one comes in with the next commit, unless
//! somebody was late again: then a stream has more writers than it takes, and whoever has it keeps it for a turn, so
//! that the losers' retries do not take the machine from the winner.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use trunkline_kernel::{EventId, Position, Recorded, StreamId, Version};

use super::Job;
use super::commit::{count, fail, ids_of};
use crate::repeat::first_result;
use crate::store::Store;
use crate::{AppendError, LogStats};

/// How long a writer has a contended stream to itself, and the longest time that the next ones wait when nothing is
/// committed. Several commits long, for each loser costs a look into the store.
const TURN: Duration = Duration::from_millis(5);

/// Late appends looked up at a time.
const LOOK_MAX: usize = 256;

/// An append with the refusal that it gets unless it is a repeated one.
pub(super) type Late = (Job, AppendError);

/// The durable versions of the streams that late writers wait for.
#[derive(Default)]
pub(super) struct Contended(Mutex<HashMap<StreamId, Version>>);

impl Contended {
    /// Takes note of what was committed.
    pub(super) fn advance(&self, events: &[Recorded]) {
        let mut versions = self.0.lock();
        if versions.is_empty() {
            return;
        }
        for event in events {
            if let Some(version) = versions.get_mut(&event.stream) {
                *version = event.version;
            }
        }
    }

    /// Follows the streams of these writers, and no others.
    fn follow(&self, rivals: &VecDeque<Late>) {
        let mut versions = self.0.lock();
        let streams: HashSet<&StreamId> = rivals.iter().filter_map(|(_, error)| contended(error)).collect();
        versions.retain(|stream, _| streams.contains(stream));
        for (_, error) in rivals {
            if let AppendError::Conflict { stream, actual, .. } = error {
                let version = versions.entry(stream.clone()).or_insert(*actual);
                *version = (*version).max(*actual);
            }
        }
    }

    /// The same refusal with the version that the stream has now.
    fn freshened(&self, mut error: AppendError) -> AppendError {
        if let AppendError::Conflict { stream, expected, actual } = &mut error
            && let Some(version) = self.0.lock().get(stream)
            && expected != version
        {
            *actual = *version;
        }
        error
    }
}

fn contended(error: &AppendError) -> Option<&StreamId> {
    match error {
        AppendError::Conflict { stream, .. } => Some(stream),
        AppendError::Reused { .. } | AppendError::Invalid { .. } | AppendError::Log(_) => None,
    }
}

pub(super) struct Settler<S> {
    pub(super) store: Arc<S>,
    pub(super) stats: Arc<LogStats>,
    pub(super) committed: watch::Receiver<Position>,
    pub(super) contended: Arc<Contended>,
    /// Bounded by the places in the sequencer's queue, which late appends still hold.
    pub(super) late: mpsc::UnboundedReceiver<Late>,
}

impl<S: Store> Settler<S> {
    /// Answers until the sequencer is gone and everything is answered.
    pub(super) async fn run(mut self) {
        let mut rivals = VecDeque::new();
        loop {
            let mut looked = Vec::new();
            if rivals.is_empty() {
                match self.late.recv().await {
                    Some(late) => looked.push(late),
                    None => return,
                }
            }
            while looked.len() < LOOK_MAX
                && let Ok(late) = self.late.try_recv()
            {
                looked.push(late);
            }
            let crowded = !looked.is_empty();
            rivals.extend(self.look(looked).await);
            self.contended.follow(&rivals);
            self.committed.borrow_and_update();
            self.let_in(&mut rivals);
            if rivals.is_empty() {
                continue;
            }
            if crowded {
                tokio::time::sleep(TURN).await;
            } else {
                // Either is as good: a new version, or enough patience.
                let _ = tokio::time::timeout(TURN, self.committed.changed()).await;
            }
        }
    }

    /// Answers what turns out to be repeated and gives back what is refused.
    async fn look(&self, late: Vec<Late>) -> Vec<Late> {
        if late.is_empty() {
            return late;
        }
        let ids: Vec<EventId> = late.iter().flat_map(|(job, _)| ids_of(job)).collect();
        let found = match self.store.look_up(&[], &ids).await {
            Ok(snapshot) => snapshot.found,
            Err(error) => {
                fail(late.into_iter().map(|(job, _)| job).collect(), &Arc::new(error));
                return Vec::new();
            }
        };
        let mut refused = Vec::with_capacity(late.len());
        for (job, error) in late {
            match first_result(&job.append, |id| found.get(&id)) {
                Ok(None) => refused.push((job, error)),
                Ok(Some(first)) => self.answer(job, Ok(first)),
                Err(reused) => self.answer(job, Err(reused)),
            }
        }
        refused
    }

    /// Answers the first of each stream, in the order in which they came.
    fn let_in(&self, rivals: &mut VecDeque<Late>) {
        let mut answered = HashSet::new();
        for _ in 0..rivals.len() {
            let Some((job, error)) = rivals.pop_front() else { break };
            if let Some(stream) = contended(&error)
                && !answered.insert(stream.clone())
            {
                rivals.push_back((job, error));
                continue;
            }
            self.answer(job, Err(self.contended.freshened(error)));
        }
    }

    fn answer(&self, job: Job, answer: Result<crate::Appended, AppendError>) {
        count(&self.stats, &answer);
        job.answer(answer);
    }
}
