//! The models of one purpose: which were imported, how they did, which of them scores, and which scored before it. They are
//! one aggregate, so that exactly one model scores, whatever two people do at one moment.

mod events;
mod hash;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use trunkline_kernel::{Aggregate, Category, Id as _, ModelsId, State as _, Tag, Timestamp};
use uuid::Uuid;

use crate::limits;

pub use events::*;
pub use hash::{InvalidHash, ModelHash};

/// The most models that one purpose can have.
pub const MODELS_MAX: usize = 10_000;

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
            "activated" => Active,
        }
        /// It scores.
        Active = "ACTIVE" {
            "imported" => Active,
            "evaluated" => Active,
            "activated" => Replaced,
            "rolled_back" => Withdrawn,
        }
        /// It scored until another was activated, and scores again when that is rolled back.
        Replaced = "REPLACED" {
            "imported" => Replaced,
            "evaluated" => Replaced,
            "activated" => Active,
            "rolled_back" => Active,
        }
        /// It scored and was rolled back.
        Withdrawn = "WITHDRAWN" {
            "imported" => Withdrawn,
            "evaluated" => Withdrawn,
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
                match self.find(imported.model.hash) {
                    Some((_, known)) if known == imported.model => Ok(Vec::new()),
                    None if self.known.len() >= MODELS_MAX => Err(Refusal::TooMany),
                    Some(_) | None => Ok(vec![imported.into()]),
                }
            }
            Command::Evaluate { model, evaluation } => {
                Ok(vec![Evaluated { model: self.require(model)?.1, evaluation }.into()])
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
            }
            Event::RolledBack(RolledBack { model, restored, .. }) => {
                self.line.pop();
                // Blended otherwise, it can stand in the line once more: then it is not withdrawn but replaced.
                let stays = self.line.iter().any(|(hash, _)| *hash == model.hash);
                self.step(model.hash, if stays { "activated" } else { event.verb() });
                restored.iter().for_each(|restored| self.step(*restored, event.verb()));
            }
        }
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        Vec::new()
    }
}
