//! Models that score beside the one that decides: off the path of offers, and never in their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::join_all;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use trunkline_app::{Dispatcher, Request, Single};
use trunkline_domain::decision::{self, ShadowScores, Shadowed};
use trunkline_domain::model::ModelHash;
use trunkline_kernel::{Actor, DecisionId};
use trunkline_routing::matching::{Decision, scores};
use trunkline_routing::score::Scorer;

/// How many decisions wait to be scored. What comes while so many wait is dropped, and counted.
const QUEUE_MAX: usize = 1_000;
/// How many are scored and noted together.
const TOGETHER_MAX: usize = 32;

type Waiting = (DecisionId, Decision);

/// The models that score beside the one that decides, and the decisions that wait for them.
#[derive(Debug)]
pub struct Shadowing {
    shadows: Mutex<Vec<(ModelHash, Arc<dyn Scorer>)>>,
    queue: mpsc::Sender<Waiting>,
    waiting: Mutex<Option<mpsc::Receiver<Waiting>>>,
    scored: AtomicU64,
    dropped: AtomicU64,
}

impl Default for Shadowing {
    fn default() -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        Self {
            shadows: Mutex::default(),
            queue,
            waiting: Mutex::new(Some(waiting)),
            scored: AtomicU64::default(),
            dropped: AtomicU64::default(),
        }
    }
}

impl Shadowing {
    /// Has a decision that was made scored, some time soon. Returns at once.
    pub fn offer(&self, id: DecisionId, decision: &Decision) {
        if !self.shadows.lock().is_empty() && self.queue.try_send((id, decision.clone())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many decisions were scored and how many dropped since the start.
    pub fn counts(&self) -> (u64, u64) {
        (self.scored.load(Ordering::Relaxed), self.dropped.load(Ordering::Relaxed))
    }

    /// The scorer of a model that scores beside another.
    pub(super) fn known(&self, model: ModelHash) -> Option<Arc<dyn Scorer>> {
        let shadows = self.shadows.lock();
        shadows.iter().find(|(hash, _)| *hash == model).map(|(_, scorer)| Arc::clone(scorer))
    }

    /// From now on these score.
    pub(super) fn replace(&self, shadows: Vec<(ModelHash, Arc<dyn Scorer>)>) {
        *self.shadows.lock() = shadows;
    }

    /// Scores what waits until it is told to stop. What waits then is lost: it was no promise.
    pub async fn run(&self, dispatcher: &Dispatcher, stopping: CancellationToken) {
        let Some(mut waiting) = self.waiting.lock().take() else { return };
        loop {
            let mut some = Vec::with_capacity(TOGETHER_MAX);
            let received = waiting.recv_many(&mut some, TOGETHER_MAX);
            match stopping.run_until_cancelled(received).await {
                None | Some(0) => return,
                Some(_) => self.note(dispatcher, some).await,
            }
        }
    }

    async fn note(&self, dispatcher: &Dispatcher, some: Vec<Waiting>) {
        let shadows = self.shadows.lock().clone();
        let scored = tokio::task::spawn_blocking(move || {
            let of = |(id, decision): Waiting| Some((id, shadowed(&shadows, &decision)?));
            some.into_iter().filter_map(of).collect::<Vec<_>>()
        });
        // A panic is in the log; the decisions are not compared.
        let scored = scored.await.unwrap_or_default();
        let noting = scored.into_iter().map(async |(id, shadowed)| {
            let command = decision::Command::Shadow(shadowed);
            let action = Single::<decision::Decision> { id, command };
            match dispatcher.execute(Request::by(Actor::system("router")), &action).await {
                Ok(_) => self.scored.fetch_add(1, Ordering::Relaxed),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, decision = %id, "what other models say of it cannot be noted");
                    self.dropped.fetch_add(1, Ordering::Relaxed)
                }
            }
        });
        join_all(noting).await;
    }
}

/// What they say of it; nothing when no model does.
fn shadowed(shadows: &[(ModelHash, Arc<dyn Scorer>)], decision: &Decision) -> Option<Shadowed> {
    let of = |(model, scorer): &(ModelHash, Arc<dyn Scorer>)| {
        Some(ShadowScores { model: *model, scores: scores(decision, &**scorer).ok()? })
    };
    let shadows: Vec<ShadowScores> = shadows.iter().filter_map(of).collect();
    (!shadows.is_empty()).then_some(Shadowed { shadows })
}
