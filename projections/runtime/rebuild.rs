//! Rebuilding without downtime: a new generation is built beside the one in use, compared with it at the same
//! position where both have the same definition, and then used.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use trunkline_kernel::Position;

use super::context::{Context, RuntimeError};
use super::digest::{TableDigest, digest, digest_in};
use super::generation::{self, Generation, Status};
use super::lease::Seat;
use super::pipeline;
use super::settings::NEARLY_THERE;
use crate::ReadModel;

/// What came of a rebuild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// The read model.
    pub model: ReadModel,
    /// The new generation.
    pub generation: u32,
    /// Up to where it was built when it was compared.
    pub position: Position,
    /// What it holds; empty when there is nothing to compare it with.
    pub digests: Vec<TableDigest>,
    /// What the generation in use holds at the same position; absent when it has another definition.
    pub compared: Option<Vec<TableDigest>>,
    /// Whether queries see the new one now.
    pub switched: bool,
}

impl Rebuilt {
    /// Whether the new generation holds what the one in use holds; `None` when they cannot be compared.
    pub fn is_equal(&self) -> Option<bool> {
        self.compared.as_ref().map(|compared| *compared == self.digests)
    }
}

/// Builds new generations of several read models in one go, each page of the log being read once. With `switch`
/// each is used afterwards, unless it was compared and differs.
pub(crate) async fn rebuild(
    context: &Arc<Context>,
    models: &[ReadModel],
    switch: bool,
    stop: CancellationToken,
) -> Result<Vec<Rebuilt>, RuntimeError> {
    let mut seats = Vec::new();
    for &model in models {
        let held = Some((context.owner, context.lease_end()));
        let number = generation::create(&context.database, model, switch, context.clock.now(), held).await?;
        context.building.lock().insert((model, number));
        let found = find(context, model, number).await?;
        match context.seat(&found).await? {
            Some(seat) => seats.push((seat, switch)),
            None => {
                context.building.lock().remove(&(model, number));
                return Err(RuntimeError::Held { model: model.name(), generation: number });
            }
        }
    }
    build(context, seats, stop).await
}

/// Goes on building generations that this process holds, until they can be used. Leases are renewed meanwhile.
pub(crate) async fn build(
    context: &Arc<Context>,
    seats: Vec<(Seat, bool)>,
    stop: CancellationToken,
) -> Result<Vec<Rebuilt>, RuntimeError> {
    let ended = stop.child_token();
    let keeping = tokio::spawn(keep(context.clone(), seats.clone(), ended.clone()));
    let keys: Vec<_> = seats.iter().map(|(seat, _)| (seat.model, seat.generation)).collect();
    let outcome = build_held(context, seats, &ended).await;
    context.building.lock().retain(|key| !keys.contains(key));
    ended.cancel();
    keeping.await.map_err(|_| RuntimeError::Ended)?;
    outcome
}

/// Renews leases until told to stop; when one is lost everything is stopped.
async fn keep(context: Arc<Context>, seats: Vec<(Seat, bool)>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(context.settings.renew) => {}
        }
        for (seat, _) in &seats {
            match context.renew(seat).await {
                Ok(true) => {}
                Ok(false) => tracing::warn!(
                    projection.name = seat.model.name(),
                    projection.generation = seat.generation,
                    "the lease on a generation that is being built is over"
                ),
                Err(error) => tracing::warn!(%error, "a lease could not be renewed"),
            }
        }
    }
}

async fn build_held(
    context: &Arc<Context>,
    mut seats: Vec<(Seat, bool)>,
    stop: &CancellationToken,
) -> Result<Vec<Rebuilt>, RuntimeError> {
    // The log grows while it is read: go on until little is left, so that comparing takes a moment only.
    loop {
        let head = context.log.head().await?;
        let lowest = seats.iter().map(|(seat, _)| seat.position).min().unwrap_or(head);
        if lowest >= head {
            break;
        }
        let run: Vec<Seat> = seats.iter().map(|(seat, _)| seat.clone()).collect();
        pipeline::run(context, run, Some(head), stop.clone()).await?;
        if stop.is_cancelled() {
            return Err(RuntimeError::Ended);
        }
        for (seat, _) in &mut seats {
            seat.position = seat.position.max(head);
        }
        if head.0 - lowest.0 <= NEARLY_THERE {
            break;
        }
    }
    let mut all = Vec::new();
    for (seat, switch) in seats {
        all.push(finish(context, seat, switch, stop).await?);
    }
    Ok(all)
}

/// Compares at the same position: the one in use is read in a snapshot, and the new one is brought to exactly the
/// position of that snapshot.
async fn finish(
    context: &Arc<Context>,
    mut seat: Seat,
    switch: bool,
    stop: &CancellationToken,
) -> Result<Rebuilt, RuntimeError> {
    let (model, number) = (seat.model, seat.generation);
    generation::index(&context.database, model, number).await?;
    let mut snapshot = context.database.snapshot().await?;
    let known = generation::list_in(&mut snapshot).await?;
    let comparable = known.into_iter().find(|other| {
        other.model == model
            && other.status == Status::Active
            && other.version == model.definition().version
            && other.position >= seat.position
    });
    if let Some(active) = &comparable
        && active.position > seat.position
    {
        pipeline::run(context, vec![seat.clone()], Some(active.position), stop.clone()).await?;
        seat.position = active.position;
    }
    let compared = match &comparable {
        Some(active) => Some(digest_in(&mut snapshot, model, active.generation).await?),
        None => None,
    };
    drop(snapshot);
    let digests = match &compared {
        Some(_) => digest(&context.database, model, number).await?,
        None => Vec::new(),
    };
    let equal = compared.as_ref().is_none_or(|compared| *compared == digests);
    if !equal {
        tracing::warn!(
            projection.name = model.name(),
            projection.generation = number,
            "the new generation differs from the one in use and is not switched to"
        );
    }
    let switched = switch && equal;
    generation::built(&context.database, model, number, switched).await?;
    context.release(&seat).await?;
    Ok(Rebuilt { model, generation: number, position: seat.position, digests, compared, switched })
}

async fn find(context: &Context, model: ReadModel, number: u32) -> Result<Generation, RuntimeError> {
    let known = generation::list(&context.database).await?;
    let found = known.into_iter().find(|found| found.model == model && found.generation == number);
    Ok(found.ok_or(super::GenerationError::Unknown { model: model.name(), generation: number })?)
}
