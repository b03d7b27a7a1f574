//! The process manager that dials running campaigns: it looks who is free, takes the leads that are due, dials as many as
//! pacing permits, connects who answers with an agent, and ends what nobody takes.
//!
//! Everything that it does is a command like anybody's; what it knows beside the log, the calls under way and what was
//! learned from those that are over, it learns anew when it starts. One server dials: two would dial twice as much as
//! either thinks.

mod desk;
mod leads;
mod line;
mod simulated;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use trunkline_app::cases::{BridgeCall, ClassifyResult, EndCall};
use trunkline_app::{Action, CommandError, Dispatcher, Pacing, PacingBoard, Request, Single};
use trunkline_domain::Policy;
use trunkline_domain::agent::Presence;
use trunkline_domain::call::{self, Answerer, Call, CallState, EndCause};
use trunkline_domain::campaign::CampaignState;
use trunkline_domain::words::By;
use trunkline_kernel::{Actor, AgentId, CallId, CampaignId, Clock, Timestamp};
use trunkline_projections::agent_availability::AgentRow;
use trunkline_projections::outreach::CampaignRow;
use trunkline_projections::reads::{AgentFilter, CallFilter, DimensionFilter, ReadError};
use trunkline_projections::{PageRequest, ReadModels};
use trunkline_routing::compliance::{Check, RuleBook};
use trunkline_routing::pacing::Limits;

use desk::{Desk, paced};

pub use line::{Heard, Line, Order, Teller};
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
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// The numbers that rules turn on.
    pub policy: Policy,
    /// The rules that dials are judged by.
    pub rules: Arc<RuleBook>,
    /// Where it shows how campaigns are going.
    pub board: Arc<PacingBoard>,
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
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = ticks.tick() => {
                    if let Err(error) = self.look().await {
                        tracing::warn!(error = &error as &dyn std::error::Error, "the dialer cannot look around");
                    }
                }
                heard = self.heard.recv() => match heard {
                    Some(heard) => self.hear(heard).await,
                    None => return,
                },
            }
        }
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
                self.sweep(campaign.campaign_id).await?;
                let limits = self.limits(campaign);
                self.desks.insert(campaign.campaign_id, Desk::new(campaign.mode.0, mode, limits));
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

    /// Ends the calls of a campaign that an earlier run left on the way: nobody listens to them any more.
    async fn sweep(&self, campaign: CampaignId) -> Result<(), ReadError> {
        let filter = CallFilter {
            states: vec![CallState::Dialing, CallState::Ringing, CallState::Answered, CallState::Classified],
            dimensions: DimensionFilter { campaigns: vec![campaign], ..DimensionFilter::default() },
            ..CallFilter::default()
        };
        for row in self.around.reads.calls(&filter, &PageRequest::first(PAGE)).await?.rows() {
            self.end(row.call_id, EndCause::Failed).await;
        }
        Ok(())
    }

    /// Something happened on the line.
    async fn hear(&mut self, heard: Heard) {
        let now = self.around.clock.now();
        match heard {
            Heard::Rang(id) => drop(self.act(&Single::<Call> { id, command: call::Command::Ring }).await),
            Heard::Ended(id, cause) => {
                if let Some(desk) = self.desk_of(id) {
                    desk.rang(id, false, now);
                    desk.flights.remove(&id);
                }
                self.end(id, cause).await;
            }
            Heard::Answered(id, answerer) => {
                self.act(&Single::<Call> { id, command: call::Command::Answer }).await;
                let classified = call::Classified { answerer };
                self.act(&Single::<Call> { id, command: call::Command::Classify(classified) }).await;
                self.answered(id, answerer, now).await;
            }
        }
    }

    async fn answered(&mut self, id: CallId, answerer: Answerer, now: Timestamp) {
        let person = answerer != Answerer::Machine;
        let Some(desk) = self.desk_of(id) else { return };
        desk.rang(id, person, now);
        if !person {
            desk.flights.remove(&id);
            self.line.hang_up(id);
            self.end(id, EndCause::Machine).await;
        } else if let Err(error) = self.look().await {
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
                return;
            }
        }
    }

    /// Nobody is there for who waits.
    async fn give_up(&mut self, campaign: CampaignId, call: CallId) {
        if let Some(desk) = self.desks.get_mut(&campaign) {
            desk.abandoned(call);
        }
        self.line.hang_up(call);
        self.end(call, EndCause::Abandoned).await;
    }

    /// Ends a call in which no agent was, and classifies it by its cause.
    async fn end(&self, call: CallId, cause: EndCause) {
        let ended = call::Ended { cause, waited_ms: None };
        if !self.act(&EndCall { call, ended, policy: self.around.policy }).await {
            return;
        }
        let dispositioned = call::Dispositioned {
            disposition: cause.as_str().to_owned(),
            right_party: false,
            sale: false,
            do_not_call: false,
            callback_at: None,
            note: None,
            by: By::System,
            wrap_ms: None,
        };
        self.act(&ClassifyResult { call, dispositioned }).await;
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
