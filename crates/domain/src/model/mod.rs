//! The models of one purpose: which were imported, how they did, which of them scores, and which scored before it. They are
//! one aggregate, so that exactly one model scores, whatever two people do at one moment.

mod events;
mod hash;
mod measured;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use trunkline_kernel::{Aggregate, Category, Id as _, ModelsId, State as _, Tag, Timestamp};
use uuid::Uuid;

use crate::limits;

pub use events::*;
pub use hash::{InvalidHash, ModelHash};
pub use measured::{ColumnDrift, DriftFigure, Measured, Reading};

/// The most models that one purpose can have.
pub const MODELS_MAX: usize = 10_000;
/// The most models that score beside the one that decides: each scores every decision.
pub const SHADOWS_MAX: usize = 3;

machine! {
    /// Where a model is in its life.
    ModelState of "model" starts Unknown {
        /// It was never imported.
        Unknown = "UNKNOWN" {
            "imported" => Ready,
        }
        /// It was imported and never scored.
        Ready = "READY" {
            "imported" => Ready,
            "evaluated" => Ready,
            "shadowed" => Ready,
            "unshadowed" => Ready,
            "activated" => Active,
        }
        /// It scores.
        Active = "ACTIVE" {
            "imported" => Active,
            "evaluated" => Active,
            "measured" => Active,
            "activated" => Replaced,
            "rolled_back" => Withdrawn,
        }
        /// It scored until another was activated, and scores again when that is rolled back.
        Replaced = "REPLACED" {
            "imported" => Replaced,
            "evaluated" => Replaced,
            "shadowed" => Replaced,
            "unshadowed" => Replaced,
            "activated" => Active,
            "rolled_back" => Active,
        }
        /// It scored and was rolled back.
        Withdrawn = "WITHDRAWN" {
            "imported" => Withdrawn,
            "evaluated" => Withdrawn,
            "shadowed" => Withdrawn,
            "unshadowed" => Withdrawn,
            "activated" => Active,
        }
    }
}

/// The models that route work. Their id is fixed, so that every server and every command finds them.
pub fn of_routing() -> ModelsId {
    ModelsId::from_uuid(Uuid::from_u128(0x726f_7574_696e_6700_8000_0000_0000_0001))
}

/// What can be asked of the models of a purpose.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Take note of a model whose file was checked and kept. Nothing happens when it is known as just that.
    Import(Imported),
    /// Take note of how a model did.
    Evaluate {
        /// Which.
        model: ModelHash,
        /// The share of cosine similarity that was blended in; none when it was judged alone.
        cosine: Option<f64>,
        /// How it did.
        evaluation: Evaluation,
    },
    /// Have a model score from now on.
    Activate {
        /// Which.
        model: ModelHash,
        /// What the vectors are made with now.
        features: FeatureSet,
        /// The share of cosine similarity in the score; none when the model scores alone.
        cosine: Option<f64>,
        /// Why.
        reason: String,
    },
    /// Take out the model that scores, and have the one before it score again.
    RollBack {
        /// Why.
        reason: String,
    },
    /// Take note of how what scores is doing. Nothing happens when something else scores by now, or as much was known.
    Measure(Measured),
    /// Have a model score beside the one that decides. Nothing happens when it does.
    Shadow {
        /// Which.
        model: ModelHash,
        /// What the vectors are made with now.
        features: FeatureSet,
        /// Why.
        reason: String,
    },
    /// Have a model not score beside another any more.
    Unshadow {
        /// Which.
        model: ModelHash,
        /// Why.
        reason: String,
    },
}

