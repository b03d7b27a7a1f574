//! Whether a customer may be called now: the rules of `trunkline-routing`, held against what the log knows.

use std::collections::BTreeSet;
use std::sync::Arc;

use trunkline_domain::call::{Call, DialSlot, Judged, Ruling, RulingVerdict};
use trunkline_domain::campaign::Campaign;
use trunkline_domain::contact::{self, Contact};
use trunkline_domain::customer::{ConsentState, Customer};
use trunkline_domain::identifier::IdentifierId;
use trunkline_domain::lead::{Bar, BlockReason, Lead};
use trunkline_domain::listing::{self, Listing};
use trunkline_domain::words::{Channel, Purpose};
use trunkline_domain::{Policy, campaign};
use trunkline_kernel::{CampaignId, CustomerId, Timestamp};
use trunkline_routing::compliance::{
    Check, Consent, Facts, Judgement, PastCall, Place, Purpose as Asked, Rule, RuleBook, Verdict,
};

use trunkline_routing::AnswerChances;

use crate::{ActionError, Work};

/// The rules that look at more than the clock, by their permanent names.
const CONSENT: &str = "consent";
const WITHDRAWAL: &str = "withdrawal";
const DO_NOT_CALL: &str = "do-not-call";

/// What a dial is judged by.
#[derive(Clone, Debug)]
pub struct Judges {
    /// The rules.
    pub rules: Arc<RuleBook>,
    /// Whether silence counts as consent.
    pub policy: Policy,
    /// What is known of when people answer; nothing for whoever dials by hand.
    pub chances: Arc<AnswerChances>,
}

/// A judgement, and what it means for the lead.
pub(super) struct Judging {
    pub(super) judged: Judged,
    pub(super) barred: Option<Bar>,
    pub(super) slot: Option<DialSlot>,
}

/// All that a dial of a lead is judged by, as the log has it.
struct Known {
    customer: Customer,
    campaign_id: CampaignId,
    campaign: Campaign,
    place: Place,
    listed: Vec<String>,
    calls: Vec<PastCall>,
    consent: Consent,
    no_consent: Option<BlockReason>,
    requested: bool,
    agent_guaranteed: bool,
}

impl Known {
    /// Of a dial of this call, or of whichever number the lead can be dialed on when there is no call yet; `None` for a
    /// lead that nobody knows.
    async fn of(
        work: &mut Work<'_>,
        lead: &Lead,
        call: Option<(&Call, bool)>,
        rules: &RuleBook,
        policy: &Policy,
    ) -> Result<Option<Self>, ActionError> {
        let Some((id, campaign_id)) = lead.customer().zip(lead.campaign()) else { return Ok(None) };
        let customer = work.require::<Customer>(id).await?;
        let campaign = work.require::<Campaign>(campaign_id).await?;
        let numbers = match call.and_then(|(call, _)| call.number()) {
            Some((claim, region)) => vec![(claim, region.map(str::to_owned))],
            None => candidates(work, lead, &customer).await?,
        };
        let no_consent = customer.bar(campaign.purpose(), Channel::Call, work.now(), policy);
        let regions: Vec<&str> = numbers.iter().filter_map(|(_, region)| region.as_deref()).collect();
        Ok(Some(Self {
            place: rules.place(&regions, customer.region(), customer.time_zone()),
            listed: lists(work, &numbers).await?,
            calls: earlier_dials(work, id, campaign_id).await?,
            consent: consent(&customer, campaign.purpose(), work.now(), no_consent),
            no_consent,
            requested: lead.was_requested(),
            agent_guaranteed: call.is_some_and(|(call, guaranteed)| guaranteed || call.agent().is_some()),
            customer,
            campaign_id,
            campaign,
        }))
    }

    /// The same at a moment.
    fn facts(&self, at: Timestamp) -> Facts<'_> {
        Facts {
            at,
            place: &self.place,
            jurisdiction: self.campaign.jurisdiction(),
            purpose: asked(self.campaign.purpose()),
            consent: self.consent,
            do_not_call: !self.listed.is_empty(),
            refused_at: self.customer.refused_calls_at(),
            requested: self.requested,
            agent_guaranteed: self.agent_guaranteed,
            calls: &self.calls,
        }
    }

    /// What is to be expected of a moment. For a customer who refuses automated decisions nothing is.
    fn slot(&self, at: Timestamp, chances: &AnswerChances) -> Option<DialSlot> {
        let slot = self.place.slot(at)?;
        let scored = !self.customer.refuses_automated_decisions();
        let least = self.campaign.attempts().answer_chance_min;
        let chance = chances.of(self.campaign_id, slot).filter(|_| scored).map(rounded);
        Some(DialSlot { hour: slot.hour, weekend: slot.weekend, chance, least })
    }
}

