//! A list, a script, a dialing mode, an attempt policy and calling hours.

mod events;
mod refusal;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use trunkline_kernel::{Aggregate, CampaignId, Category, Millis, State as _, Tag, Timestamp};

use crate::lead::AttemptOutcome;
use crate::limits;
use crate::words::Purpose;

pub use events::*;
pub use refusal::Refusal;

/// The minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

machine! {
    /// Whether a campaign dials.
    CampaignState of "campaign" starts Draft {
        /// Drawn up, not yet dialing.
        Draft = "DRAFT" {
            "started" => Running,
            "stopped" => Stopped,
            "policy_changed" => Draft,
        }
        /// Dialing.
        Running = "RUNNING" {
            "paused" => Paused,
            "stopped" => Stopped,
            "policy_changed" => Running,
        }
        /// Interrupted.
        Paused = "PAUSED" {
            "resumed" => Running,
            "stopped" => Stopped,
            "policy_changed" => Paused,
        }
        /// Over for good.
        Stopped = "STOPPED" {}
    }
}

/// What can be asked of a campaign.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Draw it up.
    Create(Created),
    /// Change its rules.
    ChangePolicy(PolicyChanged),
    /// Begin to dial.
    Start,
    /// Interrupt dialing.
    Pause(Paused),
    /// Go on dialing.
    Resume,
    /// End it for good.
    Stop(Stopped),
}

/// A list, a script, a dialing mode, an attempt policy and calling hours.
#[derive(Clone, Debug, Default)]
pub struct Campaign {
    exists: bool,
    state: CampaignState,
    attempts: AttemptPolicy,
    hours: CallingHours,
    jurisdiction: String,
    product: Option<String>,
    queue: Option<String>,
    purpose: Option<Purpose>,
    policy_version: u32,
}

impl Campaign {
    /// Whether it was drawn up.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// Whether it dials.
    pub fn state(&self) -> CampaignState {
        self.state
    }

    /// How often and how soon its leads are tried.
    pub fn attempts(&self) -> &AttemptPolicy {
        &self.attempts
    }

    /// When its customers may be called.
    pub fn hours(&self) -> &CallingHours {
        &self.hours
    }

    /// Whose law holds, as ISO 3166.
    pub fn jurisdiction(&self) -> &str {
        &self.jurisdiction
    }

    /// What its calls are about.
    pub fn product(&self) -> Option<&String> {
        self.product.as_ref()
    }

    /// The queue that its calls are meant for.
    pub fn queue(&self) -> Option<&String> {
        self.queue.as_ref()
    }

    /// What its customers are called for.
    pub fn purpose(&self) -> Purpose {
        self.purpose.unwrap_or(Purpose::Marketing)
    }

    /// How often its rules were set: 1 as it was drawn up, one more with every change.
    pub fn policy_version(&self) -> u32 {
        self.policy_version
    }

    /// Emits the event when the machine permits it.
    fn emit(&self, event: Event, refusal: fn(CampaignState) -> Refusal) -> Result<Vec<Event>, Refusal> {
        match CampaignState::MACHINE.step(self.state, event.verb()) {
            Ok(_) => Ok(vec![event]),
            Err(_) if self.state == CampaignState::Stopped => Err(Refusal::Stopped),
            Err(_) => Err(refusal(self.state)),
        }
    }
}

fn check_attempts(policy: &AttemptPolicy) -> Result<(), Refusal> {
    let outcomes: BTreeSet<AttemptOutcome> = policy.rests.iter().map(|rest| rest.outcome).collect();
    let rests_hold = outcomes.len() == policy.rests.len()
        && policy.rests.iter().all(|rest| rest.rest_ms >= Millis::ZERO)
        && policy.retry_after_ms >= Millis::ZERO;
    let chance_holds = policy.answer_chance_min.is_none_or(|chance| chance > 0.0 && chance < 1.0);
    let holds = policy.attempts_max > 0 && policy.attempts_per_day_max > 0 && rests_hold && chance_holds;
    if holds { Ok(()) } else { Err(Refusal::AttemptsInvalid) }
}

fn check_hours(hours: &CallingHours) -> Result<(), Refusal> {
    let days_hold = !hours.weekdays.is_empty() && hours.weekdays.iter().all(|day| (1..=7).contains(day));
    let holds = hours.from_minute < hours.until_minute && hours.until_minute <= DAY_MINUTES && days_hold;
    if holds { Ok(()) } else { Err(Refusal::HoursInvalid) }
}

fn check_created(created: &Created) -> Result<(), Refusal> {
    limits::word("name", &created.name)?;
    limits::word_if_any("product", created.product.as_ref())?;
    limits::word_if_any("queue", created.queue.as_ref())?;
    limits::plain_text("script", created.script.as_ref())?;
    check_attempts(&created.attempts)?;
    check_hours(&created.hours)?;
    if created.purpose() == Purpose::AutomatedDecision {
        return Err(Refusal::PurposeInvalid);
    }
    let country = created.jurisdiction.as_bytes();
    let country_holds = country.len() == 2 && country.iter().all(u8::is_ascii_uppercase);
    if country_holds { Ok(()) } else { Err(Refusal::JurisdictionInvalid) }
}

fn check_change(change: &PolicyChanged) -> Result<(), Refusal> {
    let PolicyChanged { mode, script, attempts, hours } = change;
    if mode.is_none() && script.is_none() && attempts.is_none() && hours.is_none() {
        return Err(limits::InvalidInput::NoChange("input").into());
    }
    limits::plain_text("script", script.as_ref())?;
    attempts.as_ref().map_or(Ok(()), check_attempts)?;
    hours.as_ref().map_or(Ok(()), check_hours)
}

impl Aggregate for Campaign {
    const CATEGORY: Category = Category::new("campaign");
    type Id = CampaignId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match (matches!(command, Command::Create(_)), self.exists) {
            (true, true) => return Err(Refusal::AlreadyExists),
            (false, false) => return Err(Refusal::Unknown),
            (true, false) | (false, true) => {}
        }
        match command {
            Command::Create(created) => {
                check_created(&created)?;
                Ok(vec![created.into()])
            }
            Command::ChangePolicy(change) => {
                check_change(&change)?;
                self.emit(change.into(), |_| Refusal::Stopped)
            }
            Command::Start => self.emit(Started {}.into(), Refusal::NotDraft),
            Command::Pause(paused) => self.emit(paused.into(), Refusal::NotRunning),
            Command::Resume => self.emit(Resumed {}.into(), Refusal::NotPaused),
            Command::Stop(stopped) => self.emit(stopped.into(), |_| Refusal::Stopped),
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        match event {
            Event::Created(created) => {
                self.exists = true;
                self.policy_version = 1;
                self.attempts = created.attempts.clone();
                self.hours = created.hours.clone();
                self.jurisdiction.clone_from(&created.jurisdiction);
                self.product.clone_from(&created.product);
                self.queue.clone_from(&created.queue);
                self.purpose = created.purpose;
            }
            Event::PolicyChanged(change) => {
                self.policy_version = self.policy_version.saturating_add(1);
                self.attempts = change.attempts.as_ref().unwrap_or(&self.attempts).clone();
                self.hours = change.hours.as_ref().unwrap_or(&self.hours).clone();
            }
            Event::Started(_) | Event::Paused(_) | Event::Resumed(_) | Event::Stopped(_) => {}
        }
        self.state = CampaignState::MACHINE.step(self.state, event.verb()).unwrap_or(self.state);
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        Vec::new()
    }
}
