//! The process manager that dials running campaigns: it looks who is free, takes the leads that are due, dials as many as
//! pacing permits, connects who answers with an agent, and ends what nobody takes.
//!
//! Everything that it does is a command like anybody's. What becomes of its calls it learns from the log alone, whoever
//! wrote it there: a line in this program, a switch that told another server, an agent. What it knows beside the log, the
//! calls under way and what was learned from those that are over, it learns anew when it begins to dial. Of several servers
//! one dials, and the others stand by ([`seat`]).

mod arrivals;
mod calls;
pub mod cti;
mod desk;
mod leads;
mod line;
mod look;
mod preview;
mod seat;
mod shared;
mod simulated;
mod taken_up;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use trunkline_app::cases::{InTerm, Report, ReportCall};
use trunkline_app::{Action, CommandError, Dispatcher, PacingBoard, Request};
use trunkline_database::DatabaseError;
use trunkline_domain::Policy;
use trunkline_kernel::{Actor, CampaignId, Clock, EventType, Millis, ServerId, Timestamp};
use trunkline_log::{Feed, Filter, Log, LogError, Subscription};
use trunkline_pool::Router;
use trunkline_projections::ReadModels;
use trunkline_projections::reads::ReadError;
use trunkline_routing::AnswerChances;
use trunkline_routing::compliance::RuleBook;

use desk::Desk;
use seat::{SeatOfDialer, Turn};

pub use line::{Heard, Line, Order, Seat, Teller};
pub use simulated::{Behaviour, Simulated};

/// Who the dialer's commands are by.
const ACTOR: &str = "dialer";

/// With this code the log refuses what is done in a term that is over.
const TAKEN_OVER: &str = "DIALER_TAKEN_OVER";

/// How many campaigns, leads and calls left over are read at once: a page.
const PAGE: usize = 100;

/// How much a line may have to tell before it waits for the dialer.
const HEARD_MAX: usize = 1_024;

/// What the dialer works with.
pub struct Around {
    /// What it looks at.
    pub reads: ReadModels,
    /// What it does.
    pub dispatcher: Arc<Dispatcher>,
    /// Where it sees which calls the switch made known.
    pub log: Arc<dyn Log>,
    /// Who finds the agents who take answered calls.
    pub router: Arc<Router>,
    /// Where it learns what becomes of calls.
    pub feed: Arc<Feed>,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// The numbers that rules turn on.
    pub policy: Policy,
    /// The rules that dials are judged by.
    pub rules: Arc<RuleBook>,
    /// Where it shows how campaigns are going.
    pub board: Arc<PacingBoard>,
    /// The line or number that calls are made from, in the words of what makes them.
    pub caller_line: Option<String>,
    /// The name of this server, unlike that of any other.
    pub server: ServerId,
    /// How long another server waits for a sign of life of the one that dials.
    pub lease: Duration,
    /// How often it looks.
    pub every: Duration,
    /// How often it learns anew from calls that are over.
    pub study_every: Millis,
}

/// Dials until it is told to stop.
pub struct Dialer {
    around: Around,
    line: Arc<dyn Line>,
    heard: mpsc::Receiver<Heard>,
    desks: BTreeMap<CampaignId, Desk>,
    /// When people answer, by what was learned.
    chances: Arc<AnswerChances>,
    /// For which campaigns the read models were asked what calls that are over teach, and when to ask again.
    studied: BTreeSet<CampaignId>,
    study_at: Option<Timestamp>,
    seat: SeatOfDialer,
    /// Whether the calls that another run left on the way have been taken up in this term.
    taken_up: bool,
}

