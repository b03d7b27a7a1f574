//! How the read models themselves get on.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use trunkline_log::Log;
use trunkline_projections::ReadModel;
use trunkline_projections::runtime::{Generation, Parked, Status, generations, parked};

use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, LogPosition, global};
use crate::view::View;

/// What a generation of a read model is for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProjectionStatus {
    /// Catching up beside the one in use.
    Building,
    /// The one in use.
    Active,
    /// Kept up to date, so that one can switch to it.
    Standby,
}

/// One generation of a read model.
#[derive(SimpleObject)]
pub(crate) struct Projection {
    /// The read model's permanent name.
    name: &'static str,
    /// The generation's number, from 1.
    generation: u32,
    /// The version of the definition that it was built by.
    version: u32,
    /// What it is for.
    status: ProjectionStatus,
    /// Everything up to here is in it.
    position: LogPosition,
    /// The end of the log.
    head: LogPosition,
    /// How many events it is behind.
    lag: u64,
    /// How far it has come, from 0 to 1.
    progress: f64,
    /// When the event at its position was recorded.
    recorded_at: Option<DateTime>,
    /// Until when the server that advances it is believed to be alive; absent when none does.
    lease_until: Option<DateTime>,
    /// How many events are parked because it cannot fold them.
    parked: usize,
}

/// An event that a read model could not fold.
#[derive(SimpleObject)]
pub(crate) struct ParkedEvent {
    /// The read model.
    projection: &'static str,
    /// Its generation.
    generation: u32,
    /// Where the event is.
    position: LogPosition,
    /// The event.
    event_id: ID,
    /// Its type.
    event_type: String,
    /// Its stream.
    stream: String,
    /// Why it could not be folded.
    error: String,
    /// How often it was tried.
    tries: i64,
    /// Since when it is left out; absent while it is still being tried.
    parked_at: Option<DateTime>,
    /// Whether it is about to be tried again.
    replaying: bool,
}

#[derive(Default)]
pub(crate) struct ProjectionQueries;

#[Object]
impl ProjectionQueries {
    /// Every generation of every read model: how far it is, and what it could not fold.
    async fn projections(&self, ctx: &Context<'_>) -> ApiResult<Vec<Projection>> {
        let database = View::now(ctx).reads().database().clone();
        let head = ctx.data_unchecked::<Arc<dyn Log>>().head().await?;
        let fault = |error| ApiError::fault(&error);
        let parked = parked(&database, None).await.map_err(fault)?;
        let known = generations(&database).await.map_err(fault)?;
        Ok(known.into_iter().map(|generation| projection(&generation, head, &parked)).collect())
    }

    /// The events that read models could not fold, the oldest first, 1,000 at most.
    #[graphql(complexity = "20 + 10 * child_complexity")]
    async fn parked_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of the read model of this name; all when absent.")] projection: Option<
            String,
        >,
    ) -> ApiResult<Vec<ParkedEvent>> {
        let model = projection.map(|name| {
            let unknown = || {
                let names: Vec<_> = ReadModel::ALL.iter().map(|model| model.name()).collect();
                let message = format!("there is no read model {name:?}; there are {}", names.join(", "));
                ApiError::input("projection", message)
            };
            ReadModel::named(&name).ok_or_else(unknown)
        });
        let database = View::now(ctx).reads().database().clone();
        let found = parked(&database, model.transpose()?).await.map_err(|error| ApiError::fault(&error))?;
        Ok(found.into_iter().map(parked_event).collect())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more precision than a double has")]
fn projection(generation: &Generation, head: trunkline_kernel::Position, parked: &[Parked]) -> Projection {
    let position = generation.position;
    let own =
        |parked: &&Parked| parked.model == generation.model && parked.generation == generation.generation;
    Projection {
        name: generation.model.name(),
        generation: generation.generation,
        version: generation.version,
        status: match generation.status {
            Status::Building => ProjectionStatus::Building,
            Status::Active => ProjectionStatus::Active,
            Status::Standby => ProjectionStatus::Standby,
        },
        position: position.into(),
        head: head.into(),
        lag: head.0.saturating_sub(position.0),
        progress: if head.0 == 0 { 1.0 } else { (position.0 as f64 / head.0 as f64).min(1.0) },
        recorded_at: generation.recorded_at.map(DateTime),
        lease_until: generation.lease_until.map(DateTime),
        parked: parked.iter().filter(own).count(),
    }
}

fn parked_event(parked: Parked) -> ParkedEvent {
    ParkedEvent {
        projection: parked.model.name(),
        generation: parked.generation,
        position: parked.position.into(),
        event_id: global(parked.event_id),
        event_type: parked.event_type,
        stream: parked.stream,
        error: parked.error,
        tries: parked.tries,
        parked_at: parked.parked_at.map(DateTime),
        replaying: parked.replay,
    }
}
