//! Leases: which server advances which generation. Time decides who may try; the epoch, which every commit checks,
//! decides who succeeds, so clocks that disagree can do no harm.

use std::time::Duration;

use trunkline_database::{Cell, Result, Value};
use trunkline_kernel::{Millis, Position, Timestamp};

use super::context::Context;
use super::generation::{Generation, Status};
use crate::ReadModel;

/// The right to advance one generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) model: ReadModel,
    pub(crate) generation: u32,
    pub(crate) epoch: i64,
    pub(crate) status: Status,
    pub(crate) position: Position,
    /// Whether the last owner ended without progress, so that the page has to be taken event by event.
    pub(crate) careful: bool,
    pub(crate) trying: Position,
    pub(crate) tries: i64,
}

fn after(now: Timestamp, lease: Duration) -> Timestamp {
    now.plus(Millis(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)))
}

fn name(model: ReadModel) -> Value {
    Value::Text(model.name().into())
}

impl Context {
    /// Until when a lease that is taken now holds.
    pub(crate) fn lease_end(&self) -> Timestamp {
        after(self.clock.now(), self.settings.lease)
    }

    /// Takes the lease on a generation if it is free, or keeps it if it is ours.
    pub(crate) async fn seat(&self, found: &Generation) -> Result<Option<Seat>> {
        let now = self.clock.now();
        let until = after(now, self.settings.lease).value();
        let (epoch, starts) = if found.owner == Some(self.owner) {
            let sql = "UPDATE projection_generations SET lease_until = $4
                WHERE name = $1 AND generation = $2 AND owner = $3 AND epoch = $5";
            let values = vec![
                name(found.model),
                found.generation.value(),
                self.owner.value(),
                until,
                found.epoch.value(),
            ];
            if self.database.execute(sql, values).await? == 0 {
                return Ok(None);
            }
            (found.epoch, found.starts)
        } else {
            if found.owner.is_some() && found.lease_until.is_some_and(|until| until >= now) {
                return Ok(None);
            }
            let sql = "UPDATE projection_generations
                SET owner = $3, epoch = epoch + 1, lease_until = $4, starts = starts + 1
                WHERE name = $1 AND generation = $2 AND epoch = $5 AND (owner IS NULL OR lease_until < $6)";
            let values = vec![
                name(found.model),
                found.generation.value(),
                self.owner.value(),
                until,
                found.epoch.value(),
                now.value(),
            ];
            if self.database.execute(sql, values).await? == 0 {
                return Ok(None);
            }
            (found.epoch + 1, found.starts + 1)
        };
        Ok(Some(Seat {
            model: found.model,
            generation: found.generation,
            epoch,
            status: found.status,
            position: found.position,
            careful: starts > 1,
            trying: found.trying,
            tries: found.tries,
        }))
    }

    /// Gives up every lease of this process, so that others need not wait.
    pub(crate) async fn release_all(&self) -> Result<()> {
        let sql =
            "UPDATE projection_generations SET owner = NULL, lease_until = NULL, starts = 0 WHERE owner = $1";
        self.database.execute(sql, vec![self.owner.value()]).await.map(drop)
    }

    /// Gives up one lease.
    pub(crate) async fn release(&self, seat: &Seat) -> Result<()> {
        let sql = "UPDATE projection_generations SET owner = NULL, lease_until = NULL, starts = 0
            WHERE name = $1 AND generation = $2 AND owner = $3 AND epoch = $4";
        let values = vec![name(seat.model), seat.generation.value(), self.owner.value(), seat.epoch.value()];
        self.database.execute(sql, values).await.map(drop)
    }

    /// Keeps one lease; gives whether it is still ours.
    pub(crate) async fn renew(&self, seat: &Seat) -> Result<bool> {
        let until = self.lease_end().value();
        let sql = "UPDATE projection_generations SET lease_until = $5
            WHERE name = $1 AND generation = $2 AND owner = $3 AND epoch = $4";
        let values =
            vec![name(seat.model), seat.generation.value(), self.owner.value(), seat.epoch.value(), until];
        Ok(self.database.execute(sql, values).await? == 1)
    }
}
