//! One look at the campaigns: who is free, who waits, how many may be dialed.

use std::collections::BTreeSet;
use std::sync::Arc;

use trunkline_app::Pacing;
use trunkline_app::cases::asked;
use trunkline_domain::call::BRIDGE_WITHIN;
use trunkline_domain::campaign::CampaignState;
use trunkline_domain::routing::Needs;
use trunkline_kernel::{AgentId, CampaignId, Timestamp};
use trunkline_projections::PageRequest;
use trunkline_projections::kpi::AnswerRow;
use trunkline_projections::outreach::CampaignRow;
use trunkline_projections::reads::{LiveAnswers, ReadError};
use trunkline_routing::compliance::{AbandonmentBound, Check, RuleBook};
use trunkline_routing::pacing::{Ledger, Limits};
use trunkline_routing::{AnswerChances, Answers, Slot};

use crate::desk::{Desk, paced};
use crate::shared::{Rival, promised};
use crate::{Dialer, PAGE, Trouble};

/// How many campaigns are dialed at once; of more, those with the lowest ids, which are the oldest.
const CAMPAIGNS_MAX: usize = 500;

impl Dialer {
    /// Looks at every campaign once: at those that are to be dialed, and at those that are so no more, paused, stopped or
    /// dialed by people now, and have calls under way. Whoever answers one is served as before.
    pub(crate) async fn look(&mut self) -> Result<(), Trouble> {
        let now = self.around.clock.now();
        let mut dialed = self.dialed().await?;
        self.close_desks(&dialed);
        let is_dialed = |id: &CampaignId| dialed.iter().any(|campaign| campaign.campaign_id == *id);
        let halted: Vec<CampaignId> = self.desks.keys().copied().filter(|id| !is_dialed(id)).collect();
        let halted = self.campaigns(&halted).await?;
        for campaign in &dialed {
            self.open_desk(campaign);
        }
        self.study(now).await?;
        for campaign in dialed.iter().chain(&halted) {
            self.serve(campaign, now).await;
            self.follow_shown(campaign.campaign_id).await?;
        }
        dialed.sort_by_key(|row| self.desks.get(&row.campaign_id).map(|desk| desk.turn_of(now)));
        for campaign in &dialed {
            let count = self.pace(campaign.campaign_id, now);
            self.dial(campaign, count, now).await?;
        }
        for campaign in &halted {
            self.pace(campaign.campaign_id, now);
        }
        Ok(())
    }

    /// The campaigns that are to be dialed, [`CAMPAIGNS_MAX`] at most.
    async fn dialed(&self) -> Result<Vec<CampaignRow>, ReadError> {
        let (mut dialed, mut page) = (Vec::new(), PageRequest::first(PAGE));
        loop {
            let found = self.around.reads.campaigns(&[CampaignState::Running], &page).await?;
            let last = found.edges.last().map(|edge| edge.cursor.clone());
            dialed.extend(found.rows().into_iter().filter(|row| paced(row.mode.0).is_some()));
            let Some(last) = last else { return Ok(dialed) };
            if dialed.len() > CAMPAIGNS_MAX {
                tracing::warn!(
                    most = CAMPAIGNS_MAX,
                    "not every running campaign is dialed: there are too many"
                );
                dialed.truncate(CAMPAIGNS_MAX);
                return Ok(dialed);
            }
            page = PageRequest::first(PAGE).after(last);
        }
    }

    /// The desk of a campaign, paced as its mode asks now.
    pub(crate) fn open_desk(&mut self, campaign: &CampaignRow) -> &mut Desk {
        let (limits, bound) = limits(&self.around.rules, campaign);
        let desk = self.desks.entry(campaign.campaign_id).or_insert_with(|| Desk::new(limits, bound));
        if let Some(mode) = paced(campaign.mode.0) {
            desk.turn(mode);
        }
        desk
    }

    /// Learns from the read models what calls that are over teach: once for every desk, and again from time to time. What
    /// was abandoned is the figure that supervisors see, so that old days fall out of it and nothing that another server
    /// noted is missing.
    async fn study(&mut self, now: Timestamp) -> Result<(), ReadError> {
        let known = self.desks.keys().all(|id| self.studied.contains(id));
        if known && self.study_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        let ids: Vec<CampaignId> = self.desks.keys().copied().collect();
        let reads = &self.around.reads;
        let answers: Vec<Answers> = reads.answers(&ids).await?.iter().filter_map(answers).collect();
        self.chances = Arc::new(AnswerChances::learn(&answers));
        let windows: BTreeSet<u32> = self.desks.values().map(Desk::days).collect();
        for days in windows {
            let counted = reads.live_answers(&ids, days, now).await?;
            for (id, desk) in self.desks.iter_mut().filter(|(_, desk)| desk.days() == days) {
                let counted = counted.iter().find(|counted| counted.campaign == *id);
                desk.remember(counted.map(ledger).unwrap_or_default());
            }
        }
        self.studied = ids.into_iter().collect();
        self.study_at = Some(now.plus(self.around.study_every));
        Ok(())
    }

