//! The follower: reads the log in order, grows the tree, signs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use trunkline_kernel::{Clock, Millis, Position, Timestamp};
use trunkline_log::{Direction, Filter, Log, Query};
use trunkline_notary::{Leaf, Rim, SigningKey, TreeHead};
use uuid::Uuid;

use crate::books::Guard;
use crate::{Books, NumberedHead, RegistryError, Settings, Stats};

/// The first pause after a fault.
const BACKOFF: Duration = Duration::from_secs(1);

/// The notary of one server.
pub struct Notary {
    books: Books,
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    key: SigningKey,
    settings: Settings,
    owner: Uuid,
    stats: Stats,
    signed: watch::Sender<u64>,
}

/// What is at hand while this server keeps the tree.
struct Desk {
    epoch: i64,
    rim: Rim,
    last: Option<NumberedHead>,
    /// Since when there are events in the tree that no head has.
    unsigned_since: Option<Timestamp>,
}

impl Notary {
    /// A notary that signs with this key. `owner` tells this server from others.
    pub fn new(
        books: Books,
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        key: SigningKey,
        settings: Settings,
        owner: Uuid,
    ) -> Self {
        let (signed, _) = watch::channel(0);
        Self { books, log, clock, key, settings, owner, stats: Stats::default(), signed }
    }

    /// How it gets on.
    pub fn stats(&self) -> Stats {
        self.stats.clone()
    }

    /// The number of the last head, whenever this server has signed one.
    pub fn signed(&self) -> watch::Receiver<u64> {
        self.signed.subscribe()
    }