/// A faulty log or read model, which waiting can mend.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("the log failed")]
    Log(#[from] LogError),
    #[error("the read models failed")]
    Reads(#[from] ReadError),
    #[error("the database failed")]
    Database(#[from] DatabaseError),
    #[error("a command failed")]
    Command(#[source] Box<CommandError>),
}

/// Where a line tells what happens, and where the dialer hears it.
pub fn wire() -> (Teller, mpsc::Receiver<Heard>) {
    mpsc::channel(HEARD_MAX)
}

impl Dialer {
    /// A dialer on this line, which tells what happens to `heard`.
    pub fn new(around: Around, line: Arc<dyn Line>, heard: mpsc::Receiver<Heard>) -> Self {
        let database = around.reads.database().clone();
        let seat = SeatOfDialer::new(database, around.server, around.lease);
        Self {
            around,
            seat,
            taken_up: false,
            line,
            heard,
            desks: BTreeMap::new(),
            chances: Arc::default(),
            studied: BTreeSet::new(),
            study_at: None,
        }
    }

    /// Dials until it is told to stop, while no other server does.
    pub async fn run(mut self, stopping: CancellationToken) {
        if let Err(error) = self.work(&stopping).await {
            tracing::error!(error = &error as &dyn std::error::Error, "the dialer stops");
        }
        if let Err(error) = self.seat.leave().await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the lease on dialing runs out by itself");
        }
    }

    async fn work(&mut self, stopping: &CancellationToken) -> Result<(), Trouble> {
        let mut ticks = tokio::time::interval(self.around.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.seat.prepare(self.around.clock.now()).await?;
        let mut told = self.follow().await?;
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                _ = ticks.tick() => {
                    if let Err(error) = self.turn().await {
                        tracing::warn!(error = &error as &dyn std::error::Error, "the dialer cannot look around");
                    }
                }
                heard = self.heard.recv() => match heard {
                    Some(heard) => self.note(heard).await,
                    None => return Ok(()),
                },
                batch = told.next() => {
                    for recorded in &batch?.events {
                        self.learn(recorded).await;
                    }
                }
            }
        }
    }

    /// Looks around when it is this server's turn. Whoever takes the seat takes up the calls that are under way first.
    async fn turn(&mut self) -> Result<(), Trouble> {
        match self.seat.turn(&self.around.dispatcher, self.around.clock.now()).await? {
            Turn::StandBy => self.stand_by(),
            Turn::Taken => {
                tracing::info!(term = self.seat.term(), "this server dials");
                self.stand_by();
                self.taken_up = false;
            }
            Turn::Held => {}
        }
        if self.seat.term().is_none() {
            return Ok(());
        }
        if !self.taken_up {
            self.take_up().await?;
            self.taken_up = true;
        }
        self.look().await
    }

    /// Forgets everything: another server sees to it.
    fn stand_by(&mut self) {
        for id in std::mem::take(&mut self.desks).into_keys() {
            self.around.board.forget(id);
        }
        self.studied.clear();
    }

    /// What becomes of calls, from now on.
    async fn follow(&self) -> Result<Subscription, LogError> {
        let names = ["call.dialed", "call.classified", "call.bridged", "call.ended", "routing.assigned"];
        let filter = Filter { types: names.map(EventType::known).to_vec(), ..Filter::default() };
        Ok(self.around.feed.subscribe(filter, self.around.dispatcher.head().await?))
    }

    /// Notes in the log what a line of this program tells. It is true whoever dials by now.
    async fn note(&self, heard: Heard) {
        let (call, report) = match heard {
            Heard::Rang(call) => (call, Report::Rang),
            Heard::Answered(call, answerer) => (call, Report::Answered(answerer)),
            Heard::Ended(call, cause) => (call, Report::Ended(cause)),
        };
        let report = ReportCall { call, report, passed_over: Vec::new(), policy: self.around.policy };
        let request = Request::by(Actor::system(ACTOR));
        if let Err(error) = self.around.dispatcher.execute(request, &report).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "what a line told was not noted");
        }
    }

    /// Whether it was carried out, in this server's term.
    async fn act<A: Action>(&mut self, action: &A) -> bool {
        self.execute(action).await.is_some()
    }

    /// What came of it, when it was carried out in this server's term.
    pub(crate) async fn execute<A: Action>(&mut self, action: &A) -> Option<A::Answer> {
        let action = InTerm { term: self.seat.term()?, action };
        match self.around.dispatcher.execute(Request::by(Actor::system(ACTOR)), &action).await {
            Ok(outcome) => Some(outcome.answer),
            Err(CommandError::Refused(refused)) if refused.code == TAKEN_OVER => {
                tracing::warn!("another server dials by now; this one stands by");
                self.seat.lost();
                None
            }
            // Somebody was faster, or the read models were behind.
            Err(CommandError::Refused(refused)) => {
                tracing::debug!(code = refused.code, "a command of the dialer was refused");
                None
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a command of the dialer failed");
                None
            }
        }
    }
}