    /// One campaign: who waits is connected or given up.
    async fn serve(&mut self, campaign: &CampaignRow, now: Timestamp) {
        let id = campaign.campaign_id;
        let free = self.free(campaign);
        let waiting = self.desks.get_mut(&id).map(|desk| {
            desk.freed(free, now);
            desk.waiting()
        });
        for (since, call) in waiting.unwrap_or_default() {
            self.connect(campaign, call, since).await;
        }
        for call in self.desks.get(&id).map(|desk| desk.overdue(now)).unwrap_or_default() {
            self.give_up(id, call).await;
        }
    }

    /// How many calls of a campaign may be dialed beside those under way, its own and those of others with the same agents.
    fn pace(&self, id: CampaignId, now: Timestamp) -> usize {
        let Some(desk) = self.desks.get(&id) else { return 0 };
        let rivals = self.desks.iter().filter(|(other, _)| **other != id);
        let rivals: Vec<Rival<'_>> =
            rivals.map(|(_, desk)| Rival { free: &desk.free, wanted: desk.wanted(now) }).collect();
        let free = desk.free.len() - promised(&desk.free, &rivals);
        let pace = desk.pace(free, now);
        let (ringing, waiting) = desk.counts();
        let (ledger, bound) = (desk.ledger(), desk.bound().cloned());
        let pacing = Pacing { at: now, pace, ledger, bound, free, ringing, waiting };
        self.around.board.note(id, pacing);
        pace.dial
    }

    /// Forgets campaigns that are dialed no more and have no calls under way.
    fn close_desks(&mut self, dialed: &[CampaignRow]) {
        let board = &self.around.board;
        self.desks.retain(|id, desk| {
            let stays = dialed.iter().any(|row| row.campaign_id == *id) || !desk.flights.is_empty();
            if !stays {
                board.forget(*id);
            }
            stays
        });
    }

    /// Agents who are free for a campaign: those who may take its calls by the hard constraints of the matching.
    fn free(&self, campaign: &CampaignRow) -> BTreeSet<AgentId> {
        let (product, queue) = (campaign.product.as_ref(), campaign.queue.as_ref());
        self.around.router.free_for(product, queue, needs(campaign)).into_iter().collect()
    }
}

/// What the agents of a campaign must have: its product among their skills.
pub(crate) fn needs(campaign: &CampaignRow) -> Needs {
    Needs {
        skills: campaign.product.iter().map(|product| (product.clone(), 1)).collect(),
        ..Needs::default()
    }
}

/// What the rules of the campaign's own country ask of its pacing: the strictest share of abandoned calls, counted by that
/// country's formula, and the shortest time to connect; what the customers' countries ask beside it, their judgements say.
fn limits(rules: &RuleBook, campaign: &CampaignRow) -> (Limits, Option<AbandonmentBound>) {
    let (jurisdiction, purpose) = (campaign.jurisdiction.as_str(), asked(campaign.purpose.0));
    let mut limits = Limits { bridge_within: BRIDGE_WITHIN, ..Limits::default() };
    for rule in rules.of_campaign(jurisdiction, purpose) {
        if let Check::Bridge { within } = &rule.check {
            limits.bridge_within = limits.bridge_within.min(*within);
        }
    }
    let bound = rules.abandonment(jurisdiction, purpose);
    if let Some(bound) = &bound {
        limits.abandonment_max = limits.abandonment_max.min(bound.share_max);
        limits.formula = bound.formula;
    }
    (limits, bound)
}

fn ledger(counted: &LiveAnswers) -> Ledger {
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Ledger {
        answered: count(counted.answered),
        abandoned: count(counted.abandoned),
        passed: count(counted.passed),
        machines: count(counted.machines),
    }
}

fn answers(row: &AnswerRow) -> Option<Answers> {
    let count = |number: i64| u64::try_from(number).ok();
    let slot = Slot { weekend: row.weekend, hour: u8::try_from(row.hour).ok()? };
    Some(Answers {
        campaign: row.campaign_id,
        slot,
        dials: count(row.dials)?,
        answered: count(row.answered)?,
    })
}
