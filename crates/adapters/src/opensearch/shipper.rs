//! The follower: reads the log in order from its checkpoint, sends, and notes how far it has come.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trunkline_database::{Database, DatabaseError};
use trunkline_kernel::{Clock, Position};
use trunkline_log::{Direction, Filter, Log, LogError, Query};
use uuid::Uuid;

use super::books::{Books, Mark, Rejected};
use super::bulk::{Batch, Fate};
use super::client::{Connection, InvalidConnection, Refused, Service};
use super::document::Contents;
use crate::ShippingStats;

/// How it works. Each field is a setting `opensearch.<name>` of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events that are read at once.
    pub page_events: NonZeroUsize,
    /// Documents of one request.
    pub batch_rows_max: usize,
    /// Bytes of one request; a document that is larger by itself goes alone.
    pub batch_bytes_max: usize,
    /// How long it trusts that no hint means no event.
    pub reread: Duration,
    /// The first pause after a fault; each further one is twice as long.
    pub backoff_first: Duration,
    /// The longest pause.
    pub backoff_max: Duration,
    /// With several servers one ships: how long one that does not answer is waited for.
    pub lease: Duration,
    /// How many documents that were never taken are remembered.
    pub rejected_max: u32,
}

/// Ships the log to one service.
pub struct Shipper {
    service: Service,
    contents: Contents,
    limits: Limits,
    books: Books,
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    owner: Uuid,
    stats: ShippingStats,
}

/// Why it waits.
#[derive(Debug, thiserror::Error)]
enum Waits {
    #[error("the read models' database failed")]
    Database(#[from] DatabaseError),
    #[error("the log failed")]
    Log(#[from] LogError),
}

/// What a turn came to.
enum Turn {
    /// Some events have arrived.
    Shipped,
    /// There is nothing to do.
    CaughtUp,
    /// Another server ships.
    Elsewhere,
}

impl Shipper {
    /// A shipper that keeps its books in this database. `owner` tells this server from others.
    ///
    /// # Errors
    /// When the connection cannot be used.
    pub async fn open(
        (connection, contents, limits): (&Connection, Contents, Limits),
        database: Database,
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        owner: Uuid,
    ) -> Result<Self, ShipperError> {
        let service = Service::new(connection)?;
        let target = format!("{} {} {}", connection.url, contents.index, contents.wanted.as_str());
        let books = Books::open(database, target, limits.rejected_max, clock.now()).await?;
        Ok(Self { service, contents, limits, books, log, clock, owner, stats: ShippingStats::default() })
    }

    /// How it gets on.
    pub fn stats(&self) -> ShippingStats {
        self.stats.clone()
    }

    /// Ships until it is told to stop.
    pub async fn run(self, stopping: CancellationToken) {
        // Whatever it is doing then can be dropped: what has not been noted is sent again, and is known by its id.
        stopping.run_until_cancelled(self.follow()).await;
        if let Err(error) = self.books.leave(self.owner).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the lease on shipping runs out by itself"
            );
        }
    }

