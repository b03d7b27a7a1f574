//! How a model that scores is doing, held against the time when it began to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::Timestamp;

use super::{Estimate, ModelFile, Scoring};

words! {
    /// A figure by which drift is told. Of each, more is worse.
    DriftFigure {
        /// The population stability index of the scores.
        Scores = "scores",
        /// The largest population stability index of a column that the model looks at.
        Columns = "columns",
        /// How far the scores are from the shares of sales, on average.
        Calibration = "calibration",
        /// How far the upper end of the interval of the AUC has fallen below what it was.
        Ranking = "ranking",
    }
}

/// One figure, and what is in order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// Which.
    pub figure: DriftFigure,
    /// What it is now.
    pub value: f64,
    /// So much is in order.
    pub limit: f64,
    /// Whether it counts as drifted: beyond the limit, and once it was, until it is well below again.
    pub beyond: bool,
}

/// How one column has moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColumnDrift {
    /// The column, as models name it: `customer.COLUMN` or `agent.COLUMN`.
    pub column: String,
    /// Its population stability index.
    pub stability: f64,
}

/// The newest decisions of what scores, held against its first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// Which model.
    pub model: ModelFile,
    /// The share of cosine similarity in the score; absent when the model scores alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f64>,
    /// The oldest of the newest decisions.
    pub since: Timestamp,
    /// The newest of them.
    pub until: Timestamp,
    /// How many they are.
    pub decisions: u32,
    /// With how many first decisions they are compared.
    pub compared_with: u32,
    /// The figures.
    pub readings: Vec<Reading>,
    /// The columns that moved most, the furthest first.
    pub columns: Vec<ColumnDrift>,
    /// The area under the ROC curve of the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auc: Option<Estimate>,
}

impl Measured {
    /// What was measured.
    pub fn scoring(&self) -> Scoring {
        Scoring { model: self.model, cosine: self.cosine }
    }

    /// The figures that count as drifted.
    pub fn drifted(&self) -> impl Iterator<Item = DriftFigure> {
        self.readings.iter().filter(|reading| reading.beyond).map(|reading| reading.figure)
    }

    /// The figures that count as drifted and did not before, and those that do not any more.
    pub fn crossings<'a>(&'a self, before: Option<&'a Self>) -> impl Iterator<Item = Reading> {
        let was = move |figure| before.is_some_and(|before| before.drifted().any(|known| known == figure));
        self.readings.iter().copied().filter(move |reading| reading.beyond != was(reading.figure))
    }
}
