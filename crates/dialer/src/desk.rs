//! One campaign that is being dialed: its calls under way, and what was learned from those that are over.

use std::collections::{BTreeMap, BTreeSet};

use trunkline_domain::campaign::DialingMode;
use trunkline_kernel::{AgentId, CallId, LeadId, Millis, Timestamp};
use trunkline_routing::compliance::AbandonmentBound;
use trunkline_routing::pacing::{Ledger, Limits, Mode, Pace, Pacer, Reception, Situation};

/// A call under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flight {
    pub(crate) lead: Option<LeadId>,
    pub(crate) dialed_at: Timestamp,
    /// Since when somebody waits for an agent.
    pub(crate) waiting_since: Option<Timestamp>,
    /// The agent who was shown the lead and had it dialed.
    pub(crate) agent: Option<AgentId>,
}

/// One campaign that is being dialed.
pub(crate) struct Desk {
    pacer: Pacer,
    pub(crate) flights: BTreeMap<CallId, Flight>,
    /// The leads that agents are to be shown or look at, and whether an agent is still looked for.
    pub(crate) shown: BTreeMap<LeadId, bool>,
    /// Agents who are free for it at the present look. Other campaigns may have the same.
    pub(crate) free: BTreeSet<AgentId>,
    dialed_at: Option<Timestamp>,
    /// Since when agents are busy with calls of this campaign.
    busy: BTreeMap<AgentId, Timestamp>,
    bridge_within: Millis,
    days: u32,
    bound: Option<AbandonmentBound>,
}

/// How a mode is paced; nothing for those in which people dial.
pub(crate) fn paced(mode: DialingMode) -> Option<Mode> {
    match mode {
        DialingMode::Preview => Some(Mode::Preview),
        DialingMode::Progressive => Some(Mode::Progressive),
        DialingMode::Predictive => Some(Mode::Predictive),
        DialingMode::Manual => None,
    }
}

impl Desk {
    /// It dials carefully until it is told otherwise. The limits are those that its rules ask, of which one bounds what it
    /// may abandon.
    pub(crate) fn new(limits: Limits, bound: Option<AbandonmentBound>) -> Self {
        Self {
            pacer: Pacer::new(Mode::Progressive, limits, Ledger::default()),
            flights: BTreeMap::new(),
            shown: BTreeMap::new(),
            free: BTreeSet::new(),
            dialed_at: None,
            busy: BTreeMap::new(),
            bridge_within: limits.bridge_within,
            days: limits.formula.days,
            bound,
        }
    }

    /// Calls are started in this mode from now on; what was learned stays.
    pub(crate) fn turn(&mut self, mode: Mode) {
        self.pacer.turn(mode);
    }

    /// Over how many days the share of abandoned calls is taken.
    pub(crate) fn days(&self) -> u32 {
        self.days
    }

    /// What was abandoned in the window, as the read models have it.
    pub(crate) fn remember(&mut self, ledger: Ledger) {
        self.pacer.remember(ledger);
    }

    /// What its share of abandoned calls is held to.
    pub(crate) fn bound(&self) -> Option<&AbandonmentBound> {
        self.bound.as_ref()
    }

    /// What was abandoned until now.
    pub(crate) fn ledger(&self) -> Ledger {
        self.pacer.ledger()
    }

