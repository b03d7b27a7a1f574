//! The router: follows the agents and the work that waits, decides, and has the offers made.

mod achieved;
mod answers;
mod round;
mod worths;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use trunkline_app::cases::routing_of;
use trunkline_app::{CommandError, Dispatcher, Licensing, Request, Single};
use trunkline_domain::{Policy, agent, demand, routing};
use trunkline_kernel::{Actor, AgentId, Clock, EventType, Ids, Millis, Position, Recorded};
use trunkline_log::{Direction, Feed, Filter, Log, LogError, Query, Subscription};
use trunkline_projections::{ReadError, ReadModels};
use trunkline_routing::score::Scorer;
use trunkline_routing::{Hash, matching};

use crate::demand::{Demand, FOLLOWED};
use crate::models::{LiveModels, Standing};
use crate::roster::{Change, TASKS_FOLLOWED};
use crate::waiting::Waiting;
use crate::{ActiveScorer, AgentPool, Features, InvalidFeatures, Roster, Watches};

/// How many events are read at once for the work that waits.
const PAGE: usize = 500;

/// What the router turns on. All of it can be set under `[routing]` in the configuration.
#[derive(Clone, Debug)]
pub struct RouterSettings {
    /// The numbers of the matching.
    pub matching: matching::Policy,
    /// How long a claim on an agent or on work is held at most. Default 5 s.
    pub claim: Duration,
    /// How long work is left alone that another server is at. Default 250 ms.
    pub leave: Millis,
    /// How often everything that waits gets another chance, whatever happens. Default 1 s.
    pub look: Duration,
    /// How far back the log is read for work that waits when a server starts. Default 24 h.
    pub lookback: Millis,
    /// How long `routeWork` waits for the first attempt. Default 2 s.
    pub wait_max: Duration,
    /// How often what agents achieved is read again. Default 10 s.
    pub achievements: Duration,
    /// How many rounds of decisions are under way together at most. Default 3.
    pub rounds_max: usize,
}

impl Default for RouterSettings {
    fn default() -> Self {
        Self {
            matching: matching::Policy::default(),
            claim: Duration::from_secs(5),
            leave: Millis(250),
            look: Duration::from_secs(1),
            lookback: Millis::from_mins(24 * 60),
            wait_max: Duration::from_secs(2),
            achievements: Duration::from_secs(10),
            rounds_max: 3,
        }
    }
}

/// What a router is made of.
pub struct RouterParts {
    /// The one path to the log.
    pub dispatcher: Arc<Dispatcher>,
    /// The log.
    pub log: Arc<dyn Log>,
    /// The read models, of agents and customers.
    pub reads: ReadModels,
    /// Where servers meet before they write.
    pub pool: Arc<AgentPool>,
    /// The schemas of vectors.
    pub features: Arc<Features>,
    /// Who scores.
    pub scorer: Arc<ActiveScorer>,
    /// Which kinds of customers count for more when they come in a surge.
    pub watches: Watches,
    /// Which licences calls ask for beside those that a request names.
    pub licensing: Arc<Licensing>,
    /// Which models there are, where models are used at all.
    pub models: Option<Arc<LiveModels>>,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// Where seeds come from.
    pub ids: Arc<dyn Ids>,
    /// The numbers that rules turn on.
    pub policy: Policy,
    /// The numbers that routing turns on.
    pub settings: RouterSettings,
}

impl RouterParts {
    /// Parts of a router that shares its pool with nobody, and has the standard features, the cosine and the default
    /// numbers.
    ///
    /// # Errors
    /// None, as [`Features::standard`].
    pub fn alone(
        dispatcher: &Arc<Dispatcher>,
        log: &Arc<dyn Log>,
        reads: ReadModels,
        clock: &Arc<dyn Clock>,
        ids: &Arc<dyn Ids>,
    ) -> Result<Self, InvalidFeatures> {
        let features = Arc::new(Features::standard()?);
        Ok(Self {
            dispatcher: Arc::clone(dispatcher),
            log: Arc::clone(log),
            reads,
            pool: Arc::new(AgentPool::new(None, Arc::clone(clock))),
            scorer: Arc::new(ActiveScorer::new(&features)),
            models: None,
            watches: Watches::default(),
            licensing: Arc::default(),
            features,
            clock: Arc::clone(clock),
            ids: Arc::clone(ids),
            policy: Policy::default(),
            settings: RouterSettings::default(),
        })
    }
}

