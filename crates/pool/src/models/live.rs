//! Which model scores on this server: the log says which should, the files say which can.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use trunkline_domain::model::{self, Estimate, Measured, ModelFile, ModelHash, Scoring};
use trunkline_kernel::{EventType, Position, Recorded, StreamId, Version};
use trunkline_log::{Feed, Filter, Log, LogError, Subscription};
use trunkline_routing::Hash;
use trunkline_routing::score::Scorer;
use trunkline_routing::score::trees::Objective;

use super::{Book, Life, ModelStore, Shadowing};
use crate::ActiveScorer;

/// How many events are read at once.
const PAGE: usize = 500;
/// The objective whose scores are probabilities.
const LOGISTIC: &str = Objective::Logistic.as_str();

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
    /// The models that score beside it.
    pub shadows: Vec<ModelHash>,
    /// Why one that should does not.
    pub shadow_trouble: Option<String>,
}

/// What scores on this server, and what has to be known to say how it is doing.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The model and how it is blended.
    pub scoring: Scoring,
    /// What its decisions are known by, and which columns it looks at.
    pub scorer: Arc<dyn Scorer>,
    /// The event with which it began to score.
    pub began: Position,
    /// How it did when it was measured last.
    pub before: Option<Measured>,
    /// The AUC with which it was evaluated.
    pub auc: Option<Estimate>,
    /// Whether its scores are probabilities.
    pub foretells: bool,
}

/// Follows the models in the log and has the active one score. One that cannot be loaded is passed over for the one before
/// it, and tried again from time to time.
#[derive(Debug)]
pub struct LiveModels {
    store: ModelStore,
    scorer: Arc<ActiveScorer>,
    shadowing: Shadowing,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    book: Book,
    version: Version,
    standing: Standing,
}

impl LiveModels {
    /// Knows of no model yet; [`LiveModels::learn`] reads the log.
    pub fn new(store: ModelStore, scorer: Arc<ActiveScorer>) -> Self {
        Self { store, scorer, shadowing: Shadowing::default(), inner: Mutex::default() }
    }

    /// The models that score beside the one that decides.
    pub fn shadowing(&self) -> &Shadowing {
        &self.shadowing
    }

    /// Every model with what was done to it, in the order of their hashes.
    pub fn lives(&self) -> Vec<Life> {
        self.inner.lock().book.lives().collect()
    }

    /// One model with what was done to it.
    pub fn life(&self, hash: ModelHash) -> Option<Life> {
        self.inner.lock().book.life(hash)
    }

    /// What can be measured: the model that was activated, where it scores on this server.
    pub fn subject(&self) -> Option<Subject> {
        let inner = self.inner.lock();
        let scoring = inner.book.models().active()?;
        let Standing { scoring: here, cosine, .. } = &inner.standing;
        let scorer = self
            .scorer
            .active()
            .filter(|_| (*here, *cosine) == (Some(scoring.model.hash), scoring.cosine))?;
        let life = inner.book.life(scoring.model.hash)?;
        let logistic = life.imported().is_some_and(|(_, said)| said.objective == LOGISTIC);
        Some(Subject {
            scoring,
            scorer,
            began: inner.book.began(),
            before: inner.book.models().measured().cloned(),
            auc: inner.book.evaluated_auc(scoring),
            foretells: logistic && scoring.cosine.is_none(),
        })
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
                events.iter().for_each(|event| inner.book.take(recorded, event));
            }
            Err(error) => tracing::error!(%error, position = recorded.position.0, "a model cannot be read"),
        }
    }

    /// Has the first model of the line score that can be loaded; what needs no model when none can.
    async fn settle(&self) {
        let (line, shadows, before): (Vec<Scoring>, Vec<ModelFile>, Standing) = {
            let inner = self.inner.lock();
            let models = inner.book.models();
            (models.fallbacks().collect(), models.shadows().collect(), inner.standing.clone())
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
        (standing.shadows, standing.shadow_trouble) = self.shadow(shadows).await;
        if standing != before {
            if let Some(trouble) = &standing.shadow_trouble {
                tracing::warn!(trouble, "a model is not compared");
            }
            match &standing.trouble {
                Some(trouble) => {
                    tracing::error!(trouble, scoring = ?standing.scoring, "another model scores")
                }
                None => tracing::info!(scoring = ?standing.scoring, "this model scores now"),
            }
            self.inner.lock().standing = standing;
        }
    }

    /// Has these models score beside the one that decides. Gives those that can, and why another cannot.
    async fn shadow(&self, wanted: Vec<ModelFile>) -> (Vec<ModelHash>, Option<String>) {
        let (mut shadows, mut trouble) = (Vec::with_capacity(wanted.len()), None);
        for model in wanted {
            let loaded = match self.shadowing.known(model.hash) {
                Some(scorer) => Ok(scorer),
                None => self.store.load(model).await,
            };
            match loaded {
                Ok(scorer) => shadows.push((model.hash, scorer)),
                Err(error) => {
                    let why = format!("model {} cannot score beside it: {}", model.hash, told(&error));
                    trouble.get_or_insert(why);
                }
            }
        }
        let hashes = shadows.iter().map(|(hash, _)| *hash).collect();
        self.shadowing.replace(shadows);
        (hashes, trouble)
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
            let models = inner.book.models();
            let model = hash.as_str().parse().ok().and_then(|hash| models.find(hash));
            (model.map(|(_, model)| Scoring { model, cosine: None }), models.blends().collect::<Vec<_>>())
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
