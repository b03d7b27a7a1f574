//! The files of models: checked before they are kept, named by their hash, and checked again whenever they are read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use trunkline_domain::model::{FeatureSet, Imported, ModelFile, ModelFormat, ModelHash, Scoring};
use trunkline_routing::Hash;
use trunkline_routing::score::trees::{Format, InvalidModel, MODEL_BYTES_MAX, Mismatch, TreeScorer, Trees};
use trunkline_routing::score::{Blend, InvalidBlend, Part, Scorer};

use crate::Features;

/// What whoever trains a model can write into it, with `Booster.set_attr` or as metadata: the versions of the features.
const CUSTOMER_VERSION: &str = "trunkline_customer_version";
const AGENT_VERSION: &str = "trunkline_agent_version";

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelFault {
    /// The file is not a model that can be predicted exactly.
    #[error(transparent)]
    Invalid(#[from] InvalidModel),
    /// It reads features that there are none of.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// What it says of its features is no version.
    #[error("the attribute {0} of the model is {1:?}; it takes the version of the features, a whole number")]
    Attribute(&'static str, String),
    /// It was trained with other versions of the features.
    #[error(
        "it was trained with version {} of the customers' features and {} of the agents'; vectors are made with {} \
         and {}", .model.customer, .model.agent, .here.customer, .here.agent
    )]
    Features {
        /// What it was trained with.
        model: FeatureSet,
        /// What vectors are made with here.
        here: FeatureSet,
    },
    /// There is no file.
    #[error("its file is not in the folder of models: copy {0}.model there, or import the file again")]
    Missing(ModelHash),
    /// The file is another by now.
    #[error("its file was changed: the hash is {0}; import the file again")]
    Changed(Hash),
    /// The folder cannot be read or written.
    #[error("the folder of models cannot be used")]
    Folder(#[from] io::Error),
    /// There is nothing to blend it with.
    #[error(
        "the features of customers and agents have no column in common, so there is no cosine to blend it with"
    )]
    NoCosine,
    /// The share of the cosine has no possible meaning.
    #[error(transparent)]
    Blend(#[from] InvalidBlend),
    /// The work of reading it was cut off.
    #[error("reading it was cut off")]
    CutOff(#[from] tokio::task::JoinError),
}

/// A folder with the files of models.
#[derive(Clone, Debug)]
pub struct ModelStore {
    folder: PathBuf,
    features: Arc<Features>,
}

impl ModelStore {
    /// The models in that folder, for vectors of these features. The folder is made when something is kept.
    pub fn new(folder: PathBuf, features: Arc<Features>) -> Self {
        Self { folder, features }
    }

    /// What vectors are made with here.
    pub fn feature_set(&self) -> FeatureSet {
        self.features.set()
    }

    /// Checks a model and keeps its file. Gives what is to be noted of it. The same file again changes nothing.
    ///
    /// # Errors
    /// When it cannot be used; then nothing is kept.
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<Imported, ModelFault> {
        let features = Arc::clone(&self.features);
        let (imported, bytes) =
            tokio::task::spawn_blocking(move || check(&bytes, &features).map(|imported| (imported, bytes)))
                .await??;
        tokio::fs::create_dir_all(&self.folder).await?;
        let file = self.file(imported.model.hash);
        // Nobody ever sees half a file under its name, whatever crashes; and the name is there when the event is.
        let passing = file.with_extension("part");
        let mut writing = tokio::fs::File::create(&passing).await?;
        writing.write_all(&bytes).await?;
        writing.sync_all().await?;
        tokio::fs::rename(&passing, &file).await?;
        tokio::fs::File::open(&self.folder).await?.sync_all().await?;
        Ok(imported)
    }

    /// Reads a model and checks that it is what was imported.
    ///
    /// # Errors
    /// When it is not there, is another, or does not fit the features.
    pub async fn load(&self, model: ModelFile) -> Result<Arc<dyn Scorer>, ModelFault> {
        let here = self.feature_set();
        if model.features != here {
            return Err(ModelFault::Features { model: model.features, here });
        }
        let bytes = match read(&self.file(model.hash)).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ModelFault::Missing(model.hash));
            }
            read => read?,
        };
        let features = Arc::clone(&self.features);
        let bound = tokio::task::spawn_blocking(move || {
            let found = Hash::of(&bytes);
            if found.as_str() != model.hash.to_string() {
                return Err(ModelFault::Changed(found));
            }
            bind(Trees::load(&bytes)?, &features)
        });
        Ok(Arc::new(bound.await??))
    }

    /// What scores: a model, alone or blended with cosine similarity.
    ///
    /// # Errors
    /// When the model cannot be loaded, or there is nothing to blend it with.
    #[expect(clippy::cast_possible_truncation, reason = "scores are in single precision")]
    pub async fn scorer(&self, scoring: Scoring) -> Result<Arc<dyn Scorer>, ModelFault> {
        let model = self.load(scoring.model).await?;
        let Some(share) = scoring.cosine else { return Ok(model) };
        let cosine = Arc::new(self.features.cosine().ok_or(ModelFault::NoCosine)?);
        // Both are between 0 and 1.
        let parts = vec![
            Part { scorer: model, weight: (1.0 - share) as f32, unit: 1.0 },
            Part { scorer: cosine, weight: share as f32, unit: 1.0 },
        ];
        Ok(Arc::new(Blend::new(parts)?))
    }

    fn file(&self, hash: ModelHash) -> PathBuf {
        self.folder.join(format!("{hash}.model"))
    }
}

/// No more than a model can have, so that a wrong file does not fill the memory.
async fn read(file: &Path) -> io::Result<Vec<u8>> {
    use tokio::io::AsyncReadExt as _;
    let most = u64::try_from(MODEL_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    tokio::fs::File::open(file).await?.take(most).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn bind(trees: Trees, features: &Features) -> Result<TreeScorer, ModelFault> {
    let here = features.set();
    let said = |name, version: u32| match trees.attribute(name) {
        None => Ok(version),
        Some(text) => text.parse().map_err(|_| ModelFault::Attribute(name, text.to_owned())),
    };
    let model = FeatureSet {
        customer: said(CUSTOMER_VERSION, here.customer)?,
        agent: said(AGENT_VERSION, here.agent)?,
    };
    if model != here {
        return Err(ModelFault::Features { model, here });
    }
    Ok(trees.bind(&features.customer, &features.agent)?)
}

fn check(bytes: &[u8], features: &Features) -> Result<Imported, ModelFault> {
    let trees = Trees::load(bytes)?;
    let format = match trees.format() {
        Format::Json => ModelFormat::Json,
        Format::Ubjson => ModelFormat::Ubjson,
        Format::Onnx => ModelFormat::Onnx,
    };
    let wrong = || InvalidModel::Document("its hash cannot be told".to_owned());
    let hash = trees.hash().as_str().parse().map_err(|_| wrong())?;
    let imported = Imported {
        model: ModelFile { hash, format, features: features.set() },
        name: None,
        bytes: bytes.len() as u64,
        objective: trees.objective().as_str().to_owned(),
        trees: u32::try_from(trees.count()).unwrap_or(u32::MAX),
        columns: u32::try_from(trees.names().len()).unwrap_or(u32::MAX),
    };
    bind(trees, features)?;
    Ok(imported)
}
