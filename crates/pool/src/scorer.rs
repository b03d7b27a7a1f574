//! Which scorer decides now, and those that decided before.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use trunkline_routing::Hash;
use trunkline_routing::score::Scorer;

use crate::Features;

/// The scorer in use: cosine similarity until a model is activated. Cheap to ask; models are put in by whoever follows
/// their activation.
#[derive(Debug)]
pub struct ActiveScorer(RwLock<Scorers>);

#[derive(Debug)]
struct Scorers {
    active: Option<Arc<dyn Scorer>>,
    known: BTreeMap<Hash, Arc<dyn Scorer>>,
}

impl ActiveScorer {
    /// Begins with what needs no model.
    pub fn new(features: &Features) -> Self {
        let active = features.first_scorer();
        let known = active.iter().map(|scorer| (scorer.hash().clone(), Arc::clone(scorer))).collect();
        Self(RwLock::new(Scorers { active, known }))
    }

    /// The scorer in use; nothing when there is none, and then the longest idle gets the work.
    pub fn active(&self) -> Option<Arc<dyn Scorer>> {
        self.0.read().active.clone()
    }

    /// A scorer that is or was in use, by the hash that decisions carry.
    pub fn known(&self, hash: &Hash) -> Option<Arc<dyn Scorer>> {
        self.0.read().known.get(hash).cloned()
    }

    /// From now on this one decides.
    pub fn activate(&self, scorer: Arc<dyn Scorer>) {
        let mut scorers = self.0.write();
        scorers.known.insert(scorer.hash().clone(), Arc::clone(&scorer));
        scorers.active = Some(scorer);
    }
}
