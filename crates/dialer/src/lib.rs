//! The process manager that dials running campaigns: it looks who is free, takes the leads that are due, dials as many as
//! pacing permits, connects who answers with an agent, and ends what nobody takes.
//!
//! Everything that it does is a command like anybody's. What becomes of its calls it learns from the log alone, whoever
//! wrote it there: a line in this program, a switch that told another server, an agent. What it knows beside the log, the
//! calls under way and what was learned from those that are over, it learns anew when it starts. One server dials: two
//! would dial twice as much as either thinks.

pub mod cti;
mod desk;
mod leads;
mod line;
mod simulated;
mod taken_up;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use trunkline_app::cases::{BridgeCall, Report, ReportCall};
use trunkline_app::{Action, CommandError, Dispatcher, Pacing, PacingBoard, Request};
use trunkline_domain::Policy;
use trunkline_domain::agent::{Agent, Presence};
use trunkline_domain::call::{self, Answerer, EndCause};
use trunkline_domain::campaign::CampaignState;
use trunkline_kernel::{Actor, AgentId, CallId, CampaignId, Clock, EventType, Recorded, Timestamp};
use trunkline_log::{Feed, Filter, LogError, Subscription};
use trunkline_projections::agent_availability::AgentRow;
use trunkline_projections::outreach::CampaignRow;
use trunkline_projections::reads::{AgentFilter, ReadError};
use trunkline_projections::{PageRequest, ReadModels};
use trunkline_routing::compliance::{Check, RuleBook};
use trunkline_routing::pacing::Limits;

use desk::{Desk, paced};

pub use line::{Heard, Line, Order, Seat, Teller};
pub use simulated::{Behaviour, Simulated};

/// Who the dialer's commands are by.
const ACTOR: &str = "dialer";

/// How many campaigns, agents and calls left over are looked at at once: a page.
const PAGE: usize = 100;

/// How much a line may have to tell before it waits for the dialer.
const HEARD_MAX: usize = 1_024;

/// What the dialer works with.
pub struct Around {
    /// What it looks at.
    pub reads: ReadModels,
    /// What it does.
    pub dispatcher: Arc<Dispatcher>,
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
    /// How often it looks.
    pub every: Duration,
}

/// Dials until it is told to stop.
pub struct Dialer {
    around: Around,
    line: Arc<dyn Line>,
    heard: mpsc::Receiver<Heard>,
    desks: BTreeMap<CampaignId, Desk>,
    /// Agents who were given a call, and when: the read models may still show them as free.
    taken: BTreeMap<AgentId, Timestamp>,
}

/// Where a line tells what happens, and where the dialer hears it.
pub fn wire() -> (Teller, mpsc::Receiver<Heard>) {
    mpsc::channel(HEARD_MAX)
}

impl Dialer {
    /// A dialer on this line, which tells what happens to `heard`.
    pub fn new(around: Around, line: Arc<dyn Line>, heard: mpsc::Receiver<Heard>) -> Self {
        Self { around, line, heard, desks: BTreeMap::new(), taken: BTreeMap::new() }
    }

