//! Dialing by `trunkline-routing`: rules judge each dial, pacing says how many, matching says who takes an answer.

use std::collections::{BTreeMap, VecDeque};

use trunkline_kernel::{AgentId, CallId, CustomerId, Id as _, Millis, Timestamp};
use trunkline_routing::compliance::{Place, RuleBook};
use trunkline_routing::matching::{Agent, Call, Policy, Pool, decide};
use trunkline_routing::pacing::{Ledger, Limits, Mode, Pacer, Reception, Share, Situation};
use uuid::Uuid;

use super::list::{Lead, Outcome};
use super::manual::WRONG_PARTY_S;
use super::slot::SLOTS;
use super::{Day, Dialing};
use crate::agenda::{Agenda, micros, seconds};
use crate::chance::Chance;

enum Event {
    Second,
    RingEnds(u64),
    GraceEnds(u64),
    Finished(usize),
}

struct Ring {
    since: Timestamp,
    lead: usize,
    outcome: Outcome,
}

struct Run<'a> {
    dialing: &'a Dialing,
    rules: &'a RuleBook,
    limits: Limits,
    agenda: Agenda<Event>,
    pacer: Pacer,
    pool: Pool,
    desks: Vec<AgentId>,
    /// Since when each agent has been busy.
    busy: Vec<Option<Timestamp>>,
    ringing: BTreeMap<u64, Ring>,
    waiting: VecDeque<(u64, Timestamp, Ring)>,
    book: Book,
    places: Vec<Place>,
    outcomes: Chance,
    lengths: Chance,
    numbers: u64,
    seed: u64,
    contact_s: f64,
    day: Day,
}

/// The leads, best first for each region and part of the day, and how far each order has been gone through.
struct Book {
    leads: Vec<Lead>,
    orders: Vec<[Vec<usize>; SLOTS]>,
    gone: Vec<[usize; SLOTS]>,
    /// Until when a region's hours are closed.
    closed: Vec<Timestamp>,
    done: Vec<bool>,
}

pub(super) fn run(dialing: &Dialing, mode: Mode, limits: Limits, rules: &RuleBook, seed: u64) -> Day {
    let agents = 1..=u128::from(dialing.agents);
    let desks: Vec<AgentId> = agents.map(|number| AgentId::from_uuid(Uuid::from_u128(number))).collect();
    let mut run = Run {
        dialing,
        rules,
        limits,
        agenda: Agenda::from(dialing.start),
        pacer: Pacer::new(mode, limits, Ledger::default()),
        pool: Pool::new(0, desks.iter().map(|id| Agent::new(*id, dialing.start))),
        busy: vec![None; desks.len()],
        desks,
        ringing: BTreeMap::new(),
        waiting: VecDeque::new(),
        book: Book::of(dialing, seed),
        places: dialing.list.places(rules),
        outcomes: Chance::of(seed, 1),
        lengths: Chance::of(seed, 2),
        numbers: 0,
        seed,
        contact_s: 0.0,
        day: Day::default(),
    };
    run.agenda.after(0.0, Event::Second);
    let end = dialing.end();
    while let Some(event) = run.agenda.next(end) {
        match event {
            Event::Second => {
                run.agenda.after(1.0, Event::Second);
                run.pace();
            }
            Event::RingEnds(number) => run.ring_ends(number),
            Event::GraceEnds(number) => run.abandon(number),
            Event::Finished(desk) => run.finish(desk),
        }
    }
    run.close(end)
}

impl Book {
    fn of(dialing: &Dialing, seed: u64) -> Self {
        let leads = dialing.list.draw(&mut Chance::of(seed, 0));
        let regions = dialing.list.regions.len();
        let order = |region: usize, slot: usize| {
            let mut order: Vec<usize> = (0..leads.len()).filter(|at| leads[*at].region == region).collect();
            order.sort_by(|a, b| leads[*b].score[slot].total_cmp(&leads[*a].score[slot]));
            order
        };
        let orders = (0..regions).map(|region| std::array::from_fn(|slot| order(region, slot))).collect();
        let done = vec![false; leads.len()];
        Self { orders, gone: vec![[0; SLOTS]; regions], closed: vec![dialing.start; regions], done, leads }
    }

    /// The lead with the best score now, and its region; each is given once for a part of the day.
    fn best(&mut self, dialing: &Dialing, at: Timestamp) -> Option<usize> {
        let mut best: Option<(f64, usize, usize)> = None;
        for region in (0..self.orders.len()).filter(|region| self.closed[*region] <= at) {
            let slot = super::slot::slot(at, dialing.list.regions[region].1);
            let order = &self.orders[region][slot];
            let gone = &mut self.gone[region][slot];
            while order.get(*gone).is_some_and(|lead| self.done[*lead]) {
                *gone += 1;
            }
            let Some(lead) = order.get(*gone) else { continue };
            let score = self.leads[*lead].score[slot];
            if score >= dialing.list.score_least && best.is_none_or(|(most, _, _)| score > most) {
                best = Some((score, region, slot));
            }
        }
        let (_, region, slot) = best?;
        let lead = self.orders[region][slot].get(self.gone[region][slot]).copied();
        self.gone[region][slot] += 1;
        lead
    }
}