refusals! {
    /// Why a command to the models of a purpose was refused.
    Refusal {
        /// No model with this hash was imported.
        Unknown = "MODEL_UNKNOWN" on "model" {
            "no such model was imported",
            "import its file, or take a hash that `trunkline model list` shows",
            "该模型尚未导入：请先导入模型文件，或使用列表中的哈希值",
        }
        /// The model scores already.
        AlreadyActive = "MODEL_ALREADY_ACTIVE" on "model" {
            "the model scores already",
            "there is nothing to do",
            "该模型已在使用：无需操作",
        }
        /// No model scores, so there is none to take out.
        NoneActive = "MODEL_NONE_ACTIVE" {
            "no model scores",
            "there is nothing to roll back",
            "当前没有启用的模型：无需回滚",
        }
        /// The model was trained with another version of the features than vectors are made with now.
        OtherFeatures = "MODEL_OTHER_FEATURES" on "model" {
            "the model was trained with another version of the features",
            "train it with the present version (`trunkline routing export-training`) and import it again",
            "该模型使用了其他版本的特征：请用当前版本的特征重新训练并导入",
        }
        /// The file of a model cannot be used.
        Unusable = "MODEL_UNUSABLE" on "model" {
            "the file of the model is missing, is broken, or is not what was imported",
            "import the file again",
            "模型文件缺失、损坏或与导入时不一致：请重新导入",
        }
        /// As many models were imported as can be.
        TooMany = "MODEL_TOO_MANY" {
            "10,000 models were imported, which is the most",
            "begin with a new log, or go on with the models that there are",
            "模型数量已达上限10000个：请使用已有的模型",
        }
        /// As many models score beside another as may.
        TooManyShadows = "MODEL_SHADOWS_MANY" {
            "three models score beside the one that decides, which is the most",
            "take one of them out with `trunkline model unshadow`",
            "影子模型已达上限3个：请先停用其中一个",
        }
        /// The model does not score beside another.
        NotShadow = "MODEL_NOT_SHADOW" on "model" {
            "the model does not score beside another",
            "there is nothing to do",
            "该模型不是影子模型：无需操作",
        }
    }
}

/// The models of one purpose.
#[derive(Clone, Debug, Default)]
pub struct Models {
    known: BTreeMap<ModelHash, (ModelState, ModelFile)>,
    /// What scores, last, and what scored before and would again; each with its share of cosine similarity.
    line: Vec<(ModelHash, Option<f64>)>,
    /// Every blend that ever scored, the newest last.
    blends: Vec<(ModelHash, f64)>,
    /// What scores beside it.
    shadows: BTreeSet<ModelHash>,
    /// How what scores now is doing; nothing until it was measured.
    measured: Option<Measured>,
}

impl Models {
    /// What scores; nothing when no model was activated.
    pub fn active(&self) -> Option<Scoring> {
        self.fallbacks().next()
    }

    /// What scores, and what would after it, the nearest first.
    pub fn fallbacks(&self) -> impl Iterator<Item = Scoring> {
        let scoring = |(hash, cosine): &_| Some(Scoring { model: self.known.get(hash)?.1, cosine: *cosine });
        self.line.iter().rev().filter_map(scoring)
    }

    /// Every blend that ever scored, the newest first; decisions name them by hashes of their own.
    pub fn blends(&self) -> impl Iterator<Item = Scoring> {
        let scoring =
            |(hash, cosine): &_| Some(Scoring { model: self.known.get(hash)?.1, cosine: Some(*cosine) });
        self.blends.iter().rev().filter_map(scoring)
    }

    /// What scores beside the one that decides.
    pub fn shadows(&self) -> impl Iterator<Item = ModelFile> {
        self.shadows.iter().filter_map(|hash| self.find(*hash)).map(|(_, model)| model)
    }

    /// How what scores now is doing; nothing until it was measured.
    pub fn measured(&self) -> Option<&Measured> {
        self.measured.as_ref()
    }

    /// Every model that was imported.
    pub fn all(&self) -> impl Iterator<Item = (ModelState, ModelFile)> {
        self.known.values().copied()
    }

    /// A model that was imported.
    pub fn find(&self, hash: ModelHash) -> Option<(ModelState, ModelFile)> {
        self.known.get(&hash).copied()
    }

    fn require(&self, hash: ModelHash) -> Result<(ModelState, ModelFile), Refusal> {
        self.find(hash).ok_or(Refusal::Unknown)
    }

    fn measure(&self, measured: Measured) -> Vec<Event> {
        let newer = self.measured.as_ref().is_none_or(|before| before.until < measured.until);
        let scores = self.active() == Some(measured.scoring());
        if scores && newer { vec![measured.into()] } else { Vec::new() }
    }

    fn shadow(&self, model: ModelHash, features: FeatureSet, reason: String) -> Result<Vec<Event>, Refusal> {
        limits::word("reason", &reason)?;
        let (_, model) = self.require(model)?;
        if model.features != features {
            return Err(Refusal::OtherFeatures);
        }
        if self.active().is_some_and(|active| active.model.hash == model.hash) {
            return Err(Refusal::AlreadyActive);
        }
        if self.shadows.contains(&model.hash) {
            return Ok(Vec::new());
        }
        if self.shadows.len() >= SHADOWS_MAX {
            return Err(Refusal::TooManyShadows);
        }
        Ok(vec![Shadowed { model, reason }.into()])
    }