    /// Calls that ring, and calls in which somebody waits.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let waiting = self.flights.values().filter(|flight| flight.waiting_since.is_some()).count();
        (self.flights.len() - waiting, waiting)
    }

    /// These agents are free now: how long they were busy is learned.
    pub(crate) fn freed(&mut self, free: BTreeSet<AgentId>, now: Timestamp) {
        for agent in &free {
            if let Some(since) = self.busy.remove(agent) {
                self.pacer.handled(now.since(since));
            }
        }
        self.free = free;
    }

    /// How many calls to dial now, when so many agents are free and promised to no other campaign's call.
    pub(crate) fn pace(&self, free: usize, now: Timestamp) -> Pace {
        let busy: Vec<Millis> = self.busy.values().map(|since| now.since(*since)).collect();
        let (ringing, waiting) = self.in_flight(now);
        self.pacer.pace(&Situation { free, busy: &busy, ringing: &ringing, waiting })
    }

    /// How many agents its calls in flight will want.
    pub(crate) fn wanted(&self, now: Timestamp) -> usize {
        let (ringing, waiting) = self.in_flight(now);
        self.pacer.wanted(&ringing, waiting)
    }

    /// Its turn among campaigns that have the same agents: whoever keeps the fewest busy comes first, and of equals
    /// whoever has dialed nobody for longest.
    pub(crate) fn turn_of(&self, now: Timestamp) -> impl Ord + use<> {
        (self.busy.len() + self.wanted(now), self.dialed_at)
    }

    /// A lead is being dialed.
    pub(crate) fn dialed(&mut self, call: CallId, lead: LeadId, now: Timestamp) {
        self.dialed_at = Some(now);
        self.flights
            .insert(call, Flight { lead: Some(lead), dialed_at: now, waiting_since: None, agent: None });
    }

    /// Of the calls that will want one of the free agents: how long each rings, and in how many somebody waits. A lead for
    /// which an agent is looked for is as good as a call that has just begun to ring.
    fn in_flight(&self, now: Timestamp) -> (Vec<Millis>, usize) {
        let open = || self.flights.values().filter(|flight| flight.agent.is_none());
        let ringing = open().filter(|flight| flight.waiting_since.is_none());
        let shown = self.shown.values().filter(|wanted| **wanted).map(|_| Millis::ZERO);
        let waiting = open().filter(|flight| flight.waiting_since.is_some()).count();
        (ringing.map(|flight| now.since(flight.dialed_at)).chain(shown).collect(), waiting)
    }

    /// Whether a lead is being called or shown.
    pub(crate) fn is_under_way(&self, lead: LeadId) -> bool {
        self.shown.contains_key(&lead) || self.flights.values().any(|flight| flight.lead == Some(lead))
    }

    /// Somebody answered: how long it rang is learned.
    pub(crate) fn answered(&mut self, call: CallId, now: Timestamp) {
        if let Some(flight) = self.flights.get_mut(&call).filter(|flight| flight.waiting_since.is_none()) {
            self.pacer.rang(now.since(flight.dialed_at), true);
            flight.waiting_since = Some(now);
        }
    }

    /// A machine answered, and the call is given up.
    pub(crate) fn machine(&mut self, call: CallId, now: Timestamp) {
        if self.flights.contains_key(&call) {
            self.pacer.met_machine();
            self.over(call, now);
        }
    }

    /// A call is over. How long it rang in vain is learned; whoever hung up while waiting was abandoned, when that was too
    /// long.
    pub(crate) fn over(&mut self, call: CallId, now: Timestamp) {
        let Some(flight) = self.flights.remove(&call) else { return };
        match flight.waiting_since {
            Some(since) => self.received(Reception::Left, now.since(since)),
            None => self.pacer.rang(now.since(flight.dialed_at), false),
        }
    }

    /// An agent took a call, in time or too late.
    pub(crate) fn taken(&mut self, call: CallId, agent: AgentId, now: Timestamp) {
        let Some(flight) = self.flights.remove(&call) else { return };
        self.busy.insert(agent, now);
        let waited = flight.waiting_since.map_or(Millis::ZERO, |since| now.since(since));
        self.received(Reception::Passed, waited);
    }

    /// What became of a call that somebody answered, unless they had waited for too long by then.
    fn received(&mut self, in_time: Reception, waited: Millis) {
        self.pacer.received(if waited <= self.bridge_within { in_time } else { Reception::Abandoned });
    }

    /// Nobody took a call.
    pub(crate) fn abandoned(&mut self, call: CallId) {
        self.flights.remove(&call);
        self.pacer.received(Reception::Abandoned);
    }

    /// Calls in which somebody waits, and since when, the longest first.
    pub(crate) fn waiting(&self) -> Vec<(Timestamp, CallId)> {
        let mut waiting: Vec<(Timestamp, CallId)> =
            self.flights.iter().filter_map(|(call, flight)| Some((flight.waiting_since?, *call))).collect();
        waiting.sort_unstable();
        waiting
    }

    /// Calls in which somebody has waited for as long as the rules permit.
    pub(crate) fn overdue(&self, now: Timestamp) -> Vec<CallId> {
        let over =
            |flight: &Flight| flight.waiting_since.is_some_and(|since| now.since(since) > self.bridge_within);
        self.flights.iter().filter(|(_, flight)| over(flight)).map(|(call, _)| *call).collect()
    }
}

