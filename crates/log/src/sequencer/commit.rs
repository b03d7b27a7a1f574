//! One batch from the queue to its answers.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use trunkline_kernel::{Clock, EventId, Position, Recorded, StreamId};

use super::known::Known;
use super::plan::{Plan, Verdict, plan};
use super::settle::{Contended, Late, Settler};
use super::{Job, announce};
use crate::prepare::recorded_at;
use crate::repeat::FoundEvents;
use crate::store::{CommitError, Store};
use crate::{AppendError, Expect, LogError, LogLimits, LogStats};

/// The first pause before a commit is tried again after a fault; it doubles each time.
const RETRY_PAUSE_FIRST: Duration = Duration::from_millis(20);

/// The longest time that the sequencer lets answered writers come back before it commits without them.
const PATIENCE_MAX: Duration = Duration::from_millis(1);

/// How many batches after another process was met at the head are decided under its lock from the start.
const CONTENDED_BATCHES: u32 = 16;

/// How long to let writers come back after a commit.
#[derive(Clone, Copy, Default)]
pub(super) struct Patience {
    /// How many to wait for.
    pub(super) writers: usize,
    /// The longest wait, a fraction of what the commit took.
    pub(super) wait: Duration,
}

pub(super) struct Committer<S> {
    store: Arc<S>,
    clock: Arc<dyn Clock>,
    hint: watch::Sender<Position>,
    stats: Arc<LogStats>,
    late: mpsc::UnboundedSender<Late>,
    late_writers_wait_for: Arc<Contended>,
    retries_max: u32,
    known: Known,
    patience: Patience,
    /// Batches still to be decided under the lock because another process is writing.
    contended: u32,
}

/// How far the events of a batch have been looked up.
enum Looked {
    /// Only the versions that are missing: repeated appends show as conflicts.
    Lightly,
    /// Everything: nothing in the plan rests on memory.
    Fully(FoundEvents),
}

impl<S: Store> Committer<S> {
    pub(super) fn new(
        store: Arc<S>,
        clock: Arc<dyn Clock>,
        limits: &LogLimits,
        hint: watch::Sender<Position>,
        stats: Arc<LogStats>,
        known: Known,
    ) -> Self {
        let retries_max = limits.retries_max;
        let (late, queue) = mpsc::unbounded_channel();
        let contended = Arc::<Contended>::default();
        let settler = Settler {
            store: Arc::clone(&store),
            stats: Arc::clone(&stats),
            committed: hint.subscribe(),
            contended: Arc::clone(&contended),
            late: queue,
        };
        tokio::spawn(settler.run());
        Self {
            store,
            clock,
            hint,
            stats,
            late,
            late_writers_wait_for: contended,
            retries_max,
            known,
            patience: Patience::default(),
            contended: 0,
        }
    }

    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    /// Decides, commits and answers every append of the batch.
    pub(super) async fn commit(&mut self, mut batch: Vec<Job>) {
        self.patience = Patience::default();
        if let Err((rest, error)) = self.attempt(&mut batch).await {
            if rest && batch.len() > 1 {
                // The store refuses something in this batch: alone, each append fails or passes by itself.
                for job in batch {
                    let mut alone = vec![job];
                    if let Err((_, error)) = self.attempt(&mut alone).await {
                        fail(alone, &Arc::new(error));
                    }
                }
            } else {
                fail(batch, &Arc::new(error));
            }
        }
        self.known.trim();
    }

