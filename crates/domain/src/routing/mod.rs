//! The search for an agent for one piece of work. Its stream is where exactly one acceptance wins: whoever accepts
//! writes here, so that of two at the same moment one meets the other.

mod events;
mod refusal;
#[cfg(test)]
mod tests;

use trunkline_kernel::{Aggregate, Category, ReservationId, RoutingId, State as _, Tag, Timestamp};

use crate::limits;
use crate::words::Work;

pub use events::*;
pub use refusal::Refusal;

/// The most offers of one piece of work at once.
pub const OFFERS_MAX: u16 = 50;
/// The highest priority.
pub const PRIORITY_MAX: u8 = 9;
/// The highest level of a skill.
const SKILL_LEVEL_MAX: u8 = 5;

machine! {
    /// How far the search for an agent has come.
    RoutingState of "routing" starts Idle {
        /// No agent was asked for.
        Idle = "IDLE" {
            "requested" => Waiting,
            "assigned" => Assigned,
        }
        /// An agent is wanted, and no offer stands.
        Waiting = "WAITING" {
            "offered" => Offered,
            "assigned" => Assigned,
            "ended" => Ended,
        }
        /// Offers stand.
        Offered = "OFFERED" {
            "declined" => Offered,
            "lapsed" => Waiting,
            "assigned" => Assigned,
            "ended" => Ended,
        }
        /// An agent has the work.
        Assigned = "ASSIGNED" {
            "requested" => Waiting,
            "lapsed" => Waiting,
            "assigned" => Assigned,
            "ended" => Ended,
        }
        /// No agent is looked for any more.
        Ended = "ENDED" {
            "requested" => Waiting,
            "assigned" => Assigned,
        }
    }
}

/// What can be asked of a search.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Look for an agent. Asked again while one is looked for, it leads to nothing.
    Request(Requested),
    /// Note the offers that were made.
    Offer(Offered),
    /// An offer is over without an acceptance, or the agent who had the work has it no more. What this search knows
    /// nothing of leads to nothing.
    Close {
        /// Which.
        reservation: ReservationId,
    },
    /// An agent accepted. That nobody else still has the work is for the caller to see to.
    Assign(Assigned),
    /// Look no more. Where no agent is looked for, it leads to nothing.
    End(Ended),
}

/// The search for an agent for one piece of work.
#[derive(Clone, Debug, Default)]
pub struct Routing {
    state: RoutingState,
    work: Option<Work>,
    requested: Option<(Timestamp, Requested)>,
    pending: Vec<Offer>,
    assigned: Option<Offer>,
}

impl Routing {
    /// How far it has come.
    pub fn state(&self) -> RoutingState {
        self.state
    }

    /// Since when an agent is wanted, and what was asked for.
    pub fn requested(&self) -> Option<&(Timestamp, Requested)> {
        self.requested.as_ref()
    }

    /// The offers that stand.
    pub fn pending(&self) -> &[Offer] {
        &self.pending
    }

    /// Who accepted last, and under which offer.
    pub fn assigned(&self) -> Option<Offer> {
        self.assigned
    }

    /// Emits the event when the machine permits it.
    fn emit(&self, event: Event) -> Result<Vec<Event>, Refusal> {
        match RoutingState::MACHINE.step(self.state, event.verb()) {
            Ok(_) => Ok(vec![event]),
            Err(_) => Err(Refusal::NotWaiting(self.state)),
        }
    }

    fn close(&self, reservation: ReservationId) -> Vec<Event> {
        let stands = self.pending.iter().any(|offer| offer.reservation == reservation);
        let has = self.state == RoutingState::Assigned
            && self.assigned.is_some_and(|offer| offer.reservation == reservation)
            && self.requested.is_some();
        match (stands, self.pending.len()) {
            (true, 2..) => vec![Declined { reservation }.into()],
            (true, _) => vec![Lapsed { reservation }.into()],
            (false, _) if has => vec![Lapsed { reservation }.into()],
            (false, _) => Vec::new(),
        }
    }
}

fn check(requested: &Requested) -> Result<(), Refusal> {
    limits::range("offers", (1..=OFFERS_MAX).contains(&requested.offers))?;
    limits::range("priority", requested.priority <= PRIORITY_MAX)?;
    let Needs { skills, languages, licences, teams, any_team_after_ms, any_skill_after_ms } =
        &requested.needs;
    limits::keys("needs.skills", skills)?;
    let levels = skills.values().all(|level| (1..=SKILL_LEVEL_MAX).contains(level));
    limits::range("needs.skills", levels)?;
    limits::count("needs.languages", languages.len())?;
    languages.iter().try_for_each(|language| limits::word("needs.languages", language))?;
    limits::count("needs.licences", licences.len())?;
    licences.iter().try_for_each(|licence| limits::word("needs.licences", licence))?;
    limits::count("needs.teams", teams.len())?;
    teams.iter().try_for_each(|team| limits::word("needs.teams", team))?;
    limits::count("barred", requested.barred.len())?;
    let waits = [*any_team_after_ms, *any_skill_after_ms, requested.patience_ms];
    Ok(limits::range("needs", waits.into_iter().flatten().all(|wait| wait.0 >= 0))?)
}

impl Aggregate for Routing {
    const CATEGORY: Category = Category::new("routing");
    type Id = RoutingId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Request(requested) => {
                check(&requested)?;
                match self.state {
                    RoutingState::Waiting | RoutingState::Offered => Ok(Vec::new()),
                    RoutingState::Idle | RoutingState::Assigned | RoutingState::Ended => {
                        self.emit(requested.into())
                    }
                }
            }
            Command::Offer(offered) => {
                limits::range("offers", (1..=usize::from(OFFERS_MAX)).contains(&offered.offers.len()))?;
                self.emit(offered.into())
            }
            Command::Close { reservation } => Ok(self.close(reservation)),
            Command::Assign(assigned) => self.emit(assigned.into()),
            Command::End(ended) => match self.state {
                RoutingState::Idle | RoutingState::Ended => Ok(Vec::new()),
                RoutingState::Waiting | RoutingState::Offered | RoutingState::Assigned => {
                    self.emit(ended.into())
                }
            },
        }
    }

    fn evolve(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Requested(requested) => {
                self.work = Some(requested.work);
                self.requested = Some((at, requested.clone()));
                self.assigned = None;
            }
            Event::Offered(offered) => self.pending.clone_from(&offered.offers),
            Event::Declined(Declined { reservation }) | Event::Lapsed(Lapsed { reservation }) => {
                self.pending.retain(|offer| offer.reservation != *reservation);
                self.assigned = None;
            }
            Event::Assigned(assigned) => {
                let Assigned { work, reservation, agent } = *assigned;
                self.work = Some(work);
                self.assigned = Some(Offer { reservation, agent });
                self.pending.clear();
            }
            Event::Ended(_) => self.pending.clear(),
        }
        self.state = RoutingState::MACHINE.step(self.state, event.verb()).unwrap_or(self.state);
    }

    fn tags(&self, event: &Event) -> Vec<Tag> {
        let of_event = match event {
            Event::Requested(_) | Event::Ended(_) => Vec::new(),
            Event::Offered(offered) => vec![Tag::of(offered.decision)],
            Event::Declined(Declined { reservation }) | Event::Lapsed(Lapsed { reservation }) => {
                vec![Tag::of(*reservation)]
            }
            Event::Assigned(assigned) => vec![Tag::of(assigned.reservation), Tag::of(assigned.agent)],
        };
        of_event.into_iter().chain(self.work.map(Work::tag)).collect()
    }
}
