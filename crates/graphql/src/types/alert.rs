//! Alerts.

use async_graphql::{Context, ID, Object};
use trunkline_domain::alert::{self, AlertKind, Raised};
use trunkline_kernel::{AlertId, Recorded};

use crate::context::Caller;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, LogPosition, Word, global};

/// A rule about accesses was met, or the model that scores drifts: somebody should look.
pub(crate) struct Alert {
    id: AlertId,
    raised: Raised,
    recorded: Recorded,
}

impl Alert {
    /// The alert that an event is; nothing for another event.
    pub(crate) fn of(recorded: Recorded) -> ApiResult<Option<Self>> {
        let events = trunkline_domain::decode_as::<alert::Event>(&recorded);
        let event = events.map_err(|error| ApiError::fault(&error))?.pop();
        let (Some(alert::Event::Raised(raised)), Some(id)) = (event, recorded.stream.id()) else {
            return Ok(None);
        };
        Ok(Some(Self { id, raised, recorded }))
    }
}

/// A rule about accesses was met, or the model that scores drifts: somebody should look.
#[Object]
impl Alert {
    /// The id, `alert:UUID`.
    async fn id(&self) -> ID {
        global(self.id)
    }

    /// The event that raised it.
    async fn position(&self) -> LogPosition {
        self.recorded.position.into()
    }

    /// The name of the rule; of drift, that of the figure, `model.scores`.
    async fn rule(&self) -> &str {
        &self.raised.rule
    }

    /// What sort of rule.
    async fn kind(&self) -> Word<AlertKind> {
        self.raised.kind.into()
    }

    /// Whose accesses, as an actor or, for who has no name, an address; of drift, the model.
    async fn who(&self) -> &str {
        &self.raised.who
    }

    /// How many there were when it was raised: rows, refusals, customers, accesses; of drift, the figure in thousandths.
    async fn count(&self) -> u64 {
        self.raised.count
    }

    /// How many are in order; of drift, in thousandths.
    async fn limit(&self) -> u64 {
        self.raised.limit
    }

    /// Since when they are counted.
    async fn since(&self) -> DateTime {
        self.raised.since.into()
    }

    /// The access that was one too many; of drift, the newest decision.
    async fn at(&self) -> DateTime {
        self.raised.at.into()
    }

    /// The event that this access stands in; of drift, the one with which the model began to score.
    async fn access_position(&self) -> LogPosition {
        self.raised.position.into()
    }

    /// What it says, in the language of the request's `Accept-Language`: English or Chinese.
    async fn message(&self, ctx: &Context<'_>) -> String {
        alert::message(&self.raised, ctx.data_unchecked::<Caller>().language)
    }
}
