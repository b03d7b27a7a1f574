//! Models: what was done to each, how it did, and how it is doing.

use async_graphql::{Object, SimpleObject};
use trunkline_domain::model::{
    self, ColumnDrift, DriftFigure, Evaluation, Event, Measured, ModelFormat, ModelState, Reading,
};
use trunkline_kernel::Timestamp;
use trunkline_pool::models::{Life, Step};

use crate::scalars::{DateTime, LogPosition, StateOf, Word};

/// A model by which routing scores who fits whom.
pub(crate) struct Model(pub Life);

/// Something that was done to a model.
#[derive(SimpleObject)]
pub(crate) struct ModelStep {
    /// When.
    at: DateTime,
    /// By whom.
    by: String,
    /// What: the type of the event, such as `model.activated`. Of the model that another took the place of, or that scores
    /// again, it is the other one's event.
    event: String,
    /// The SHA-256 of the model that the event is about.
    model: String,
    /// Why, where somebody had to say so.
    reason: Option<String>,
    /// The share of cosine similarity in the score, where it was blended.
    cosine: Option<f64>,
    /// The event.
    position: LogPosition,
}

/// A figure with its 95 % interval.
#[derive(SimpleObject)]
pub(crate) struct Estimate {
    /// The figure.
    value: f64,
    /// The lower end of the interval.
    low: f64,
    /// The upper end.
    high: f64,
}

/// How a model did on decisions that were logged.
#[derive(SimpleObject)]
pub(crate) struct ModelEvaluation {
    /// When it was evaluated.
    at: DateTime,
    /// By whom.
    by: String,
    /// The share of cosine similarity that was blended in; absent when it was judged alone.
    cosine: Option<f64>,
    /// Decisions from then on.
    since: DateTime,
    /// Decisions before then.
    until: DateTime,
    /// How many of them had an outcome and were judged.
    decisions: u32,
    /// How many were left out.
    left_out: u32,
    /// The share of sales with the decisions as they were made.
    logged: f64,
    /// The share of sales had this model decided: by inverse propensity, normalised by the weights.
    self_normalised: Option<Estimate>,
    /// The same, doubly robust with the model's own scores.
    doubly_robust: Option<Estimate>,
    /// On how many decisions the estimates rest, in effect.
    effective: Option<f64>,
    /// The area under the ROC curve of its scores for the pairings that were made.
    auc: Option<Estimate>,
    /// How far its scores are from the shares of sales, on average.
    calibration_error: Option<f64>,
    /// The population stability index of its scores: the later half of the decisions against the earlier.
    stability: Option<f64>,
}

/// One figure by which drift is told; of each, more is worse.
#[derive(SimpleObject)]
pub(crate) struct DriftReading {
    /// Which.
    figure: Word<DriftFigure>,
    /// What it is.
    value: f64,
    /// So much is in order.
    limit: f64,
    /// Whether it counts as drifted: beyond the limit, and once it was, until it is below 80 % of it again.
    beyond: bool,
}

/// How one column has moved.
#[derive(SimpleObject)]
pub(crate) struct ColumnStability {
    /// The column, `customer.COLUMN` or `agent.COLUMN`.
    column: String,
    /// Its population stability index.
    stability: f64,
}

/// The newest decisions of a model, held against its first.
#[derive(SimpleObject)]
pub(crate) struct ModelDrift {
    /// When it was measured.
    at: DateTime,
    /// The oldest of the newest decisions.
    since: DateTime,
    /// The newest of them.
    until: DateTime,
    /// How many they are.
    decisions: u32,
    /// With how many first decisions they are compared.
    compared_with: u32,
    /// Whether any figure counts as drifted.
    drifted: bool,
    /// The figures.
    readings: Vec<DriftReading>,
    /// The columns that moved most, the furthest first; at most five.
    columns: Vec<ColumnStability>,
    /// The area under the ROC curve of the newest.
    auc: Option<Estimate>,
}

/// A model by which routing scores who fits whom.
#[Object]
impl Model {
    /// The SHA-256 of its file, which names it.
    async fn hash(&self) -> String {
        self.0.model.hash.to_string()
    }

    /// What its file was called; absent for what was imported before names were noted.
    async fn name(&self) -> Option<&str> {
        self.0.imported().and_then(|(_, said)| said.name.as_deref())
    }

    /// How its file is written.
    async fn format(&self) -> Word<ModelFormat> {
        self.0.model.format.into()
    }

    /// Where it is in its life.
    async fn state(&self) -> StateOf<ModelState> {
        self.0.state.into()
    }

    /// How long its file is, in bytes.
    async fn bytes(&self) -> Option<u64> {
        self.0.imported().map(|(_, said)| said.bytes)
    }

