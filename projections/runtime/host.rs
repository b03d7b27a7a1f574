//! The runtime of one server: takes leases, follows the log for what it holds, and steps in for servers that are
//! gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_database::Database;
use trunkline_kernel::{Clock, Ids, Timestamp};
use trunkline_log::Log;

use super::context::{Context, Progress, RuntimeError};
use super::generation::{self, Generation, Status};
use super::lease::Seat;
use super::rebuild::{self, Rebuilt};
use super::{Settings, parking, pipeline};
use crate::ReadModel;
use crate::reads::Reached;

/// The runtime of one server. It runs until [`Runtime::stop`]; dropped without it, its leases run out by
/// themselves.
pub struct Runtime {
    context: Arc<Context>,
    stop: CancellationToken,
    wake: Arc<Notify>,
    supervisor: Option<JoinHandle<()>>,
}

/// How a generation stands, for operators.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationStatus {
    /// What is stored of it.
    pub generation: Generation,
    /// How many events it is behind the end of the log.
    pub lag: u64,
    /// How many of its events are parked.
    pub parked: usize,
    /// How fast it is, when this server runs it.
    pub progress: Option<Progress>,
}

impl Runtime {
    /// Migrates the read models' database, gives every read model its first generation, and starts to follow.
    ///
    /// # Errors
    /// When the database cannot be migrated.
    pub async fn start(
        database: Database,
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        ids: &dyn Ids,
        settings: Settings,
    ) -> Result<Self, RuntimeError> {
        let mut runtime = Self::prepare(database, log, clock, ids, settings).await?;
        let supervisor = Supervisor { context: runtime.context.clone(), live: None, builds: BTreeMap::new() };
        runtime.supervisor = Some(tokio::spawn(supervisor.run(runtime.stop.clone(), runtime.wake.clone())));
        Ok(runtime)
    }

    /// The same without following: for one rebuild, and for asking.
    ///
    /// # Errors
    /// When the database cannot be migrated.
    pub async fn prepare(
        database: Database,
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        ids: &dyn Ids,
        settings: Settings,
    ) -> Result<Self, RuntimeError> {
        generation::prepare(&database, clock.now()).await?;
        let context = Arc::new(Context {
            database,
            log,
            clock,
            settings,
            owner: ids.uuid(),
            reached: Arc::new(Reached::default()),
            building: Mutex::default(),
            progress: watch::Sender::new(BTreeMap::new()),
        });
        Ok(Self { context, stop: CancellationToken::new(), wake: Arc::new(Notify::new()), supervisor: None })
    }

    /// What [`ReadModels`](crate::ReadModels) wait on.
    pub fn reached(&self) -> Arc<Reached> {
        self.context.reached.clone()
    }

    /// Follows how far and how fast the generations are that this server runs.
    pub fn progress(&self) -> watch::Receiver<BTreeMap<(ReadModel, u32), Progress>> {
        self.context.progress.subscribe()
    }

    /// Looks for work at once, for instance after a switch or a request to replay parked events.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Every generation: position, lag, owner, parked events.
    ///
    /// # Errors
    /// When the database or the log fails.
    pub async fn status(&self) -> Result<Vec<GenerationStatus>, RuntimeError> {
        let head = self.context.log.head().await?;
        let parked = parking::parked(&self.context.database, None).await?;
        let progress = self.context.progress.borrow().clone();
        let known = generation::list(&self.context.database).await?;
        Ok(known
            .into_iter()
            .map(|generation| {
                let key = (generation.model, generation.generation);
                GenerationStatus {
                    lag: head.0.saturating_sub(generation.position.0),
                    parked: parked.iter().filter(|parked| (parked.model, parked.generation) == key).count(),
                    progress: progress.get(&key).copied(),
                    generation,
                }
            })
            .collect())
    }

    /// Builds new generations beside those in use, and with `switch` uses them afterwards. Progress is told on
    /// [`Runtime::progress`].
    ///
    /// # Errors
    /// When the database or the log fails; what was built so far is gone on with by a server that is running.
    pub async fn rebuild(&self, models: &[ReadModel], switch: bool) -> Result<Vec<Rebuilt>, RuntimeError> {
        let rebuilt = rebuild::rebuild(&self.context, models, switch, self.stop.child_token()).await;
        self.wake();
        rebuilt
    }