    /// Tries a batch until it is answered. On an error the batch still holds what was not answered, and the
    /// flag says whether smaller batches may pass.
    async fn attempt(&mut self, batch: &mut Vec<Job>) -> Result<(), (bool, LogError)> {
        let mut faults = 0;
        let mut looked = Looked::Lightly;
        if self.contended > 0 {
            self.contended -= 1;
            looked = self.look_fully(batch, &mut faults).await?;
        }
        loop {
            let missing = self.missing(batch);
            if !missing.is_empty() {
                match self.store.look_up(&missing, &[]).await {
                    Ok(snapshot) => _ = self.known.learn(&snapshot, &missing),
                    Err(error) => self.pause(&mut faults, error).await?,
                }
                // The head may have moved, and then more is missing than before.
                continue;
            }
            let plan = self.plan(batch, &looked);
            if plan.unsure && matches!(looked, Looked::Lightly) {
                looked = self.look_fully(batch, &mut faults).await?;
                continue;
            }
            let Plan { verdicts, events, .. } = self.release_late(batch, plan, &looked);
            if events.is_empty() {
                if let Looked::Fully(_) = looked {
                    self.store.release().await;
                }
                self.answer(batch, verdicts, &looked);
                return Ok(());
            }
            let began = Instant::now();
            match self.store.commit(&events).await {
                Ok(()) => {
                    self.committed(&events, &verdicts, began.elapsed());
                    self.answer(batch, verdicts, &looked);
                    return Ok(());
                }
                Err(CommitError::Stale) => {}
                Err(CommitError::Failed { error, transient: false }) => return Err((true, error)),
                Err(CommitError::Failed { error, transient: true }) => {
                    note_tried(batch, &verdicts);
                    self.pause(&mut faults, error).await?;
                }
            }
            looked = self.look_fully(batch, &mut faults).await?;
        }
    }

    fn committed(&mut self, events: &[Recorded], verdicts: &[Verdict], took: Duration) {
        self.known.extend(events);
        let accepted = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Accepted(_))).count();
        self.stats.committed(accepted, events.len());
        // Half of them: the other half comes back while the next commit is under way, so that the store is
        // never idle. One alone is never waited for.
        self.patience = Patience { writers: accepted / 2, wait: (took / 4).min(PATIENCE_MAX) };
        self.late_writers_wait_for.advance(events);
        announce(&self.hint, self.known.head);
    }

    fn plan(&self, batch: &[Job], looked: &Looked) -> Plan {
        let none = FoundEvents::new();
        let found = match looked {
            Looked::Lightly => &none,
            Looked::Fully(found) => found,
        };
        let now = recorded_at(self.clock.now(), self.known.recorded_at);
        plan(batch.iter().map(|job| &job.append), &self.known, found, now)
    }

    /// The streams whose version has to be known before anything can be decided. A stream that is expected
    /// to be new need not: were it not, the database would refuse its first version.
    fn missing(&self, batch: &[Job]) -> Vec<StreamId> {
        let mut missing = HashSet::new();
        for job in batch {
            let writes = job.append.writes.iter();
            let writes = writes.filter(|write| write.expect != Expect::NoStream).map(|write| &write.stream);
            for stream in writes.chain(job.append.checks.iter().map(|check| &check.stream)) {
                if self.known.version(stream).is_none() {
                    missing.insert(stream);
                }
            }
        }
        missing.into_iter().cloned().collect()
    }

    /// Looks up every stream and every event of a batch and keeps other writers out until it is decided.
    async fn look_fully(&mut self, batch: &[Job], faults: &mut u32) -> Result<Looked, (bool, LogError)> {
        let streams: HashSet<&StreamId> = batch
            .iter()
            .flat_map(|job| {
                let writes = job.append.writes.iter().map(|write| &write.stream);
                writes.chain(job.append.checks.iter().map(|check| &check.stream))
            })
            .collect();
        let streams: Vec<StreamId> = streams.into_iter().cloned().collect();
        let events = event_ids(batch);
        loop {
            match self.store.hold(&streams, &events).await {
                Ok(snapshot) => {
                    if self.known.learn(&snapshot, &streams) {
                        self.contended = CONTENDED_BATCHES;
                    }
                    return Ok(Looked::Fully(snapshot.found));
                }
                Err(error) => self.pause(faults, error).await?,
            }
        }
    }

    /// Counts a fault and pauses, or gives up.
    async fn pause(&self, faults: &mut u32, error: LogError) -> Result<(), (bool, LogError)> {
        if *faults >= self.retries_max {
            return Err((false, error));
        }
        tracing::warn!(
            error = &error as &dyn Error,
            log.faults = *faults,
            "the log's store failed; trying again"
        );
        tokio::time::sleep(RETRY_PAUSE_FIRST * 2_u32.pow(*faults)).await;
        *faults += 1;
        self.stats.retry();
        Ok(())
    }

    /// Takes those out of the batch whose refusal rests on durable events alone and sends them on to be
    /// settled beside the commit, so that a crowd of late writers does not hold up the one that is in time.
    fn release_late(&self, batch: &mut Vec<Job>, plan: Plan, looked: &Looked) -> Plan {
        let Looked::Lightly = looked else { return plan };
        let mut late = Vec::new();
        let mut jobs = Vec::with_capacity(batch.len());
        let mut verdicts = Vec::with_capacity(batch.len());
        for (job, verdict) in batch.drain(..).zip(plan.verdicts) {
            match verdict {
                Verdict::Refused { error, settled: true } => late.push((job, error)),
                other @ (Verdict::Accepted(_) | Verdict::Repeated(_) | Verdict::Refused { .. }) => {
                    jobs.push(job);
                    verdicts.push(other);
                }
            }
        }
        *batch = jobs;
        self.settle(late);
        Plan { verdicts, ..plan }
    }

    /// Passes on appends that are refused unless they turn out to be repeated ones.
    fn settle(&self, late: Vec<Late>) {
        for late in late {
            // Fails only when the settler has panicked, and then the caller is told that the log is closed.
            let _ = self.late.send(late);
        }
    }

    /// Answers a batch after its events are durable.
    fn answer(&self, batch: &mut Vec<Job>, verdicts: Vec<Verdict>, looked: &Looked) {
        let mut late = Vec::new();
        for (job, verdict) in batch.drain(..).zip(verdicts) {
            let answer = match verdict {
                Verdict::Accepted(appended) => Ok(appended),
                Verdict::Repeated(mut first) => {
                    // Found where this very call had tried to put it: it is the first time after all.
                    first.repeated = job.tried != Some(first.first);
                    Ok(first)
                }
                Verdict::Refused { error, .. } => match looked {
                    Looked::Lightly => {
                        late.push((job, error));
                        continue;
                    }
                    Looked::Fully(_) => Err(error),
                },
            };
            count(&self.stats, &answer);
            job.answer(answer);
        }
        self.settle(late);
    }
}

