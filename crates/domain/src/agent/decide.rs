//! The rules of an agent.

use std::collections::{BTreeMap, BTreeSet};

use trunkline_kernel::{AgentId, Aggregate, CallId, Category, ReservationId, State as _, Tag, Timestamp};

use super::*;
use crate::limits;
use crate::policy::Policy;

/// The highest level of a skill.
const SKILL_LEVEL_MAX: u8 = 5;
/// The most shifts of one agent.
const SHIFTS_MAX: usize = 50;
/// The minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;
/// The most pieces of work at once.
const CAPACITY_MAX: u16 = 100;

fn check_skills(skills: &BTreeMap<String, u8>) -> Result<(), Refusal> {
    limits::keys("skills", skills)?;
    let holds = skills.values().all(|level| (1..=SKILL_LEVEL_MAX).contains(level));
    Ok(limits::range("skills", holds)?)
}

fn check_languages(languages: &BTreeSet<String>) -> Result<(), Refusal> {
    limits::count("languages", languages.len())?;
    Ok(languages.iter().try_for_each(|language| limits::word("languages", language))?)
}

fn check_licences(licences: &BTreeMap<String, Validity>) -> Result<(), Refusal> {
    limits::keys("licences", licences)?;
    let ever =
        |validity: &Validity| validity.from.zip(validity.until).is_none_or(|(from, until)| from < until);
    Ok(limits::range("licences", licences.values().all(ever))?)
}

fn check_shifts(shifts: &[Shift]) -> Result<(), Refusal> {
    let holds = |shift: &Shift| {
        let Shift { time_zone, weekdays, from_minute, until_minute } = shift;
        let days_hold = !weekdays.is_empty() && weekdays.iter().all(|day| (1..=7).contains(day));
        let minutes_hold = *from_minute < DAY_MINUTES && (1..=DAY_MINUTES).contains(until_minute);
        days_hold && minutes_hold && time_zone.parse::<chrono_tz::Tz>().is_ok()
    };
    if shifts.len() <= SHIFTS_MAX && shifts.iter().all(holds) { Ok(()) } else { Err(Refusal::ShiftInvalid) }
}

fn check_registered(registered: &Registered) -> Result<(), Refusal> {
    limits::name("name", &registered.name)?;
    limits::word_if_any("team", registered.team.as_ref())?;
    limits::word_if_any("extension", registered.extension.as_ref())?;
    limits::range("capacity", (1..=CAPACITY_MAX).contains(&registered.capacity))?;
    check_skills(&registered.skills)?;
    check_languages(&registered.languages)?;
    check_licences(&registered.licences)?;
    check_shifts(&registered.shifts)
}

fn check_change(change: &ProfileChanged) -> Result<(), Refusal> {
    let ProfileChanged { name, team, skills, languages, capacity, extension, licences, shifts } = change;
    let same = name.is_none() && team.is_none() && skills.is_none() && languages.is_none();
    if same && capacity.is_none() && extension.is_none() && licences.is_none() && shifts.is_none() {
        return Err(limits::InvalidInput::NoChange("input").into());
    }
    if let Some(name) = name {
        limits::name("name", name)?;
    }
    limits::word_if_any("team", team.as_ref())?;
    limits::word_if_any("extension", extension.as_ref())?;
    limits::range("capacity", capacity.is_none_or(|capacity| (1..=CAPACITY_MAX).contains(&capacity)))?;
    skills.as_ref().map_or(Ok(()), check_skills)?;
    languages.as_ref().map_or(Ok(()), check_languages)?;
    licences.as_ref().map_or(Ok(()), check_licences)?;
    shifts.as_deref().map_or(Ok(()), check_shifts)
}

impl Agent {
    /// Emits the event when the machine permits it.
    fn emit(&self, event: Event, refusal: fn(Presence) -> Refusal) -> Result<Vec<Event>, Refusal> {
        match Presence::MACHINE.step(self.presence, event.verb()) {
            Ok(_) => Ok(vec![event]),
            Err(_) if self.presence == Presence::Offline => Err(Refusal::Offline),
            Err(_) => Err(refusal(self.presence)),
        }
    }

