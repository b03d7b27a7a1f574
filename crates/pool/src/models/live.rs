//! Which model scores on this server: the log says which should, the files say which can.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use trunkline_domain::model::{self, ModelHash, Models, Scoring};
use trunkline_kernel::{Aggregate as _, EventType, Position, Recorded, StreamId, Version};
use trunkline_log::{Feed, Filter, Log, LogError, Subscription};
use trunkline_routing::Hash;
use trunkline_routing::score::Scorer;

use super::ModelStore;
use crate::ActiveScorer;

/// How many events are read at once.
const PAGE: usize = 500;

/// How it stands with the models of this server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// The model that should score; none when none was activated.
    pub wanted: Option<ModelHash>,
    /// The model that does; none when cosine similarity does.
    pub scoring: Option<ModelHash>,
    /// The share of cosine similarity that is blended into its score; none when it scores alone.
    pub cosine: Option<f64>,
    /// Why it is not the wanted one.
    pub trouble: Option<String>,
}

/// Follows the models in the log and has the active one score. One that cannot be loaded is passed over for the one before
/// it, and tried again from time to time.
#[derive(Debug)]
pub struct LiveModels {
    store: ModelStore,
    scorer: Arc<ActiveScorer>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    models: Models,
    version: Version,
    standing: Standing,
}

impl LiveModels {
    /// Knows of no model yet; [`LiveModels::learn`] reads the log.
    pub fn new(store: ModelStore, scorer: Arc<ActiveScorer>) -> Self {
        Self { store, scorer, inner: Mutex::default() }
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.inner.lock().standing.clone()
    }

    /// Reads which models there are, and has the active one score. Gives where to follow the log from.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn learn(&self, log: &dyn Log) -> Result<Position, LogError> {
        let position = log.head().await?;
        let stream = StreamId::of(model::of_routing());
        loop {
            let after = self.inner.lock().version;
            let page = log.read_stream(&stream, after, PAGE).await?;
            page.iter().for_each(|recorded| self.take(recorded));
            if page.len() < PAGE {
                break;
            }
        }
        self.settle().await;
        Ok(position)
    }

    /// Follows until it is told to stop. What could not be loaded is tried again every so often.
    pub async fn follow(
        self: Arc<Self>,
        feed: Arc<Feed>,
        from: Position,
        retry: Duration,
        stopping: CancellationToken,
    ) {
        let mut events = feed.subscribe(followed(), from);
        let mut again = tokio::time::interval(retry);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let following = async {
            loop {
                tokio::select! {
                    news = self.next(&mut events) => if !news { return },
                    _ = again.tick() => {}
                }
                self.settle().await;
            }
        };
        stopping.run_until_cancelled(following).await;
    }

    /// Takes note of the next events. Gives whether there can be more.
    async fn next(&self, events: &mut Subscription) -> bool {
        match events.next().await {
            Ok(batch) => batch.events.iter().for_each(|recorded| self.take(recorded)),
            Err(LogError::Closed) => return false,
            Err(error) => {
                tracing::error!(%error, "models cannot be followed any more; the present one goes on scoring");
                return false;
            }
        }
        true
    }

    fn take(&self, recorded: &Recorded) {
        let mut inner = self.inner.lock();
        if recorded.stream != StreamId::of(model::of_routing()) || recorded.version <= inner.version {
            return;
        }
        inner.version = recorded.version;
        match trunkline_domain::decode_as::<model::Event>(recorded) {
            Ok(events) => {
                for event in events {
                    inner.models.evolve(recorded.event.occurred_at, &event);
                }
            }
            Err(error) => tracing::error!(%error, position = recorded.position.0, "a model cannot be read"),
        }
    }

    /// Has the first model of the line score that can be loaded; what needs no model when none can.
    async fn settle(&self) {
        let (line, before): (Vec<Scoring>, Standing) = {
            let inner = self.inner.lock();
            (inner.models.fallbacks().collect(), inner.standing.clone())
        };
        let mut standing =
            Standing { wanted: line.first().map(|first| first.model.hash), ..Standing::default() };
        for scoring in line {
            match self.loaded(scoring, &before).await {
                Ok(scorer) => {
                    self.scorer.activate(scorer);
                    (standing.scoring, standing.cosine) = (Some(scoring.model.hash), scoring.cosine);
                    break;
                }
                Err(error) => {
                    let why = format!("model {} cannot score: {}", scoring.model.hash, told(&error));
                    standing.trouble.get_or_insert(why);
                }
            }
        }
        if standing.scoring.is_none() {
            self.scorer.deactivate();
        }
        if standing != before {
            match &standing.trouble {
                Some(trouble) => {
                    tracing::error!(trouble, scoring = ?standing.scoring, "another model scores")
                }
                None => tracing::info!(scoring = ?standing.scoring, "this model scores now"),
            }
            self.inner.lock().standing = standing;
        }
    }

    /// What scores already stays in memory, whatever becomes of its file.
    async fn loaded(&self, wanted: Scoring, before: &Standing) -> Result<Arc<dyn Scorer>, super::ModelFault> {
        let same = (before.scoring, before.cosine) == (Some(wanted.model.hash), wanted.cosine);
        match self.scorer.active().filter(|_| same) {
            Some(scorer) => Ok(scorer),
            None => self.store.scorer(wanted).await,
        }
    }

    /// The scorer that a decision names: one in memory, or a model of any age whose file is here.
    pub async fn scorer_of(&self, hash: &Hash) -> Option<Arc<dyn Scorer>> {
        if let Some(known) = self.scorer.known(hash) {
            return Some(known);
        }
        let (model, blends) = {
            let inner = self.inner.lock();
            let model = hash.as_str().parse().ok().and_then(|hash| inner.models.find(hash));
            (
                model.map(|(_, model)| Scoring { model, cosine: None }),
                inner.models.blends().collect::<Vec<_>>(),
            )
        };
        // The hash of a blend says nothing about its parts; there are few that ever scored.
        for scoring in model.into_iter().chain(blends) {
            if let Ok(scorer) = self.store.scorer(scoring).await
                && scorer.hash() == hash
            {
                self.scorer.keep(Arc::clone(&scorer));
                return Some(scorer);
            }
        }
        None
    }
}

/// An error with all that led to it, in one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        told = format!("{told}: {inner}");
        source = inner.source();
    }
    told
}

fn followed() -> Filter {
    let types = model::Event::DECLARED.iter().map(|event| EventType::known(event.name)).collect();
    Filter { types, ..Filter::default() }
}