pub(super) fn ids_of(job: &Job) -> impl Iterator<Item = EventId> {
    job.append.iter().map(|(_, event, _)| event.id)
}

fn event_ids(batch: &[Job]) -> Vec<EventId> {
    batch.iter().flat_map(ids_of).collect()
}

pub(super) fn count(stats: &LogStats, answer: &Result<crate::Appended, AppendError>) {
    match answer {
        Ok(appended) if appended.repeated => stats.repeat(),
        Err(AppendError::Conflict { .. }) => stats.conflict(),
        Ok(_) | Err(AppendError::Reused { .. } | AppendError::Invalid { .. } | AppendError::Log(_)) => {}
    }
}

/// Remembers where the appends would stand if the commit has come through after all.
fn note_tried(batch: &mut [Job], verdicts: &[Verdict]) {
    for (job, verdict) in batch.iter_mut().zip(verdicts) {
        if let Verdict::Accepted(appended) = verdict {
            job.tried = Some(appended.first);
        }
    }
}

/// Tells every append of one fault.
pub(super) fn fail(jobs: Vec<Job>, error: &Arc<LogError>) {
    tracing::error!(error = error as &dyn Error, log.appends = jobs.len(), "appends failed");
    for job in jobs {
        job.answer(Err(LogError::Store(Box::new(Shared(Arc::clone(error)))).into()));
    }
}

/// One fault that several callers are told of.
#[derive(Debug)]
struct Shared(Arc<LogError>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one commit failed for several appends")
    }
}

impl Error for Shared {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