    /// What its predictions are, in XGBoost's words.
    async fn objective(&self) -> Option<&str> {
        self.0.imported().map(|(_, said)| said.objective.as_str())
    }

    /// How many trees it has.
    async fn trees(&self) -> Option<u32> {
        self.0.imported().map(|(_, said)| said.trees)
    }

    /// How many features it reads.
    async fn columns(&self) -> Option<u32> {
        self.0.imported().map(|(_, said)| said.columns)
    }

    /// The version of the customers' features that it was trained with.
    async fn customer_features(&self) -> u32 {
        self.0.model.features.customer
    }

    /// The version of the agents' features that it was trained with.
    async fn agent_features(&self) -> u32 {
        self.0.model.features.agent
    }

    /// When it was imported last.
    async fn imported_at(&self) -> Option<DateTime> {
        self.0.imported().map(|(step, _)| step.at.into())
    }

    /// By whom it was imported last.
    async fn imported_by(&self) -> Option<String> {
        self.0.imported().map(|(step, _)| step.by.to_string())
    }

    /// Whether it is the one that decides.
    async fn active(&self) -> bool {
        self.0.state == ModelState::Active
    }

    /// The share of cosine similarity with which it scores now; absent when it scores alone or not at all.
    async fn cosine(&self) -> Option<f64> {
        self.0.cosine
    }

    /// Whether it scores every decision beside the one that decides, and decides nothing.
    async fn shadows(&self) -> bool {
        self.0.shadows
    }

    /// What was done to it, the oldest first.
    #[graphql(complexity = "10 * child_complexity")]
    async fn history(&self) -> Vec<ModelStep> {
        self.0.steps.iter().map(step).collect()
    }

    /// How it did on decisions that were logged, the newest first.
    #[graphql(complexity = "10 * child_complexity")]
    async fn evaluations(&self) -> Vec<ModelEvaluation> {
        self.0.steps.iter().rev().filter_map(evaluation).collect()
    }

    /// How it did when it was measured last while it scored; absent when it never was.
    #[graphql(complexity = "5 + child_complexity")]
    async fn drift(&self) -> Option<ModelDrift> {
        self.0.measured.as_ref().map(|(at, measured)| drift(*at, measured))
    }
}

fn step(step: &Step) -> ModelStep {
    let (model, reason, cosine) = match &step.event {
        Event::Imported(said) => (said.model, None, None),
        Event::Evaluated(said) => (said.model, None, said.cosine),
        Event::Activated(said) => (said.model, Some(&said.reason), said.cosine),
        Event::RolledBack(said) => (said.model, Some(&said.reason), None),
        Event::Measured(said) => (said.model, None, said.cosine),
        Event::Shadowed(said) => (said.model, Some(&said.reason), None),
        Event::Unshadowed(said) => (said.model, Some(&said.reason), None),
    };
    ModelStep {
        at: step.at.into(),
        by: step.by.to_string(),
        event: step.event.name().to_owned(),
        model: model.hash.to_string(),
        reason: reason.cloned(),
        cosine,
        position: step.position.into(),
    }
}

fn evaluation(step: &Step) -> Option<ModelEvaluation> {
    let Event::Evaluated(said) = &step.event else { return None };
    let Evaluation { since, until, decisions, left_out, logged, .. } = said.evaluation;
    Some(ModelEvaluation {
        at: step.at.into(),
        by: step.by.to_string(),
        cosine: said.cosine,
        since: since.into(),
        until: until.into(),
        decisions,
        left_out,
        logged,
        self_normalised: said.evaluation.self_normalised.map(estimate),
        doubly_robust: said.evaluation.doubly_robust.map(estimate),
        effective: said.evaluation.effective,
        auc: said.evaluation.auc.map(estimate),
        calibration_error: said.evaluation.calibration_error,
        stability: said.evaluation.stability,
    })
}

fn drift(at: Timestamp, measured: &Measured) -> ModelDrift {
    let reading = |Reading { figure, value, limit, beyond }: &Reading| DriftReading {
        figure: (*figure).into(),
        value: *value,
        limit: *limit,
        beyond: *beyond,
    };
    let column = |ColumnDrift { column, stability }: &ColumnDrift| ColumnStability {
        column: column.clone(),
        stability: *stability,
    };
    ModelDrift {
        at: at.into(),
        since: measured.since.into(),
        until: measured.until.into(),
        decisions: measured.decisions,
        compared_with: measured.compared_with,
        drifted: measured.drifted().next().is_some(),
        readings: measured.readings.iter().map(reading).collect(),
        columns: measured.columns.iter().map(column).collect(),
        auc: measured.auc.map(estimate),
    }
}

fn estimate(of: model::Estimate) -> Estimate {
    Estimate { value: of.value, low: of.low, high: of.high }
}