    /// Keeps the tree until it is told to stop; then signs what has no signature yet and gives up the lease.
    pub async fn run(self, stopping: CancellationToken) {
        let mut backoff = BACKOFF;
        while !stopping.is_cancelled() {
            match self.keep(&stopping).await {
                Ok(()) => backoff = BACKOFF,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the notary cannot go on");
                    self.stats.update(|standing| standing.trouble = Some(error.to_string()));
                    stopping.run_until_cancelled(tokio::time::sleep(backoff)).await;
                    backoff = (backoff * 2).min(self.settings.backoff_max);
                }
            }
        }
        if let Err(error) = self.books.release(self.owner).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the notary's lease runs out by itself");
        }
    }

    /// Waits for the lease, and keeps the tree while it has it.
    async fn keep(&self, stopping: &CancellationToken) -> Result<(), RegistryError> {
        let renew = self.settings.lease / 3;
        let Some(epoch) = self.seat(None).await? else {
            self.observe().await?;
            stopping.run_until_cancelled(tokio::time::sleep(renew)).await;
            return Ok(());
        };
        let mut desk = self.take_up(epoch).await?;
        self.stats.update(|standing| (standing.keeping, standing.trouble) = (true, None));
        let mut hint = self.log.hint();
        let mut seated = self.clock.now();
        let kept = loop {
            let grew = self.grow(&mut desk).await;
            let now = self.clock.now();
            let failed = match grew {
                Ok(0) => self.wait(&desk, &mut hint, stopping).await,
                Ok(_) => None,
                Err(error) => Some(error),
            };
            if let Some(error) = failed {
                break Err(error);
            }
            if stopping.is_cancelled() {
                // What was appended last; more than a page of it can wait for the next start.
                self.grow(&mut desk).await?;
                break self.sign_if(&mut desk, true).await;
            }
            if now.since(seated) >= millis(renew) {
                if self.seat(Some(epoch)).await? != Some(epoch) {
                    break Ok(());
                }
                seated = now;
            }
        };
        self.stats.update(|standing| standing.keeping = false);
        kept
    }

    async fn seat(&self, held: Option<i64>) -> Result<Option<i64>, RegistryError> {
        self.books.seat(self.owner, held, self.clock.now(), self.settings.lease).await
    }

    /// What metrics say while another server keeps the tree; that this one could not take over is said before it has to.
    async fn observe(&self) -> Result<(), RegistryError> {
        let (size, last) = (self.books.size().await?, self.books.last_head().await?);
        let head = self.log.head().await?;
        let found = self.key.public().id();
        let wrong = last.as_ref().map(NumberedHead::signer).filter(|expected| *expected != found);
        let trouble = wrong.map(|expected| RegistryError::WrongKey { expected, found }.to_string());
        self.stats.update(|standing| {
            standing.trouble = trouble;
            standing.size = size;
            standing.lag = head.0.saturating_sub(size);
            standing.head_size = last.map_or(0, |last| last.signed.head.size);
            standing.head_at = last.map(|last| last.signed.head.signed_at);
        });
        Ok(())
    }

    /// Takes up the tree where it was left, if it is the one that was signed and this is the key whose turn it is.
    async fn take_up(&self, epoch: i64) -> Result<Desk, RegistryError> {
        let size = self.books.size().await?;
        let last = self.books.last_head().await?;
        if let Some(last) = &last {
            let found = self.key.public().id();
            let expected = last.signer();
            if expected != found {
                return Err(RegistryError::WrongKey { expected, found });
            }
            if last.signed.head.next_key.is_none() {
                trunkline_notary::Trust::new(self.key.public()).check(&last.signed)?;
            }
            if self.books.root(last.signed.head.size).await? != last.signed.head.root {
                return Err(RegistryError::Tampered { number: last.number });
            }
        }
        let rim = self.books.rim(size).await?;
        let unsigned = size > last.map_or(0, |last| last.signed.head.size);
        let desk = Desk { epoch, rim, last, unsigned_since: unsigned.then(|| self.clock.now()) };
        self.tell(&desk, Position(size));
        Ok(desk)
    }

    /// Puts the next page of the log into the tree, and signs when it is time; gives how many events there were.
    async fn grow(&self, desk: &mut Desk) -> Result<usize, RegistryError> {
        let unsigned = desk.rim.size() - desk.last.map_or(0, |last| last.signed.head.size);
        let until_signature = self.settings.events_max.saturating_sub(unsigned).max(1);
        let limit = self.settings.page_events.min(usize::try_from(until_signature).unwrap_or(usize::MAX));
        let query = Query {
            filter: Filter::default(),
            direction: Direction::Forwards,
            from: Some(Position(desk.rim.size())),
            until: None,
            limit,
        };
        let page = self.log.read(&query).await?;
        let guard = Guard { size: desk.rim.size(), epoch: desk.epoch };
        // The tree is that of the log's order, so nothing may be missing in between.
        for (event, expected) in page.events.iter().zip(guard.size + 1..) {
            if event.position.0 != expected || !event.is_intact() {
                // What came before is still vouched for.
                self.commit(desk, guard).await?;
                return Err(RegistryError::NotIntact(Position(expected)));
            }
            desk.rim.push(Leaf::from(event).hash());
        }
        if desk.rim.size() > guard.size {
            self.commit(desk, guard).await?;
        } else {
            self.sign_if(desk, false).await?;
        }
        self.tell(desk, page.head);
        Ok(page.events.len())
    }

    async fn commit(&self, desk: &mut Desk, guard: Guard) -> Result<(), RegistryError> {
        let now = self.clock.now();
        let since = *desk.unsigned_since.get_or_insert(now);
        let due = self.is_due(desk, since, now);
        let head = due.then(|| self.sign(desk, now));
        self.books.commit(guard, &mut desk.rim, head.as_slice()).await?;
        if let Some(head) = head {
            self.note(desk, head);
        }
        Ok(())
    }

    /// Signs what is in the tree when it is time, or `now` whatever the time.
    async fn sign_if(&self, desk: &mut Desk, now: bool) -> Result<(), RegistryError> {
        let moment = self.clock.now();
        let Some(since) = desk.unsigned_since else { return Ok(()) };
        if now || self.is_due(desk, since, moment) {
            let head = self.sign(desk, moment);
            let guard = Guard { size: desk.rim.size(), epoch: desk.epoch };
            self.books.commit(guard, &mut desk.rim, &[head]).await?;
            self.note(desk, head);
        }
        Ok(())
    }

    fn is_due(&self, desk: &Desk, since: Timestamp, now: Timestamp) -> bool {
        let unsigned = desk.rim.size() - desk.last.map_or(0, |last| last.signed.head.size);
        unsigned >= self.settings.events_max || now.since(since) >= millis(self.settings.interval)
    }

    fn sign(&self, desk: &Desk, now: Timestamp) -> NumberedHead {
        // Heads never run backwards, whatever the clock does.
        let signed_at = desk.last.map_or(now, |last| last.signed.head.signed_at.max(now));
        let head = TreeHead { size: desk.rim.size(), root: desk.rim.root(), signed_at, next_key: None };
        let number = desk.last.map_or(1, |last| last.number + 1);
        NumberedHead { number, signed: head.sign(&self.key) }
    }

    fn note(&self, desk: &mut Desk, head: NumberedHead) {
        desk.last = Some(head);
        desk.unsigned_since = None;
        self.signed.send_replace(head.number);
        tracing::debug!(number = head.number, size = head.signed.head.size, "a tree head was signed");
    }

    fn tell(&self, desk: &Desk, head: Position) {
        self.stats.update(|standing| {
            standing.size = desk.rim.size();
            standing.lag = head.0.saturating_sub(desk.rim.size());
            standing.head_size = desk.last.map_or(0, |last| last.signed.head.size);
            standing.head_at = desk.last.map(|last| last.signed.head.signed_at);
        });
    }

    /// Waits for an event, a signature that falls due, or the time to look again.
    async fn wait(
        &self,
        desk: &Desk,
        hint: &mut watch::Receiver<Position>,
        stopping: &CancellationToken,
    ) -> Option<RegistryError> {
        let size = Position(desk.rim.size());
        let pause = self.settings.reread.min(self.settings.interval).min(self.settings.lease / 3);
        tokio::select! {
            () = stopping.cancelled() => None,
            () = tokio::time::sleep(pause) => None,
            event = hint.wait_for(|known| *known > size) => match event {
                Ok(_) => None,
                // The log is closed; there is nothing to follow any more.
                Err(_) => Some(trunkline_log::LogError::Closed.into()),
            },
        }
    }
}

