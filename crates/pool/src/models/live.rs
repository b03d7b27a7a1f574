//! Which model scores on this server: the log says which should, the files say which can.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use trunkline_domain::model::{self, ModelFile, ModelHash, Models};
use trunkline_kernel::{Aggregate as _, EventType, Position, Recorded, StreamId, Version};
use trunkline_log::{Feed, Filter, Log, LogError, Subscription};
use trunkline_routing::Hash;
use trunkline_routing::score::Scorer;

use super::ModelStore;
use crate::ActiveScorer;

/// How many events are read at once.
const PAGE: usize = 500;

/// How it stands with the models of this server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The model that should score; none when none was activated.
    pub wanted: Option<ModelHash>,
    /// The model that does; none when cosine similarity does.
    pub scoring: Option<ModelHash>,
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
        let (line, before): (Vec<ModelFile>, Standing) = {
            let inner = self.inner.lock();
            (inner.models.fallbacks().collect(), inner.standing.clone())
        };
        let mut standing = Standing { wanted: line.first().map(|model| model.hash), ..Standing::default() };
        for model in line {
            match self.loaded(model, before.scoring).await {
                Ok(scorer) => {
                    self.scorer.activate(scorer);
                    standing.scoring = Some(model.hash);
                    break;
                }
                Err(error) => {
                    let why = format!("model {} cannot score: {}", model.hash, told(&error));
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
    async fn loaded(
        &self,
        model: ModelFile,
        scoring: Option<ModelHash>,
    ) -> Result<Arc<dyn Scorer>, super::ModelFault> {
        match self
            .scorer
            .active()
            .filter(|scorer| scoring == Some(model.hash) && scorer.hash().as_str() == model.hash.to_string())
        {
            Some(scorer) => Ok(scorer),
            None => self.store.load(model).await,
        }
    }

    /// The scorer that a decision names: one in memory, or a model of any age whose file is here.
    pub async fn scorer_of(&self, hash: &Hash) -> Option<Arc<dyn Scorer>> {
        if let Some(known) = self.scorer.known(hash) {
            return Some(known);
        }
        let model = hash.as_str().parse().ok().and_then(|hash| self.inner.lock().models.find(hash))?.1;
        let scorer = self.store.load(model).await.ok()?;
        self.scorer.keep(Arc::clone(&scorer));
        Some(scorer)
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