    /// Emits what leads to available, and the requested pause after it.
    fn emit_free(&self, event: Event, refusal: fn(Presence) -> Refusal) -> Result<Vec<Event>, Refusal> {
        let mut events = self.emit(event, refusal)?;
        events.extend(self.pause_requested.map(|reason| Paused { reason }.into()));
        Ok(events)
    }

    /// The present offer, when it is the one that the caller means.
    fn offer_of(&self, reservation: ReservationId) -> Result<&Offer, Refusal> {
        match &self.offer {
            Some(offer) if offer.reservation == reservation => Ok(offer),
            Some(_) => Err(Refusal::OfferStale),
            None if self.presence == Presence::Offline => Err(Refusal::Offline),
            None => Err(Refusal::NotReserved(self.presence)),
        }
    }

    /// The present offer, when the caller has its token and it stands.
    fn offer_under(&self, token: u64, now: Timestamp) -> Result<&Offer, Refusal> {
        match &self.offer {
            Some(offer) if offer.token != token => Err(Refusal::OfferStale),
            Some(offer) if self.presence == Presence::Reserved && now >= offer.expires_at => {
                Err(Refusal::OfferExpired)
            }
            Some(offer) => Ok(offer),
            None if token <= self.last_token => Err(Refusal::OfferStale),
            None => Err(Refusal::NotReserved(self.presence)),
        }
    }

    fn in_call(&self, call: CallId) -> Result<(), Refusal> {
        if self.call == Some(call) { Ok(()) } else { Err(Refusal::CallMismatch) }
    }

    fn make_available(&self) -> Result<Vec<Event>, Refusal> {
        match self.presence {
            Presence::Available => Err(Refusal::AlreadyAvailable),
            Presence::Offline | Presence::Paused => self.emit(MadeAvailable {}.into(), Refusal::Busy),
            Presence::Reserved
            | Presence::Preview
            | Presence::Ringing
            | Presence::Talking
            | Presence::Holding
            | Presence::Wrapping => match self.pause_requested {
                Some(_) => self.emit(PauseRequestCancelled {}.into(), Refusal::Busy),
                None => Err(Refusal::NoPauseRequested(self.presence)),
            },
        }
    }

    fn pause(&self, reason: PauseReason) -> Result<Vec<Event>, Refusal> {
        match self.presence {
            Presence::Offline | Presence::Paused | Presence::Available => {
                self.emit(Paused { reason }.into(), Refusal::Busy)
            }
            Presence::Reserved
            | Presence::Preview
            | Presence::Ringing
            | Presence::Talking
            | Presence::Holding
            | Presence::Wrapping => self.emit(PauseRequested { reason }.into(), Refusal::Busy),
        }
    }

    fn reserve(
        &self,
        now: Timestamp,
        reservation: ReservationId,
        work: Work,
        policy: Policy,
    ) -> Result<Vec<Event>, Refusal> {
        let token = self.last_token + 1;
        let expires_at = now.plus(policy.offer);
        let reserved = Reserved { reservation, work, token, expires_at };
        let events = self.emit(reserved.into(), Refusal::NotAvailable)?;
        if expires_at > now { Ok(events) } else { Err(Refusal::OfferExpiryPast) }
    }

    fn miss_offer(
        &self,
        now: Timestamp,
        reservation: ReservationId,
        policy: Policy,
    ) -> Result<Vec<Event>, Refusal> {
        let offer = self.offer_of(reservation)?;
        let missed = self.missed.saturating_add(1);
        let event = OfferMissed { reservation, missed };
        let mut events = self.emit(event.into(), Refusal::NotReserved)?;
        if now < offer.expires_at {
            return Err(Refusal::OfferNotExpired);
        }
        let pause = match self.pause_requested {
            None if missed >= policy.missed_offers_max => Some(PauseReason::MissedOffers),
            requested => requested,
        };
        events.extend(pause.map(|reason| Paused { reason }.into()));
        Ok(events)
    }