fn millis(length: Duration) -> Millis {
    Millis(i64::try_from(length.as_millis()).unwrap_or(i64::MAX))
}

impl Books {
    /// Hands over from one key to the next: the old key signs a head that names the new one, and the new one signs
    /// another over the same tree. From then on only the new key's heads are believed.
    ///
    /// # Errors
    /// When another server keeps the tree, or the database fails.
    pub async fn rotate(
        &self,
        key: &SigningKey,
        next: &SigningKey,
        clock: &dyn Clock,
        owner: Uuid,
        lease: Duration,
    ) -> Result<NumberedHead, RegistryError> {
        let epoch = self.seat(owner, None, clock.now(), lease).await?.ok_or(RegistryError::Superseded)?;
        let signed = self.sign_over(key, next, clock, epoch).await;
        self.release(owner).await?;
        signed
    }

    async fn sign_over(
        &self,
        key: &SigningKey,
        next: &SigningKey,
        clock: &dyn Clock,
        epoch: i64,
    ) -> Result<NumberedHead, RegistryError> {
        let size = self.size().await?;
        let last = self.last_head().await?;
        if let Some(last) = &last {
            let (expected, found) = (last.signer(), key.public().id());
            if expected != found {
                return Err(RegistryError::WrongKey { expected, found });
            }
        }
        let mut rim = self.rim(size).await?;
        let signed_at = last.map_or(clock.now(), |last| last.signed.head.signed_at.max(clock.now()));
        let number = last.map_or(1, |last| last.number + 1);
        let head = TreeHead { size, root: rim.root(), signed_at, next_key: Some(next.public()) };
        let over = NumberedHead { number, signed: head.sign(key) };
        let head = TreeHead { next_key: None, ..head };
        let first = NumberedHead { number: number + 1, signed: head.sign(next) };
        self.commit(Guard { size, epoch }, &mut rim, &[over, first]).await?;
        Ok(over)
    }
}
