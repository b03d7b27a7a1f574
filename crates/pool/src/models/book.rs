//! What happened to models, as the log says it.

use std::collections::BTreeMap;

use trunkline_domain::model::{
    Estimate, Event, Imported, Measured, ModelFile, ModelHash, ModelState, Models, Scoring,
};
use trunkline_kernel::{Actor, Aggregate as _, Position, Recorded, Timestamp};

/// Something that somebody did to a model.
#[derive(Clone, Debug)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// The event.
    pub position: Position,
    /// By whom.
    pub by: Actor,
    /// What; never a measurement.
    pub event: Event,
}

/// A model with all that was done to it, in order, and how it did when it was measured last.
#[derive(Clone, Debug)]
pub struct Life {
    /// Which.
    pub model: ModelFile,
    /// Where it is in its life.
    pub state: ModelState,
    /// What was done to it.
    pub steps: Vec<Step>,
    /// When it was measured last, and how it did.
    pub measured: Option<(Timestamp, Measured)>,
    /// The share of cosine similarity with which it scores now; none when it scores alone or not at all.
    pub cosine: Option<f64>,
    /// Whether it scores beside the one that decides.
    pub shadows: bool,
}

impl Life {
    /// What was noted when it was imported last.
    pub fn imported(&self) -> Option<(&Step, &Imported)> {
        let imported = |step: &'_ Step| matches!(step.event, Event::Imported(_));
        let step = self.steps.iter().rev().find(|step| imported(step))?;
        if let Event::Imported(imported) = &step.event { Some((step, imported)) } else { None }
    }
}

/// The models, and what was done to each.
#[derive(Clone, Debug, Default)]
pub struct Book {
    models: Models,
    steps: BTreeMap<ModelHash, Vec<Step>>,
    measured: BTreeMap<ModelHash, (Timestamp, Measured)>,
    /// The event with which what scores began to.
    began: Position,
}

impl Book {
    /// Takes note of an event about models.
    pub fn take(&mut self, recorded: &Recorded, event: &Event) {
        let at = recorded.event.occurred_at;
        self.models.evolve(at, event);
        let concerned = match event {
            Event::Measured(measured) => {
                self.measured.insert(measured.model.hash, (at, measured.clone()));
                return;
            }
            Event::Imported(imported) => [Some(imported.model.hash), None],
            Event::Evaluated(evaluated) => [Some(evaluated.model.hash), None],
            Event::Shadowed(shadowed) => [Some(shadowed.model.hash), None],
            Event::Unshadowed(unshadowed) => [Some(unshadowed.model.hash), None],
            Event::Activated(activated) => [Some(activated.model.hash), activated.replaced],
            Event::RolledBack(rolled) => [Some(rolled.model.hash), rolled.restored],
        };
        if matches!(event, Event::Activated(_) | Event::RolledBack(_)) {
            self.began = recorded.position;
        }
        let (by, position) = (recorded.event.cause.actor.clone(), recorded.position);
        let [own, other] = concerned;
        // The same model blended otherwise is one model.
        for hash in own.into_iter().chain(other.filter(|other| Some(*other) != own)) {
            let step = Step { at, position, by: by.clone(), event: event.clone() };
            self.steps.entry(hash).or_default().push(step);
        }
    }

    /// The models as they are now.
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// The event with which what scores began to.
    pub fn began(&self) -> Position {
        self.began
    }

    /// Every model, in the order of their hashes.
    pub fn lives(&self) -> impl Iterator<Item = Life> {
        self.models.all().filter_map(|(_, model)| self.life(model.hash))
    }

    /// One model.
    pub fn life(&self, hash: ModelHash) -> Option<Life> {
        let (state, model) = self.models.find(hash)?;
        Some(Life {
            model,
            state,
            steps: self.steps.get(&hash).cloned().unwrap_or_default(),
            measured: self.measured.get(&hash).cloned(),
            cosine: self.models.active().filter(|active| active.model.hash == hash).and_then(|of| of.cosine),
            shadows: self.models.shadows().any(|shadow| shadow.hash == hash),
        })
    }

    /// The AUC with which it was evaluated last, blended in the same way.
    pub(super) fn evaluated_auc(&self, scoring: Scoring) -> Option<Estimate> {
        let steps = self.steps.get(&scoring.model.hash)?.iter().rev();
        let auc = |step: &Step| match &step.event {
            Event::Evaluated(said) if said.cosine == scoring.cosine => said.evaluation.auc,
            Event::Imported(_)
            | Event::Evaluated(_)
            | Event::Activated(_)
            | Event::RolledBack(_)
            | Event::Measured(_)
            | Event::Shadowed(_)
            | Event::Unshadowed(_) => None,
        };
        steps.filter_map(auc).next()
    }
}