/// To four decimals: more is not known, and events stay readable.
fn rounded(chance: f64) -> f64 {
    (chance * 10_000.0).round() / 10_000.0
}

/// Holds a dial of the lead against the rules: of this call, with whether an agent is guaranteed although the call is not
/// meant for one; or of whichever number it can be dialed on when there is no call yet. Everything that the judgement rests
/// on is still so when the append commits. `None` for a lead that nobody knows, which the lead itself refuses.
pub(super) async fn judge(
    work: &mut Work<'_>,
    lead: &Lead,
    call: Option<(&Call, bool)>,
    judges: &Judges,
) -> Result<Option<Judging>, ActionError> {
    let Judges { rules, policy, chances } = judges;
    let Some(known) = Known::of(work, lead, call, rules, policy).await? else { return Ok(None) };
    let facts = known.facts(work.now());
    let judgement = rules.judge_with(&facts, &own_rules(&known.campaign));
    let judged = kept(&facts, known.campaign.purpose(), known.listed.clone(), &judgement);
    let barred = judged.barred_by().map(|ruling| meaning(&judged, ruling, known.no_consent));
    let slot = known.slot(work.now(), chances);
    Ok(Some(Judging { judged, barred, slot }))
}

/// When a lead that could be dialed now had better be dialed: at the first hour of the customer's day or the next that is
/// lawful and promises as much as the campaign asks, when this one promises less. Nothing for a call that the customer asked
/// for, and for a lead that has waited already.
pub(super) async fn better_hour(
    work: &mut Work<'_>,
    lead: &Lead,
    judges: &Judges,
) -> Result<Option<Timestamp>, ActionError> {
    let Judges { rules, policy, chances } = judges;
    if lead.was_requested() || lead.has_waited() {
        return Ok(None);
    }
    let Some(known) = Known::of(work, lead, None, rules, policy).await? else { return Ok(None) };
    let now = work.now();
    if !known.slot(now, chances).is_some_and(|slot| slot.is_poor()) {
        return Ok(None);
    }
    let own = own_rules(&known.campaign);
    let is_better = |at: &Timestamp| {
        let slot = known.slot(*at, chances);
        let promises = slot.is_some_and(|slot| slot.chance.is_some() && !slot.is_poor());
        promises && rules.judge_with(&known.facts(*at), &own).is_permitted()
    };
    Ok(known.place.hours_ahead(now).find(is_better))
}

/// What a ruling that bars the call means for its lead.
fn meaning(judged: &Judged, ruling: &Ruling, no_consent: Option<BlockReason>) -> Bar {
    match judged.again_at() {
        Some(at) => Bar::Until { at, rule: ruling.rule.clone() },
        None if ruling.rule == DO_NOT_CALL => Bar::ForGood(BlockReason::List),
        None if ruling.rule == CONSENT || ruling.rule == WITHDRAWAL => {
            Bar::ForGood(no_consent.unwrap_or(BlockReason::NoConsent))
        }
        None => Bar::ForGood(BlockReason::Rule),
    }
}

/// The customer's numbers that a lead may be dialed on, with their regions: those that exist and that nobody has listed,
/// or all that exist when every one is listed, so that the judgement says so.
pub(super) async fn candidates(
    work: &mut Work<'_>,
    lead: &Lead,
    customer: &Customer,
) -> Result<Vec<(IdentifierId, Option<String>)>, ActionError> {
    let mut existing = customer.phones().to_vec();
    existing.retain(|(claim, _)| !lead.is_invalid(*claim));
    let mut free = Vec::new();
    for number in &existing {
        if lists(work, std::slice::from_ref(number)).await?.is_empty() {
            free.push(number.clone());
        }
    }
    Ok(if free.is_empty() { existing } else { free })
}

async fn lists(
    work: &mut Work<'_>,
    numbers: &[(IdentifierId, Option<String>)],
) -> Result<Vec<String>, ActionError> {
    let mut listed = BTreeSet::new();
    for (number, _) in numbers {
        listed.extend(work.require::<Listing>(listing::of(*number)).await?.lists().iter().cloned());
    }
    Ok(listed.into_iter().collect())
}

async fn earlier_dials(
    work: &mut Work<'_>,
    customer: CustomerId,
    campaign: CampaignId,
) -> Result<Vec<PastCall>, ActionError> {
    let contact = work.require::<Contact>(contact::of(customer)).await?;
    Ok(contact.dials().map(|dial| past(dial, Some(campaign))).collect())
}

/// A dial as the rules look at it, asked for a campaign.
fn past(dial: &contact::Dial, campaign: Option<CampaignId>) -> PastCall {
    PastCall {
        at: dial.at,
        connected: dial.reached,
        abandoned: dial.abandoned,
        of_campaign: dial.campaign == campaign,
    }
}

