//! Which scorer decides now, and those that decided before.

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;
use trunkline_routing::Hash;
use trunkline_routing::score::Scorer;

use crate::Features;

/// How many scorers that do not decide now are kept in memory, for the explanations of what they decided.
const KEPT_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);

/// The scorer in use: cosine similarity until a model is activated. Cheap to ask; models are put in by whoever follows
/// their activation.
#[derive(Debug)]
pub struct ActiveScorer(Mutex<Scorers>);

#[derive(Debug)]
struct Scorers {
    /// What needs no model.
    first: Option<Arc<dyn Scorer>>,
    active: Option<Arc<dyn Scorer>>,
    kept: LruCache<Hash, Arc<dyn Scorer>>,
}

impl ActiveScorer {
    /// Begins with what needs no model.
    pub fn new(features: &Features) -> Self {
        let first = features.first_scorer();
        Self(Mutex::new(Scorers { active: first.clone(), first, kept: LruCache::new(KEPT_MAX) }))
    }

    /// The scorer in use; nothing when there is none, and then the longest idle gets the work.
    pub fn active(&self) -> Option<Arc<dyn Scorer>> {
        self.0.lock().active.clone()
    }

    /// A scorer that is in memory, by the hash that decisions carry.
    pub fn known(&self, hash: &Hash) -> Option<Arc<dyn Scorer>> {
        let mut scorers = self.0.lock();
        let own =
            [&scorers.active, &scorers.first].into_iter().flatten().find(|scorer| scorer.hash() == hash);
        own.cloned().or_else(|| scorers.kept.get(hash).cloned())
    }

    /// Keeps a scorer that does not decide, for explanations.
    pub fn keep(&self, scorer: Arc<dyn Scorer>) {
        self.0.lock().kept.put(scorer.hash().clone(), scorer);
    }

    /// From now on this one decides.
    pub fn activate(&self, scorer: Arc<dyn Scorer>) {
        let mut scorers = self.0.lock();
        if let Some(before) = scorers.active.replace(scorer) {
            scorers.kept.put(before.hash().clone(), before);
        }
    }

    /// From now on what needs no model decides.
    pub fn deactivate(&self) {
        let mut scorers = self.0.lock();
        scorers.active = scorers.first.clone();
    }
}