/// Finds agents for work. One a server; any number of servers work on one log.
pub struct Router {
    parts: RouterParts,
    roster: Roster,
    waiting: Mutex<Waiting>,
    demand: Demand,
    /// How far what agents achieved has been read.
    achieved_until: Mutex<Position>,
    wake: Notify,
}

pub use answers::{Taker, Undecided};
pub use worths::Worths;

/// A faulty log or read model, which waiting can mend.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("the log failed")]
    Log(#[from] LogError),
    #[error("the read models failed")]
    Reads(#[from] ReadError),
    #[error("a command failed")]
    Command(#[from] CommandError),
    #[error("a decision has no JSON form")]
    Record(#[from] serde_json::Error),
}

impl Router {
    /// A router that knows nothing yet; [`Router::run`] has it follow.
    pub fn new(parts: RouterParts) -> Self {
        let roster = Roster::new(Arc::clone(&parts.features));
        let demand = Demand::new(parts.watches.clone());
        let achieved_until = Mutex::new(Position::START);
        Self { parts, roster, waiting: Mutex::default(), demand, achieved_until, wake: Notify::new() }
    }

    /// The agents as this server knows them.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The scorer that a decision names, when it can be had on this server.
    pub async fn scorer_of(&self, hash: &Hash) -> Option<Arc<dyn Scorer>> {
        match &self.parts.models {
            Some(models) => models.scorer_of(hash).await,
            None => self.parts.scorer.known(hash),
        }
    }

    /// How it stands with models, where models are used at all.
    pub fn models(&self) -> Option<Standing> {
        self.parts.models.as_ref().map(|models| models.standing())
    }

    /// Which licences calls ask for.
    pub fn licensing(&self) -> &Arc<Licensing> {
        &self.parts.licensing
    }

    /// Which models there are, where models are used at all.
    pub fn live_models(&self) -> Option<&Arc<LiveModels>> {
        self.parts.models.as_ref()
    }

    /// Where servers meet before they write.
    pub fn pool(&self) -> &Arc<AgentPool> {
        &self.parts.pool
    }

    /// How much work waits for an agent, as far as this server knows.
    pub fn waiting(&self) -> usize {
        self.waiting.lock().len()
    }

    /// Has work that an agent was asked for tried at once, and waits until it was, for a moment at most. Where nobody is
    /// free it goes on waiting, as it does whatever becomes of this server.
    pub async fn route(&self, requested: &routing::Requested) {
        let id = routing_of(requested.work);
        let told = {
            let mut waiting = self.waiting.lock();
            let now = self.parts.clock.now();
            waiting.ask(id, requested.work, requested.priority, requested.offers, now);
            waiting.when_tried(id)
        };
        self.wake.notify_one();
        if let Some(told) = told {
            // Whether it was tried in time or not, the log says how it stands.
            let _ = tokio::time::timeout(self.parts.settings.wait_max, told).await;
        }
    }

    /// Follows the log and routes until it is told to stop.
    pub async fn run(self: Arc<Self>, feed: Arc<Feed>, stopping: CancellationToken) {
        let Some(events) = stopping.run_until_cancelled(self.catch_up(&feed)).await else { return };
        let following = self.follow(events, feed);
        let (routing, achievements) = (self.rounds(), self.follow_achievements());
        let all = async { tokio::join!(Box::pin(following), Box::pin(routing), Box::pin(achievements)) };
        stopping.run_until_cancelled(Box::pin(all)).await;
    }

    /// Learns who is there and what waits; gives the events from there on. Faults are waited out.
    async fn catch_up(&self, feed: &Feed) -> Subscription {
        loop {
            match self.learn().await {
                Ok(position) => return feed.subscribe(self.followed(), position),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the router cannot learn who is there; trying again"
                    );
                    tokio::time::sleep(self.parts.settings.look).await;
                }
            }
        }
    }

    async fn learn(&self) -> Result<Position, Trouble> {
        let now = self.parts.clock.now();
        let position = self.roster.load(&self.parts.reads, now).await?;
        self.achievements().await?;
        let oldest = now.plus(Millis(-self.parts.settings.lookback.0));
        let mut from = self.parts.log.position_at(oldest).await?;
        let work = routing::Event::DECLARED.iter().map(|event| event.name);
        let types = work.chain(self.watched()).map(EventType::known).collect();
        let filter = Filter { types, ..Filter::default() };
        while from < position {
            let (filter, direction) = (filter.clone(), Direction::Forwards);
            let query = Query { filter, direction, from: Some(from), until: Some(position), limit: PAGE };
            let page = self.parts.log.read(&query).await?;
            page.events.iter().for_each(|recorded| self.take(recorded));
            match page.events.last() {
                Some(last) if page.events.len() == PAGE => from = last.position,
                Some(_) | None => break,
            }
        }
        Ok(position)
    }

    async fn follow(&self, mut events: Subscription, feed: Arc<Feed>) {
        loop {
            match events.next().await {
                Ok(batch) => {
                    batch.events.iter().for_each(|recorded| self.take(recorded));
                    let gone = batch.events.iter().filter_map(|recorded| self.gone(recorded));
                    for agent in gone.collect::<Vec<_>>() {
                        self.parts.pool.forget(agent).await;
                    }
                }
                Err(LogError::Closed) => return,
                Err(error) => {
                    // It stands where it was: what cannot be read is not passed over.
                    tracing::error!(%error, "agents and work cannot be followed; trying again");
                    tokio::time::sleep(self.parts.settings.look).await;
                    events = feed.subscribe(self.followed(), events.position());
                }
            }
        }
    }

    fn gone(&self, recorded: &Recorded) -> Option<AgentId> {
        (recorded.event.event_type.as_str() == "agent.signed_out").then(|| recorded.stream.id())?
    }

    fn take(&self, recorded: &Recorded) {
        let news = match self.roster.take(recorded) {
            Ok(Change::Free(_)) => {
                self.waiting.lock().next_turn();
                Ok(true)
            }
            Ok(Change::None | Change::Gone(_)) => self.waiting.lock().take(recorded),
            Err(error) => Err(error),
        };
        let news = self.demand.take(recorded).and(news);
        match news {
            Ok(true) => self.wake.notify_one(),
            Ok(false) => {}
            // An agent whom this build cannot read is offered what the log then refuses.
            Err(error) => tracing::error!(%error, position = recorded.position.0, "an event cannot be read"),
        }
    }

    /// Has the log say what counts for more or less by now. Every server sees the same calls; whoever is second changes
    /// nothing.
    async fn shift(&self) {
        for shifted in self.demand.due(self.parts.clock.now()) {
            let command = demand::Command::Shift(shifted.clone());
            let action = Single::<demand::Demand> { id: demand::of_routing(), command };
            match self.parts.dispatcher.execute(Request::by(Actor::system("router")), &action).await {
                Ok(_) => self.demand.note(&shifted),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the demand cannot be noted now"
                    );
                }
            }
        }
    }

    /// What is followed for the demand: nothing where nothing is watched.
    fn watched(&self) -> impl Iterator<Item = &'static str> {
        FOLLOWED.into_iter().filter(|_| !self.demand.is_empty())
    }

    /// What the router follows.
    fn followed(&self) -> Filter {
        let declared = agent::Event::DECLARED.iter().chain(routing::Event::DECLARED).map(|event| event.name);
        let types = declared.chain(TASKS_FOLLOWED).chain(self.watched()).map(EventType::known).collect();
        Filter { types, ..Filter::default() }
    }

    /// Routes whatever waits, in rounds that overlap: one decides while what others decided on becomes durable.
    async fn rounds(&self) {
        let mut looks = tokio::time::interval(self.parts.settings.look);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut under_way = FuturesUnordered::new();
        loop {
            tokio::select! {
                () = self.wake.notified() => {}
                Some(done) = under_way.next() => {
                    let done: Result<(), Trouble> = done;
                    if let Err(error) = done {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(error, "work cannot be routed now; trying again");
                        // Not at once: what failed may take a moment to mend.
                        continue;
                    }
                }
                // Waiting alone can change who may be asked.
                _ = looks.tick() => {
                    self.waiting.lock().next_turn();
                    self.shift().await;
                }
            }
            while under_way.len() < self.parts.settings.rounds_max
                && let Some(works) = self.take_up()
            {
                under_way.push(self.round(works));
            }
        }
    }
}