/// The campaign's hours and its cap for a day, as rules like any other.
fn own_rules(campaign: &Campaign) -> [Rule; 2] {
    let campaign::CallingHours { from_minute, until_minute, weekdays } = campaign.hours();
    let hours = Check::Hours {
        from_minute: *from_minute,
        until_minute: *until_minute,
        weekdays: weekdays.iter().copied().collect(),
        unless_requested: false,
    };
    let max = u32::from(campaign.attempts().attempts_per_day_max);
    let attempts = Check::Calls { max, days: 1, connected: false, campaign: true };
    [("campaign-hours", hours), ("campaign-attempts", attempts)].map(|(id, check)| Rule {
        id: id.to_owned(),
        version: campaign.policy_version(),
        jurisdiction: "*".to_owned(),
        purposes: BTreeSet::new(),
        source: "the campaign's own policy".to_owned(),
        check,
    })
}

/// What the customer said to calls of a purpose, of which this bars them. Silence is consent to selling where the company takes
/// it for one; to anything else it is silence, which bars nothing.
fn consent(customer: &Customer, purpose: Purpose, now: Timestamp, bar: Option<BlockReason>) -> Consent {
    let said = customer.consent(purpose, Channel::Call);
    let holds = said.state == ConsentState::Granted && said.until.is_none_or(|until| until > now);
    match bar {
        None if holds || purpose == Purpose::Marketing => Consent::Granted,
        None | Some(BlockReason::NoConsent) => Consent::Unknown,
        Some(_) => Consent::Withdrawn,
    }
}

/// A purpose in the words of the rules.
pub fn asked(purpose: Purpose) -> Asked {
    match purpose {
        Purpose::Marketing => Asked::Marketing,
        Purpose::Service | Purpose::AutomatedDecision => Asked::Service,
        Purpose::Survey => Asked::Survey,
        Purpose::Collection => Asked::Collection,
    }
}

/// The judgement as it goes into the log.
fn kept(facts: &Facts<'_>, purpose: Purpose, listed: Vec<String>, judgement: &Judgement) -> Judged {
    let rulings = judgement.rulings.iter().map(|ruling| {
        let kept = |verdict| Ruling {
            rule: ruling.rule.clone(),
            version: ruling.version,
            verdict,
            until: None,
            ring_least_ms: None,
            bridge_within_ms: None,
            abandonment_max: None,
        };
        let conditional = || kept(RulingVerdict::Conditional);
        match ruling.verdict {
            Verdict::Permitted => kept(RulingVerdict::Permitted),
            Verdict::Barred { until } => Ruling { until, ..kept(RulingVerdict::Barred) },
            Verdict::Ring { least } => Ruling { ring_least_ms: Some(least), ..conditional() },
            Verdict::Bridge { within } => Ruling { bridge_within_ms: Some(within), ..conditional() },
            Verdict::Abandonment { share_max, .. } => {
                Ruling { abandonment_max: Some(share_max), ..conditional() }
            }
        }
    });
    Judged {
        purpose,
        jurisdiction: facts.jurisdiction.to_owned(),
        countries: facts.place.countries(),
        zones: facts.place.zones(),
        consented: facts.consent == Consent::Granted,
        listed,
        refused_at: facts.refused_at,
        requested: facts.requested,
        agent_guaranteed: facts.agent_guaranteed,
        earlier_dials: u32::try_from(facts.calls.len()).unwrap_or(u32::MAX),
        rulings: rulings.collect(),
    }
}

/// What other rules would have said to a dial that was judged at `at`, with the customer's dials until then.
///
/// # Errors
/// When the judgement names a time zone that there is not.
pub fn judge_again(
    judged: &Judged,
    at: Timestamp,
    campaign: Option<CampaignId>,
    dials: &Contact,
    rules: &RuleBook,
) -> Result<Judgement, trunkline_routing::compliance::InvalidRules> {
    let place = Place::recorded(&judged.countries, &judged.zones)?;
    let earlier = dials.dials().filter(|dial| dial.at < at);
    let calls: Vec<PastCall> = earlier.map(|dial| past(dial, campaign)).collect();
    Ok(rules.judge(&Facts {
        at,
        place: &place,
        jurisdiction: &judged.jurisdiction,
        purpose: asked(judged.purpose),
        consent: if judged.consented { Consent::Granted } else { Consent::Unknown },
        do_not_call: !judged.listed.is_empty(),
        refused_at: judged.refused_at,
        requested: judged.requested,
        agent_guaranteed: judged.agent_guaranteed,
        calls: &calls,
    }))
}
