//! Models and whoever should look at them.

use trunkline_domain::alert::{self, Alert, AlertKind, Raised};
use trunkline_domain::model::{self, Command, Measured, Models, Reading};
use trunkline_kernel::{AlertId, Position, StreamId};

use crate::{Action, ActionError, Work};

/// Figures in alerts are whole thousandths.
const THOUSANDTHS: f64 = 1_000.0;

/// How the model that scores is doing, with an alert for each figure that is beyond its limit for the first time, and for
/// each that is well again. Answers whether it was noted: what is no newer than what was known, is not.
#[derive(Clone, Debug)]
pub struct NoteMeasurement {
    /// What was measured.
    pub measured: Measured,
    /// The event with which what scores began to.
    pub began: Position,
}

impl Action for NoteMeasurement {
    type Answer = bool;

    async fn perform(&self, work: &mut Work<'_>) -> Result<bool, ActionError> {
        let before = work.require::<Models>(model::of_routing()).await?;
        let command = Command::Measure(self.measured.clone());
        if work.run::<Models>(model::of_routing(), command).await?.is_empty() {
            return Ok(false);
        }
        for reading in self.measured.crossings(before.measured()) {
            let id: AlertId = work.new_id();
            work.run::<Alert>(id, alert::Command::Raise(self.raised(reading))).await?;
        }
        Ok(true)
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(model::of_routing()))
    }
}

impl NoteMeasurement {
    fn raised(&self, reading: Reading) -> Raised {
        Raised {
            rule: format!("model.{}", reading.figure.as_str()),
            kind: if reading.beyond { AlertKind::Drift } else { AlertKind::DriftOver },
            who: format!("model:{}", self.measured.model.hash),
            count: thousandths(reading.value),
            limit: thousandths(reading.limit),
            since: self.measured.since,
            at: self.measured.until,
            position: self.began,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast stays within bounds")]
fn thousandths(figure: f64) -> u64 {
    (figure * THOUSANDTHS).round().max(0.0) as u64
}