    fn start_work(&self, now: Timestamp, call: CallId, token: Option<u64>) -> Result<Vec<Event>, Refusal> {
        let events = self.emit(WorkStarted { call }.into(), Refusal::NotAvailable)?;
        match token {
            Some(token) => {
                let offer = self.offer_under(token, now)?;
                let same = !matches!(offer.work, Work::Call(offered) if offered != call);
                if same { Ok(events) } else { Err(Refusal::WorkMismatch) }
            }
            None if self.presence == Presence::Available => Ok(events),
            None => Err(Refusal::OfferStale),
        }
    }

    fn lose_heartbeat(
        &self,
        now: Timestamp,
        last_heard: Timestamp,
        policy: Policy,
    ) -> Result<Vec<Event>, Refusal> {
        let events = self.emit(SignedOut { cause: SignOutCause::HeartbeatLost }.into(), Refusal::Busy)?;
        if now.since(last_heard) < policy.heartbeat { Err(Refusal::HeartbeatFresh) } else { Ok(events) }
    }

    fn sign_out(&self) -> Result<Vec<Event>, Refusal> {
        match self.presence {
            Presence::Offline | Presence::Paused | Presence::Available => {
                self.emit(SignedOut { cause: SignOutCause::Requested }.into(), Refusal::Busy)
            }
            Presence::Reserved
            | Presence::Preview
            | Presence::Ringing
            | Presence::Talking
            | Presence::Holding
            | Presence::Wrapping => Err(Refusal::Busy(self.presence)),
        }
    }
}

impl Aggregate for Agent {
    const CATEGORY: Category = Category::new("agent");
    type Id = AgentId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match (matches!(command, Command::Register(_)), self.exists) {
            (true, true) => return Err(Refusal::AlreadyExists),
            (false, false) => return Err(Refusal::Unknown),
            (true, false) | (false, true) => {}
        }
        match command {
            Command::Register(registered) => {
                check_registered(&registered)?;
                Ok(vec![registered.into()])
            }
            Command::ChangeProfile(change) => {
                check_change(&change)?;
                Ok(vec![change.into()])
            }
            Command::SignIn => {
                let mut events = self.emit(SignedIn {}.into(), Refusal::AlreadySignedIn)?;
                events.push(Paused { reason: PauseReason::SignedIn }.into());
                Ok(events)
            }
            Command::MakeAvailable => self.make_available(),
            Command::Pause { reason } => self.pause(reason),
            Command::Reserve { reservation, work, policy } => self.reserve(now, reservation, work, policy),
            Command::MissOffer { reservation, policy } => self.miss_offer(now, reservation, policy),
            Command::ReleaseOffer { reservation } => {
                self.offer_of(reservation)?;
                self.emit_free(OfferReleased { reservation }.into(), Refusal::NotReserved)
            }
            Command::StartPreview { lead, token } => {
                let events = self.emit(PreviewStarted { lead }.into(), Refusal::NotReserved)?;
                let offer = self.offer_under(token, now)?;
                if offer.work == Work::Lead(lead) { Ok(events) } else { Err(Refusal::WorkMismatch) }
            }
            Command::StartWork { call, token } => self.start_work(now, call, token),
            Command::StartTalking { call } => {
                let events = self.emit(TalkingStarted { call }.into(), Refusal::NotRinging)?;
                self.in_call(call)?;
                Ok(events)
            }
            Command::Hold => self.emit(Held {}.into(), Refusal::NotTalking),
            Command::Resume => self.emit(Resumed {}.into(), Refusal::NotHolding),
            Command::StartWrap { call, policy } => {
                let wrap = WrapStarted { call, until: now.plus(policy.wrap) };
                let events = self.emit(wrap.into(), Refusal::NotInCall)?;
                self.in_call(call)?;
                Ok(events)
            }
            Command::EndWrap => self.emit_free(WrapEnded {}.into(), Refusal::NotWrapping),
            Command::ExpireWrap => {
                let events = self.emit_free(WrapEnded {}.into(), Refusal::NotWrapping)?;
                let running = self.wrap_until.is_some_and(|until| now < until);
                if running { Err(Refusal::WrapRunning) } else { Ok(events) }
            }
            Command::SignOut => self.sign_out(),
            Command::LoseHeartbeat { last_heard, policy } => self.lose_heartbeat(now, last_heard, policy),
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        self.apply(event);
    }

    fn tags(&self, event: &Event) -> Vec<Tag> {
        self.parties(event)
    }
}