    async fn follow(&self) {
        let mut hint = self.log.hint();
        let mut backoff = self.limits.backoff_first;
        let mut mark = None;
        loop {
            hint.mark_unchanged();
            match self.turn(&mut mark).await {
                Ok(Turn::Shipped) => backoff = self.limits.backoff_first,
                Ok(Turn::CaughtUp) => {
                    // Nobody hints when the hint is gone, and then the timer finds the events.
                    let _ = tokio::time::timeout(self.limits.reread, hint.changed()).await;
                }
                Ok(Turn::Elsewhere) => {
                    mark = None;
                    self.stats.update(|now| now.shipping = false);
                    tokio::time::sleep(self.limits.lease / 3).await;
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "shipping to the search service waits"
                    );
                    self.stats.update(|now| now.trouble = Some(error.to_string()));
                    tokio::time::sleep(backoff).await;
                    backoff = (backoff * 2).min(self.limits.backoff_max);
                    mark = None;
                }
            }
        }
    }

    /// Ships one page of the log, if this server is the one that ships. `mark` is where it has come to; nothing at first.
    async fn turn(&self, mark: &mut Option<Mark>) -> Result<Turn, Waits> {
        if !self.books.seat(self.owner, self.clock.now(), self.limits.lease).await? {
            return Ok(Turn::Elsewhere);
        }
        let from = match mark {
            Some(from) => *from,
            None => self.take_up().await?,
        };
        *mark = Some(from);
        let filter = self.contents.wanted.filter();
        let page = self.read(filter, from.position, None, self.limits.page_events.get()).await?;
        let head = page.head;
        self.stats.update(|now| {
            now.shipping = true;
            now.lag = head.0.saturating_sub(from.position.0);
        });
        if page.events.is_empty() {
            self.stats.update(|now| (now.position, now.lag, now.trouble) = (head.0, 0, None));
            return Ok(Turn::CaughtUp);
        }
        let mut shipment = Shipment { batch: Batch::default(), whole: from };
        for recorded in &page.events {
            for document in self.contents.of(recorded) {
                let (rows, bytes) = (self.limits.batch_rows_max, self.limits.batch_bytes_max);
                if let Err(document) = shipment.batch.add(document, rows, bytes) {
                    let Some(reached) = self.ship(&mut shipment, head).await? else {
                        return Ok(Turn::Elsewhere);
                    };
                    *mark = Some(reached);
                    // An empty batch takes every document.
                    let _ = shipment.batch.add(document, rows, bytes);
                }
            }
            shipment.whole = Mark { position: recorded.position, event: Some(recorded.event.id) };
        }
        *mark = self.ship(&mut shipment, head).await?;
        Ok(if mark.is_some() { Turn::Shipped } else { Turn::Elsewhere })
    }

    async fn read(
        &self,
        filter: Filter,
        from: Position,
        until: Option<Position>,
        limit: usize,
    ) -> Result<trunkline_log::Page, LogError> {
        let query = Query { filter, direction: Direction::Forwards, from: Some(from), until, limit };
        self.log.read(&query).await
    }

    /// Where it was left, if this still is the log that was shipped. One that was restored or replaced is shipped from
    /// its beginning: what is there already is known by its id.
    async fn take_up(&self) -> Result<Mark, Waits> {
        let mark = self.books.mark().await?;
        if mark.position == Position::START {
            return Ok(mark);
        }
        let before = Position(mark.position.0 - 1);
        let there = self.read(Filter::default(), before, Some(mark.position), 1).await?.events;
        if there.first().map(|recorded| recorded.event.id) == mark.event {
            return Ok(mark);
        }
        tracing::warn!(
            position = mark.position.0,
            "the log is not the one that was shipped; it is shipped anew"
        );
        self.books.forget().await?;
        Ok(Mark::default())
    }

    /// Sends a batch until each of its documents is taken or rejected for good, and notes it; nothing when another
    /// server has taken over meanwhile.
    async fn ship(&self, shipment: &mut Shipment, head: Position) -> Result<Option<Mark>, Waits> {
        let mut waiting: Vec<Batch> =
            Some(std::mem::take(&mut shipment.batch)).into_iter().filter(|batch| !batch.is_empty()).collect();
        let mut rejected = Vec::new();
        let mut backoff = self.limits.backoff_first;
        while let Some(batch) = waiting.pop() {
            let before = batch.len();
            let (rest, pause) = match self.service.send(&batch).await {
                Ok(fates) => self.settle(batch, &fates, &mut rejected),
                Err(Refused::TooLarge) if batch.len() > 1 => {
                    let (first, second) = batch.split(|number| number < before / 2);
                    waiting.extend([second, first]);
                    continue;
                }
                Err(Refused::TooLarge) => {
                    self.reject(
                        &batch,
                        &[Fate::Never { status: 413, error: "too large".to_owned() }],
                        &mut rejected,
                    );
                    continue;
                }
                Err(refused) => self.refused(batch, &refused),
            };
            if rest.is_empty() {
                backoff = self.limits.backoff_first;
                continue;
            }
            // A service that takes some of it gets on, and is not left waiting longer and longer.
            if rest.len() < before {
                backoff = self.limits.backoff_first;
            }
            self.stats.update(|now| now.repeated += rest.len() as u64);
            waiting.push(rest);
            tokio::time::sleep(pause.unwrap_or(backoff).min(self.limits.backoff_max)).await;
            backoff = (backoff * 2).min(self.limits.backoff_max);
            if !self.books.seat(self.owner, self.clock.now(), self.limits.lease).await? {
                return Ok(None);
            }
        }
        self.books.note(shipment.whole, &rejected, self.clock.now()).await?;
        self.stats.update(|now| {
            (now.position, now.trouble) = (shipment.whole.position.0, None);
            now.lag = head.0.saturating_sub(now.position);
        });
        Ok(Some(shipment.whole))
    }

    /// Takes note of what became of each document; gives those that have to be sent again.
    fn settle(
        &self,
        batch: Batch,
        fates: &[Fate],
        rejected: &mut Vec<Rejected>,
    ) -> (Batch, Option<Duration>) {
        let taken = fates.iter().filter(|fate| **fate == Fate::Taken).count() as u64;
        self.stats.update(|now| now.taken += taken);
        self.reject(&batch, fates, rejected);
        let later = |fate: &Fate| match fate {
            Fate::Later { status, error } => {
                Some(format!("documents are not taken now: status {status}, {error}"))
            }
            Fate::Taken | Fate::Never { .. } => None,
        };
        if let Some(trouble) = fates.iter().find_map(later) {
            tracing::warn!(trouble, "the search service takes a part of a batch; the rest is sent again");
            self.stats.update(|now| now.trouble = Some(trouble));
        }
        let (rest, _) = batch.split(|number| matches!(fates.get(number), Some(Fate::Later { .. })));
        (rest, None)
    }

    /// Notes the documents that will never be taken as they are.
    fn reject(&self, batch: &Batch, fates: &[Fate], rejected: &mut Vec<Rejected>) {
        for (document, fate) in batch.documents().zip(fates) {
            if let Fate::Never { status, error } = fate {
                tracing::error!(
                    document = document.id,
                    position = document.position.0,
                    status,
                    error,
                    "the search service does not take a document as it is; it is passed over and noted"
                );
                self.stats.update(|now| now.rejected += 1);
                rejected.push(Rejected::of(document, *status, error));
            }
        }
    }

    /// The whole batch has to be sent again, after the pause that the service asks for.
    fn refused(&self, batch: Batch, refused: &Refused) -> (Batch, Option<Duration>) {
        let shown: &dyn std::error::Error = refused;
        tracing::warn!(error = shown, "a batch is not taken by the search service; it is sent again");
        self.stats.update(|now| now.trouble = Some(refused.to_string()));
        let pause = match refused {
            Refused::Busy { wait, .. } => *wait,
            Refused::TooLarge
            | Refused::Unauthorised(_)
            | Refused::Status(_)
            | Refused::Unreachable(_)
            | Refused::AnswerTooLong { .. }
            | Refused::Misunderstood(_) => None,
        };
        (batch, pause)
    }
}

/// A batch, and the place up to which every event is wholly in it or before it.
struct Shipment {
    batch: Batch,
    whole: Mark,
}

/// Why shipping cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ShipperError {
    /// The connection cannot be used.
    #[error("the search service cannot be spoken to")]
    Connection(#[from] InvalidConnection),
    /// The books cannot be opened.
    #[error("the read models' database failed")]
    Database(#[from] DatabaseError),
}