    /// Finishes and commits what is under way, gives up the leases, and ends.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(supervisor) = self.supervisor.take()
            && supervisor.await.is_err()
        {
            tracing::error!("the projections' supervisor ended unexpectedly");
        }
        if let Err(error) = self.context.release_all().await {
            tracing::warn!(%error, "leases could not be given up; they run out by themselves");
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

type Key = (ReadModel, u32);

/// The pipeline that follows everything that is in use or kept up to date.
struct Live {
    /// What it follows; it is started anew when this changes.
    members: BTreeSet<(Key, i64, Status)>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), RuntimeError>>,
}

struct Supervisor {
    context: Arc<Context>,
    live: Option<Live>,
    builds: BTreeMap<Key, JoinHandle<()>>,
}

impl Supervisor {
    async fn run(mut self, stop: CancellationToken, wake: Arc<Notify>) {
        loop {
            if let Err(error) = self.tend(&stop).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "projections cannot be tended");
            }
            let pause = match &self.live {
                Some(live) if live.task.is_finished() => self.context.settings.backoff,
                _ => self.context.settings.renew,
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.halt().await;
        for build in std::mem::take(&mut self.builds).into_values() {
            let _ = build.await;
        }
    }

    async fn tend(&mut self, stop: &CancellationToken) -> Result<(), RuntimeError> {
        let known = generation::list(&self.context.database).await?;
        self.renew_definitions(&known).await?;
        let mut seats = Vec::new();
        for found in known.iter().filter(|found| found.version == found.model.definition().version) {
            if found.status == Status::Building && self.is_being_built(found) {
                continue;
            }
            let Some(seat) = self.context.seat(found).await? else { continue };
            match found.status {
                Status::Building => self.build(seat, found.switch_when_built, stop),
                Status::Active | Status::Standby => seats.push(seat),
            }
        }
        let members: BTreeSet<_> =
            seats.iter().map(|seat| ((seat.model, seat.generation), seat.epoch, seat.status)).collect();
        let replay = self.has_to_replay(&seats).await?;
        let runs = self.live.as_ref().is_some_and(|live| live.members == members && !live.task.is_finished());
        if runs && !replay {
            return Ok(());
        }
        self.halt().await;
        if seats.is_empty() {
            return Ok(());
        }
        // Positions have moved on while the last pipeline ended.
        let now = generation::list(&self.context.database).await?;
        for seat in &mut seats {
            let found =
                now.iter().find(|found| (found.model, found.generation) == (seat.model, seat.generation));
            if let Some(found) = found {
                (seat.position, seat.trying, seat.tries) = (found.position, found.trying, found.tries);
                seat.careful = found.starts > 1;
            }
            if seat.status == Status::Active {
                self.context.reached.advance([(seat.model, seat.position)]);
            }
            pipeline::replay(&self.context, seat).await?;
        }
        self.follow(seats, members, stop);
        Ok(())
    }

    /// A read model whose definition is newer than its generations gets a new one, to be used when it is built.
    async fn renew_definitions(&self, known: &[Generation]) -> Result<(), RuntimeError> {
        for model in ReadModel::ALL {
            let wanted = model.definition().version;
            let newest = known.iter().filter(|found| found.model == model).map(|found| found.version).max();
            if newest.is_some_and(|newest| newest < wanted) {
                generation::create(&self.context.database, model, true, self.context.clock.now(), None)
                    .await?;
            }
        }
        Ok(())
    }

    fn is_being_built(&self, found: &Generation) -> bool {
        let now: Timestamp = self.context.clock.now();
        self.context.building.lock().contains(&(found.model, found.generation))
            || (found.owner.is_some() && found.lease_until.is_some_and(|until| until >= now))
    }

    async fn has_to_replay(&self, seats: &[Seat]) -> Result<bool, RuntimeError> {
        for seat in seats {
            if !parking::to_replay(&self.context.database, seat.model, seat.generation).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn build(&mut self, seat: Seat, switch: bool, stop: &CancellationToken) {
        let key = (seat.model, seat.generation);
        self.context.building.lock().insert(key);
        let (context, stop) = (self.context.clone(), stop.child_token());
        let task = tokio::spawn(async move {
            if let Err(error) = rebuild::build(&context, vec![(seat, switch)], stop).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a generation could not be built");
            }
        });
        self.builds.insert(key, task);
    }

    fn follow(&mut self, seats: Vec<Seat>, members: BTreeSet<(Key, i64, Status)>, stop: &CancellationToken) {
        let stop = stop.child_token();
        let (context, ended) = (self.context.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let outcome = pipeline::run(&context, seats, None, ended).await;
            if let Err(error) = &outcome {
                tracing::warn!(
                    error = error as &dyn std::error::Error,
                    "following stopped and will start again"
                );
            }
            outcome
        });
        self.live = Some(Live { members, stop, task });
    }

    /// Ends the live pipeline after what it has begun.
    async fn halt(&mut self) {
        if let Some(live) = self.live.take() {
            live.stop.cancel();
            let _ = live.task.await;
            for ((model, _), _, status) in live.members {
                if status == Status::Active {
                    self.context.reached.forget(model);
                }
            }
        }
    }
}