impl Run<'_> {
    fn counts(&self) -> bool {
        self.agenda.now() >= self.dialing.counted_from()
    }

    /// Dials as many as pacing says.
    fn pace(&mut self) {
        let now = self.agenda.now();
        let since = |since: Timestamp| now.since(since);
        let busy: Vec<Millis> = self.busy.iter().flatten().copied().map(since).collect();
        let ringing: Vec<Millis> = self.ringing.values().map(|ring| since(ring.since)).collect();
        let free = self.busy.len() - busy.len();
        let situation = Situation { free, busy: &busy, ringing: &ringing, waiting: self.waiting.len() };
        for _ in 0..self.pacer.pace(&situation).dial {
            if !self.dial() {
                break;
            }
        }
    }

    /// Dials the best lead that is lawful now; false when there is none.
    fn dial(&mut self) -> bool {
        let now = self.agenda.now();
        while let Some(at) = self.book.best(self.dialing, now) {
            let lead = self.book.leads[at];
            let judgement = self.rules.judge(&lead.facts(&self.places[lead.region], now));
            if lead.is_struck_off() || !judgement.is_permitted() {
                self.day.suppressed += u64::from(self.counts());
                match judgement.again_at() {
                    Some(later) if !lead.is_struck_off() => {
                        self.book.closed[lead.region] = later;
                        let slot = self.dialing.list.slot(&lead, now);
                        self.book.gone[lead.region][slot] -= 1;
                    }
                    Some(_) | None => self.book.done[at] = true,
                }
                continue;
            }
            let least = judgement.ring_least().map_or(0.0, |least| least.0 as f64 / 1_000.0);
            let (outcome, ring) = self.dialing.list.dial(&lead, now, least, &mut self.outcomes);
            self.numbers += 1;
            self.ringing.insert(self.numbers, Ring { since: now, lead: at, outcome });
            self.agenda.after(ring, Event::RingEnds(self.numbers));
            if self.counts() {
                let likely = lead.score[self.dialing.list.slot(&lead, now)] >= self.dialing.list.score_least;
                self.day.dials += 1;
                self.day.wasted.count(lead.waste(true), outcome, likely);
            }
            return true;
        }
        false
    }

    fn ring_ends(&mut self, number: u64) {
        let Some(ring) = self.ringing.remove(&number) else { return };
        let now = self.agenda.now();
        let person = matches!(ring.outcome, Outcome::Person | Outcome::WrongParty);
        self.pacer.rang(now.since(ring.since), person);
        if ring.outcome != Outcome::NoAnswer && ring.outcome != Outcome::Machine {
            self.book.done[ring.lead] = true;
        }
        if person {
            self.day.answered += u64::from(self.counts());
            self.waiting.push_back((number, now, ring));
            self.serve();
            if self.waiting.back().is_some_and(|(last, _, _)| *last == number) {
                let grace = self.limits.bridge_within.0 as f64 / 1_000.0;
                self.agenda.after(grace, Event::GraceEnds(number));
            }
        }
        self.pace();
    }

    fn abandon(&mut self, number: u64) {
        if let Some(at) = self.waiting.iter().position(|(waiting, _, _)| *waiting == number) {
            self.waiting.remove(at);
            self.pacer.received(Reception::Abandoned);
            self.day.abandoned += u64::from(self.counts());
        }
    }

    /// Gives answered calls to the agents whom routing chooses.
    fn serve(&mut self) {
        while let Some((number, since, _)) = self.waiting.front() {
            let id = Uuid::from_u128(u128::from(*number));
            let call = Call::new(CallId::from_uuid(id), CustomerId::from_uuid(id), *since);
            let now = self.agenda.now();
            let decision = decide(&self.pool, &[call], None, &Policy::default(), now, self.seed);
            let agent = decision.assigned.first().and_then(|assigned| assigned.agent);
            let Some(desk) = agent.and_then(|agent| self.desks.binary_search(&agent).ok()) else { return };
            let Some((_, _, ring)) = self.waiting.pop_front() else { return };
            self.pacer.received(Reception::Passed);
            let person = ring.outcome == Outcome::Person;
            let talk = self.dialing.talk.draw(&mut self.lengths);
            let talk = if person { talk } else { WRONG_PARTY_S };
            let length = talk + self.dialing.wrap.draw(&mut self.lengths);
            if self.counts() {
                let lead = &self.book.leads[ring.lead];
                self.day.connected += u64::from(person && lead.waste(true).is_none());
            }
            let until = Timestamp::from_micros(now.micros() + micros(length)).min(self.dialing.end());
            self.contact_s += seconds(now.max(self.dialing.counted_from()), until).max(0.0);
            self.busy[desk] = Some(now);
            self.pool.set_presence(self.desks[desk], 0, now, 0.0);
            self.agenda.after(length, Event::Finished(desk));
        }
    }

    fn finish(&mut self, desk: usize) {
        let now = self.agenda.now();
        if let Some(since) = self.busy[desk].take() {
            self.pacer.handled(now.since(since));
        }
        self.pool.set_presence(self.desks[desk], 1, now, 0.0);
        self.serve();
        self.pace();
    }

    fn close(mut self, end: Timestamp) -> Day {
        self.day.agent_hours =
            f64::from(self.dialing.agents) * seconds(self.dialing.counted_from(), end) / 3_600.0;
        self.day.occupancy = self.contact_s / 3_600.0 / self.day.agent_hours;
        let share = Share { abandoned: self.day.abandoned as f64, of: self.day.answered as f64 };
        self.day.abandonment_upper = share.upper();
        self.day
    }
}