    /// Dials until it is told to stop.
    pub async fn run(mut self, stopping: CancellationToken) {
        let mut ticks = tokio::time::interval(self.around.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let Ok(mut told) = self.follow().await.inspect_err(|error| {
            tracing::error!(error = error as &dyn std::error::Error, "the dialer cannot follow the log");
        }) else {
            return;
        };
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = ticks.tick() => {
                    if let Err(error) = self.look().await {
                        tracing::warn!(error = &error as &dyn std::error::Error, "the dialer cannot look around");
                    }
                }
                heard = self.heard.recv() => match heard {
                    Some(heard) => self.note(heard).await,
                    None => return,
                },
                batch = told.next() => match batch {
                    Ok(batch) => {
                        for recorded in &batch.events {
                            self.learn(recorded).await;
                        }
                    }
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, "the dialer stops");
                        return;
                    }
                },
            }
        }
    }

    /// What becomes of calls, from now on.
    async fn follow(&self) -> Result<Subscription, LogError> {
        let names = ["call.classified", "call.bridged", "call.ended"];
        let filter = Filter { types: names.map(EventType::known).to_vec(), ..Filter::default() };
        Ok(self.around.feed.subscribe(filter, self.around.dispatcher.head().await?))
    }

    /// Looks at every campaign once.
    async fn look(&mut self) -> Result<(), ReadError> {
        let now = self.around.clock.now();
        let (running, page) = ([CampaignState::Running], PageRequest::first(PAGE));
        let campaigns: Vec<CampaignRow> = self.around.reads.campaigns(&running, &page).await?.rows();
        self.close_desks(&campaigns);
        for campaign in &campaigns {
            let Some(mode) = paced(campaign.mode.0) else { continue };
            if self.desks.get(&campaign.campaign_id).is_none_or(|desk| desk.mode() != campaign.mode.0) {
                let desk = Desk::new(campaign.mode.0, mode, self.limits(campaign));
                self.take_up(campaign.campaign_id, desk).await?;
            }
            let free = self.free(campaign, now).await?;
            self.serve(campaign, &free, now).await?;
        }
        Ok(())
    }

    /// One campaign: who waits is connected or given up, and as many are dialed as pacing permits.
    async fn serve(
        &mut self,
        campaign: &CampaignRow,
        free: &[AgentId],
        now: Timestamp,
    ) -> Result<(), ReadError> {
        let id = campaign.campaign_id;
        let mut free = free.to_vec();
        let waiting = self.desks.get_mut(&id).map(|desk| {
            desk.freed(&free, now);
            desk.waiting()
        });
        for call in waiting.unwrap_or_default() {
            self.connect(id, call, &mut free, now).await;
        }
        for call in self.desks.get(&id).map(|desk| desk.overdue(now)).unwrap_or_default() {
            self.give_up(id, call).await;
        }
        let Some(desk) = self.desks.get(&id) else { return Ok(()) };
        let pace = desk.pace(free.len(), now);
        let (ringing, waiting) = desk.counts();
        let pacing = Pacing { at: now, pace, ledger: desk.ledger(), free: free.len(), ringing, waiting };
        self.around.board.note(id, pacing);
        self.dial(campaign, pace.dial, now).await
    }

    /// Forgets campaigns that are dialed no more. Calls under way end by themselves.
    fn close_desks(&mut self, running: &[CampaignRow]) {
        let board = &self.around.board;
        self.desks.retain(|id, desk| {
            let dialed = running.iter().any(|row| row.campaign_id == *id && paced(row.mode.0).is_some());
            let stays = dialed || !desk.flights.is_empty();
            if !stays {
                board.forget(*id);
            }
            stays
        });
    }

    /// The strictest share of abandoned calls that the published rules permit the campaign's own country; what the
    /// customers' countries ask beside it, their judgements say.
    fn limits(&self, campaign: &CampaignRow) -> Limits {
        let mut limits = Limits::default();
        for rule in self.around.rules.rules() {
            if rule.jurisdiction != "*" && rule.jurisdiction != campaign.jurisdiction {
                continue;
            }
            match &rule.check {
                Check::Abandonment { share_max, .. } => {
                    limits.abandonment_max = limits.abandonment_max.min(*share_max);
                }
                Check::Bridge { within } => limits.bridge_within = limits.bridge_within.min(*within),
                Check::PlaceKnown
                | Check::DoNotCall
                | Check::Consent
                | Check::Hours { .. }
                | Check::Holidays { .. }
                | Check::Refusal { .. }
                | Check::Calls { .. }
                | Check::AbandonedRedial { .. }
                | Check::Ring { .. } => {}
            }
        }
        limits
    }

    /// Agents who are free for a campaign, the longest idle first: those with its product among their skills.
    async fn free(&mut self, campaign: &CampaignRow, now: Timestamp) -> Result<Vec<AgentId>, ReadError> {
        let filter = AgentFilter {
            presences: vec![Presence::Available],
            skill: campaign.product.clone(),
            ..AgentFilter::default()
        };
        let mut rows: Vec<AgentRow> =
            self.around.reads.agents(&filter, &PageRequest::first(PAGE)).await?.rows();
        // Free since before the call that the agent was given means that the read model is behind.
        rows.retain(|row| self.taken.get(&row.agent_id).is_none_or(|taken| row.since > *taken));
        rows.sort_by_key(|row| (row.since, row.agent_id));
        self.taken.retain(|_, taken| now.since(*taken).0 < 3_600_000);
        Ok(rows.into_iter().map(|row| row.agent_id).collect())
    }

    /// Notes in the log what a line of this program tells.
    async fn note(&self, heard: Heard) {
        let (call, report) = match heard {
            Heard::Rang(call) => (call, Report::Rang),
            Heard::Answered(call, answerer) => (call, Report::Answered(answerer)),
            Heard::Ended(call, cause) => (call, Report::Ended(cause)),
        };
        self.report(call, report).await;
    }

    /// Learns what became of a call of its own; of others it learns nothing. Whatever ended otherwise than by the word of
    /// the switch, the line hangs up on.
    async fn learn(&mut self, recorded: &Recorded) {
        let now = self.around.clock.now();
        let Some(id) = recorded.stream.id::<CallId>() else { return };
        let event = &recorded.event;
        if event.event_type.as_str() == "call.ended" && event.cause.actor != cti::actor() {
            self.line.hang_up(id);
        }
        if self.desk_of(id).is_none() {
            return;
        }
        let events = match trunkline_domain::decode_as::<call::Event>(recorded) {
            Ok(events) => events,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "an event of a call cannot be read"
                );
                return;
            }
        };
        for event in events {
            let Some(desk) = self.desk_of(id) else { return };
            if let call::Event::Classified(call::Classified { answerer }) = event {
                self.answered(id, answerer, now).await;
            } else if let call::Event::Bridged(call::Bridged { agent: Some(agent), .. }) = event {
                desk.taken(id, agent, now);
            } else {
                desk.over(id, now);
            }
        }
    }

    async fn answered(&mut self, id: CallId, answerer: Answerer, now: Timestamp) {
        let Some(desk) = self.desk_of(id) else { return };
        if answerer == Answerer::Machine {
            desk.over(id, now);
            self.end(id, EndCause::Machine).await;
            return;
        }
        desk.answered(id, now);
        if let Err(error) = self.look().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the dialer cannot look who is free");
        }
    }

    fn desk_of(&mut self, call: CallId) -> Option<&mut Desk> {
        self.desks.values_mut().find(|desk| desk.flights.contains_key(&call))
    }

    /// Connects who waits with the agent who has been idle for longest.
    async fn connect(&mut self, campaign: CampaignId, call: CallId, free: &mut Vec<AgentId>, now: Timestamp) {
        while !free.is_empty() {
            let agent = free.remove(0);
            let bridged = call::Bridged { agent: Some(agent), waited_ms: None };
            if self.act(&BridgeCall { call, bridged }).await {
                self.taken.insert(agent, now);
                if let Some(desk) = self.desks.get_mut(&campaign) {
                    desk.taken(call, agent, now);
                }
                self.connect_line(call, agent).await;
                return;
            }
        }
    }

    /// Nobody is there for who waits.
    async fn give_up(&mut self, campaign: CampaignId, call: CallId) {
        if let Some(desk) = self.desks.get_mut(&campaign) {
            desk.abandoned(call);
        }
        self.end(call, EndCause::Abandoned).await;
    }

    /// Ends a call in which no agent was.
    async fn end(&self, call: CallId, cause: EndCause) {
        self.report(call, Report::Ended(cause)).await;
    }

    async fn report(&self, call: CallId, report: Report) {
        let policy = self.around.policy;
        self.act(&ReportCall { call, report, passed_over: Vec::new(), policy }).await;
    }

    /// Connects a call with the agent to whom the log has given it.
    async fn connect_line(&self, call: CallId, agent: AgentId) {
        match self.around.dispatcher.newest::<Agent>(agent).await {
            Ok(known) => {
                let extension = known.extension().map(str::to_owned);
                self.line.connect(call, Seat { agent, extension });
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "an agent cannot be connected");
                self.end(call, EndCause::Failed).await;
            }
        }
    }

    /// Whether it was carried out.
    async fn act<A: Action>(&self, action: &A) -> bool {
        match self.around.dispatcher.execute(Request::by(Actor::system(ACTOR)), action).await {
            Ok(_) => true,
            // Somebody was faster, or the read models were behind.
            Err(CommandError::Refused(refused)) => {
                tracing::debug!(code = refused.code, "a command of the dialer was refused");
                false
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a command of the dialer failed");
                false
            }
        }
    }
}