#[cfg(test)]
mod tests {
    use trunkline_kernel::Id;
    use trunkline_routing::pacing::Why;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn id<I: Id>(number: u128) -> I {
        I::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn desk() -> Desk {
        let mut desk = Desk::new(Limits::default(), None);
        desk.turn(Mode::Predictive);
        for number in 1..=2 {
            let flight =
                Flight { lead: Some(id(number)), dialed_at: at(0), waiting_since: None, agent: None };
            desk.flights.insert(id(number), flight);
        }
        desk
    }

    #[test]
    fn who_answers_waits_until_an_agent_takes_the_call_or_the_time_is_over() {
        let mut desk = desk();
        desk.answered(id(2), at(8));
        desk.answered(id(1), at(9));
        desk.answered(id(2), at(9));
        assert_eq!((desk.waiting(), desk.counts()), (vec![(at(8), id(2)), (at(9), id(1))], (0, 2)));
        desk.taken(id(2), id(7), at(9));
        assert!(desk.overdue(at(11)).is_empty(), "two seconds after the answer are in time");
        assert_eq!(desk.overdue(at(12)), [id(1)]);
        desk.abandoned(id(1));
        assert_eq!(desk.ledger(), Ledger { answered: 2, abandoned: 1, passed: 1, machines: 0 });
    }

    #[test]
    fn who_hangs_up_while_waiting_was_abandoned_when_that_was_too_long() {
        for (waited, abandoned) in [(2, 0), (3, 1)] {
            let mut desk = desk();
            desk.answered(id(1), at(8));
            desk.over(id(1), at(8 + waited));
            assert_eq!(desk.ledger(), Ledger { answered: 1, abandoned, ..Ledger::default() });
        }
    }

    #[test]
    fn who_was_taken_too_late_was_abandoned() {
        let mut desk = desk();
        desk.remember(Ledger { answered: 10, abandoned: 2, passed: 8, machines: 0 });
        desk.answered(id(1), at(8));
        desk.taken(id(1), id(7), at(11));
        desk.taken(id(1), id(7), at(11));
        assert_eq!(desk.ledger(), Ledger { answered: 11, abandoned: 3, passed: 8, machines: 0 });
    }

    #[test]
    fn what_was_taken_for_a_machine_is_counted_once_and_is_no_answer() {
        let mut desk = desk();
        desk.machine(id(1), at(8));
        desk.machine(id(1), at(9));
        assert_eq!((desk.ledger(), desk.counts()), (Ledger { machines: 1, ..Ledger::default() }, (1, 0)));
    }

    #[test]
    fn with_little_seen_it_dials_one_call_for_each_free_agent() {
        let pace = desk().pace(5, at(1));
        assert_eq!((pace.dial, pace.why), (3, Why::Unsure));
    }

    #[test]
    fn people_dial_by_themselves_in_the_manual_mode_alone() {
        assert_eq!(paced(DialingMode::Manual), None);
        assert_eq!(paced(DialingMode::Preview), Some(Mode::Preview));
        assert_eq!(paced(DialingMode::Progressive), Some(Mode::Progressive));
    }

    #[test]
    fn a_lead_is_shown_for_each_free_agent_and_who_looks_at_one_is_counted_no_more() {
        let mut desk = Desk::new(Limits::default(), None);
        desk.turn(Mode::Preview);
        desk.shown.insert(id(1), true);
        desk.shown.insert(id(2), false);
        let own = Flight { lead: Some(id(3)), dialed_at: at(0), waiting_since: None, agent: Some(id(9)) };
        desk.flights.insert(id(7), own);
        assert_eq!(desk.pace(3, at(1)).dial, 2, "one agent is still looked for");
        assert_eq!(desk.wanted(at(1)), 1);
        assert!([1, 2, 3].into_iter().all(|lead| desk.is_under_way(id(lead))));
    }
}