    /// Something else scores from now on: it is not measured yet, and scores beside nothing.
    fn begun(&mut self) {
        self.measured = None;
        if let Some((hash, _)) = self.line.last() {
            self.shadows.remove(hash);
        }
    }

    fn step(&mut self, hash: ModelHash, verb: &'static str) {
        if let Some((state, _)) = self.known.get_mut(&hash) {
            *state = ModelState::MACHINE.step(*state, verb).unwrap_or(*state);
        }
    }
}

impl Aggregate for Models {
    const CATEGORY: Category = Category::new("model");
    type Id = ModelsId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Import(imported) => {
                limits::word("objective", &imported.objective)?;
                limits::word_if_any("name", imported.name.as_ref())?;
                match self.find(imported.model.hash) {
                    Some((_, known)) if known == imported.model => Ok(Vec::new()),
                    None if self.known.len() >= MODELS_MAX => Err(Refusal::TooMany),
                    Some(_) | None => Ok(vec![imported.into()]),
                }
            }
            Command::Evaluate { model, cosine, evaluation } => {
                Ok(vec![Evaluated { model: self.require(model)?.1, cosine, evaluation }.into()])
            }
            Command::Activate { model, features, cosine, reason } => {
                limits::word("reason", &reason)?;
                limits::range("cosine", cosine.is_none_or(|share| share > 0.0 && share < 1.0))?;
                let (_, model) = self.require(model)?;
                if self.active() == Some(Scoring { model, cosine }) {
                    return Err(Refusal::AlreadyActive);
                }
                if model.features != features {
                    return Err(Refusal::OtherFeatures);
                }
                let replaced = self.line.last().map(|(hash, _)| *hash);
                Ok(vec![Activated { model, replaced, cosine, reason }.into()])
            }
            Command::RollBack { reason } => {
                limits::word("reason", &reason)?;
                let mut line = self.fallbacks();
                let model = line.next().ok_or(Refusal::NoneActive)?.model;
                let restored = line.next().map(|scoring| scoring.model.hash);
                Ok(vec![RolledBack { model, restored, reason }.into()])
            }
            Command::Measure(measured) => Ok(self.measure(measured)),
            Command::Shadow { model, features, reason } => self.shadow(model, features, reason),
            Command::Unshadow { model, reason } => {
                limits::word("reason", &reason)?;
                let (_, model) = self.require(model)?;
                let shadows = self.shadows.contains(&model.hash);
                if shadows { Ok(vec![Unshadowed { model, reason }.into()]) } else { Err(Refusal::NotShadow) }
            }
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        match event {
            Event::Imported(Imported { model, .. }) => {
                let (_, known) = self.known.entry(model.hash).or_insert((ModelState::Unknown, *model));
                *known = *model;
                self.step(model.hash, event.verb());
            }
            Event::Evaluated(Evaluated { model, .. }) => self.step(model.hash, event.verb()),
            Event::Activated(Activated { model, replaced, cosine, .. }) => {
                replaced.iter().for_each(|replaced| self.step(*replaced, event.verb()));
                self.step(model.hash, event.verb());
                let scoring = (model.hash, *cosine);
                self.line.retain(|before| *before != scoring);
                self.line.push(scoring);
                if let Some(cosine) = cosine {
                    self.blends.retain(|before| *before != (model.hash, *cosine));
                    self.blends.push((model.hash, *cosine));
                }
                self.begun();
            }
            Event::RolledBack(RolledBack { model, restored, .. }) => {
                self.line.pop();
                // Blended otherwise, it can stand in the line once more: then it is not withdrawn but replaced.
                let stays = self.line.iter().any(|(hash, _)| *hash == model.hash);
                self.step(model.hash, if stays { "activated" } else { event.verb() });
                restored.iter().for_each(|restored| self.step(*restored, event.verb()));
                self.begun();
            }
            Event::Measured(measured) => {
                self.step(measured.model.hash, event.verb());
                self.measured = Some(measured.clone());
            }
            Event::Shadowed(Shadowed { model, .. }) => {
                self.step(model.hash, event.verb());
                self.shadows.insert(model.hash);
            }
            Event::Unshadowed(Unshadowed { model, .. }) => {
                self.step(model.hash, event.verb());
                self.shadows.remove(&model.hash);
            }
        }
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        Vec::new()
    }
}
