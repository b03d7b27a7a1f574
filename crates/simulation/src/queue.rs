//! Customers who call us: they wait, are served by the agents that routing gives them, or lose patience.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, CallId, CustomerId, Id as _, Timestamp};
use trunkline_routing::matching::{Agent, Call, Policy, Pool, decide};
use trunkline_routing::score::Scorer;
use uuid::Uuid;

use crate::agenda::{Agenda, seconds};
use crate::chance::{Arrivals, Chance, Lengths};
use crate::truth::{Talents, Truth};

/// A queue and the agents who serve it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// How many agents.
    pub agents: u32,
    /// How long is simulated.
    pub hours: f64,
    /// How long at the start is not counted, because the centre starts empty.
    #[serde(default)]
    pub warm_up_hours: f64,
    /// When customers come.
    pub arrivals: Arrivals,
    /// How long an agent is busy with one.
    pub handling: Lengths,
    /// How long a customer waits before leaving; for ever when absent.
    #[serde(default)]
    pub patience: Option<Lengths>,
    /// The numbers that matching turns on.
    #[serde(default)]
    pub policy: Policy,
    /// How many waiting calls are decided on at once.
    #[serde(default = "one")]
    pub batch: usize,
    /// Match effects; without them no model scores, and the longest idle agent gets each call.
    #[serde(default)]
    pub truth: Option<Truth>,
    /// Whether routing may see what it believes of the agents. False gives the baseline on the same customers.
    #[serde(default)]
    pub scored: bool,
}

fn one() -> usize {
    1
}

/// What was measured in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct QueueDay {
    /// Customers who came.
    pub arrived: u64,
    /// Those who had to wait.
    pub waited: u64,
    /// Those who left unserved.
    pub left: u64,
    /// How long all of them waited, in seconds.
    pub wait_s: f64,
    /// The customers waiting, added up over time, in seconds.
    pub queue_s: f64,
    /// How long it was counted, in seconds.
    pub length_s: f64,
    /// The share of the agents' time that they were busy.
    pub occupancy: f64,
    /// The standard deviation of the agents' shares.
    pub occupancy_spread: f64,
    /// Customers who bought, as the true probabilities say, chance left out.
    pub conversions: f64,
    /// How many more would have bought had each call gone to the best agent who was free.
    pub regret: f64,
}

impl QueueDay {
    /// P(wait).
    pub fn wait_share(&self) -> f64 {
        self.waited as f64 / self.arrived as f64
    }

    /// E(W) over all customers, those who left too, in seconds.
    pub fn mean_wait_s(&self) -> f64 {
        self.wait_s / self.arrived as f64
    }

    /// P(abandon).
    pub fn left_share(&self) -> f64 {
        self.left as f64 / self.arrived as f64
    }

    /// Conversions of served customers.
    pub fn conversion(&self) -> f64 {
        self.conversions / (self.arrived - self.left) as f64
    }

    /// The mean number of customers waiting: L of Little's law.
    pub fn mean_queue(&self) -> f64 {
        self.queue_s / self.length_s
    }

    /// Customers who came, in a second: λ of Little's law.
    pub fn arrival_rate(&self) -> f64 {
        self.arrived as f64 / self.length_s
    }
}

enum Event {
    Arrival,
    PatienceEnds(u64),
    Finished(usize),
}

struct Waiting {
    number: u64,
    since: Timestamp,
    kind: usize,
}

struct Desk {
    id: AgentId,
    busy_s: f64,
}

struct Run<'a> {
    queue: &'a Queue,
    agenda: Agenda<Event>,
    counted_from: Timestamp,
    end: Timestamp,
    pool: Pool,
    desks: Vec<Desk>,
    free: usize,
    waiting: VecDeque<Waiting>,
    talents: Option<Talents>,
    arrivals: Chance,
    handling: Chance,
    patience: Chance,
    kinds: Chance,
    numbers: u64,
    seed: u64,
    day: QueueDay,
}

const START: Timestamp = Timestamp::from_micros(0);

impl Queue {
    /// One run under this seed.
    pub fn run(&self, seed: u64) -> QueueDay {
        let mut run = Run::new(self, seed);
        let first = self.arrivals.next(&mut run.arrivals, 0.0);
        run.agenda.after(first, Event::Arrival);
        while let Some(event) = run.agenda.next(run.end) {
            match event {
                Event::Arrival => run.arrive(),
                Event::PatienceEnds(number) => run.leave(number),
                Event::Finished(desk) => run.finish(desk),
            }
        }
        run.close()
    }
}

impl<'a> Run<'a> {
    fn new(queue: &'a Queue, seed: u64) -> Self {
        let agents = usize::try_from(queue.agents).unwrap_or(usize::MAX);
        let truth = queue.truth.as_ref();
        let talents = truth.and_then(|truth| truth.talents(agents, &mut Chance::of(seed, 4)).ok());
        let desk = |number| Desk { id: AgentId::from_uuid(Uuid::from_u128(number)), busy_s: 0.0 };
        let desks: Vec<Desk> = (1..=u128::from(queue.agents)).map(desk).collect();
        let vector = |at: usize| talents.as_ref().map_or(Vec::new(), |talents| talents.vectors[at].clone());
        let staff = desks.iter().enumerate();
        let staff: Vec<Agent> =
            staff.map(|(at, desk)| Agent { features: vector(at), ..Agent::new(desk.id, START) }).collect();
        let width = staff.first().map_or(0, |agent| agent.features.len());
        Self {
            queue,
            agenda: Agenda::from(START),
            counted_from: after(queue.warm_up_hours),
            end: after(queue.warm_up_hours + queue.hours),
            pool: Pool::new(width, staff),
            free: desks.len(),
            desks,
            waiting: VecDeque::new(),
            talents,
            arrivals: Chance::of(seed, 0),
            handling: Chance::of(seed, 1),
            patience: Chance::of(seed, 2),
            kinds: Chance::of(seed, 3),
            numbers: 0,
            seed,
            day: QueueDay::default(),
        }
    }

    fn counts(&self, since: Timestamp) -> bool {
        since >= self.counted_from
    }

    fn arrive(&mut self) {
        let now = self.agenda.now();
        let next = self.queue.arrivals.next(&mut self.arrivals, seconds(START, now));
        self.agenda.after(next, Event::Arrival);
        self.numbers += 1;
        let kind = self.kinds.below(self.talents.as_ref().map_or(1, |talents| talents.customers.len()));
        let patience = self.queue.patience.as_ref().map(|patience| patience.draw(&mut self.patience));
        self.waiting.push_back(Waiting { number: self.numbers, since: now, kind });
        if self.counts(now) {
            self.day.arrived += 1;
            self.day.waited += u64::from(self.free == 0);
        }
        self.serve();
        if let Some(patience) =
            patience.filter(|_| self.waiting.back().is_some_and(|last| last.number == self.numbers))
        {
            self.agenda.after(patience, Event::PatienceEnds(self.numbers));
        }
    }

    fn leave(&mut self, number: u64) {
        if let Ok(at) = self.waiting.binary_search_by_key(&number, |waiting| waiting.number)
            && let Some(gone) = self.waiting.remove(at)
        {
            self.day.left += u64::from(self.counts(gone.since));
            self.count_wait(gone.since);
        }
    }

    fn finish(&mut self, desk: usize) {
        self.free += 1;
        self.present(desk, 1);
        self.serve();
    }

    /// Gives waiting calls to free agents, as routing decides, until one of them runs out.
    fn serve(&mut self) {
        while self.free > 0 && !self.waiting.is_empty() {
            let now = self.agenda.now();
            let calls: Vec<Call> = self.waiting.iter().take(self.queue.batch).map(|w| self.call(w)).collect();
            let scorer = self.talents.as_ref().and_then(|talents| talents.scorer.as_ref());
            let scorer = scorer.filter(|_| self.queue.scored).map(|scorer| scorer as &dyn Scorer);
            let decision = decide(&self.pool, &calls, scorer, &self.queue.policy, now, self.seed);
            let mut served = 0;
            for assigned in decision.assigned {
                let Some(agent) = assigned.agent else { continue };
                self.take(assigned.call, agent);
                served += 1;
            }
            if served == 0 {
                return;
            }
        }
    }

    fn call(&self, waiting: &Waiting) -> Call {
        let number = Uuid::from_u128(waiting.number.into());
        let features =
            self.talents.as_ref().map_or(Vec::new(), |talents| talents.customers[waiting.kind].clone());
        Call {
            features,
            ..Call::new(CallId::from_uuid(number), CustomerId::from_uuid(number), waiting.since)
        }
    }

    fn take(&mut self, call: CallId, agent: AgentId) {
        let number = u64::try_from(call.uuid().as_u128()).unwrap_or(0);
        let Ok(at) = self.waiting.binary_search_by_key(&number, |waiting| waiting.number) else { return };
        let (Some(taken), Some(desk)) = (self.waiting.remove(at), self.desk(agent)) else { return };
        if let Some(talents) = &self.talents
            && self.counts(taken.since)
        {
            let converts = |desk: usize| talents.converts[desk][taken.kind];
            let best =
                (0..self.desks.len()).filter(|desk| self.is_free(*desk)).map(converts).fold(0.0, f64::max);
            self.day.conversions += converts(desk);
            self.day.regret += best - converts(desk);
        }
        self.count_wait(taken.since);
        self.free -= 1;
        self.present(desk, 0);
        let length = self.queue.handling.draw(&mut self.handling);
        let now = self.agenda.now();
        let counted = seconds(self.counted_from.max(now), self.end.min(now_plus(now, length)));
        self.desks[desk].busy_s += counted.max(0.0);
        self.agenda.after(length, Event::Finished(desk));
    }

    /// Desks are numbered in the order of their agents' ids.
    fn desk(&self, agent: AgentId) -> Option<usize> {
        self.desks.binary_search_by_key(&agent, |desk| desk.id).ok()
    }

    fn is_free(&self, desk: usize) -> bool {
        self.pool.is_free(self.desks[desk].id)
    }

    fn present(&mut self, desk: usize, free: u16) {
        let now = self.agenda.now();
        let worked = seconds(self.counted_from, now);
        let share = if worked > 0.0 { (self.desks[desk].busy_s / worked).clamp(0.0, 1.0) } else { 0.0 };
        self.pool.set_presence(self.desks[desk].id, free, now, narrow(share));
    }

    fn count_wait(&mut self, since: Timestamp) {
        let now = self.agenda.now();
        if self.counts(since) {
            self.day.wait_s += seconds(since, now);
        }
        self.day.queue_s += seconds(since.max(self.counted_from), now.max(self.counted_from));
    }

    fn close(mut self) -> QueueDay {
        self.day.length_s = seconds(self.counted_from, self.end);
        let shares: Vec<f64> = self.desks.iter().map(|desk| desk.busy_s / self.day.length_s).collect();
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let squares = shares.iter().map(|share| (share - mean) * (share - mean)).sum::<f64>();
        self.day.occupancy = mean;
        self.day.occupancy_spread = (squares / shares.len() as f64).sqrt();
        self.day
    }
}

fn after(hours: f64) -> Timestamp {
    now_plus(START, hours * 3_600.0)
}

fn now_plus(now: Timestamp, seconds: f64) -> Timestamp {
    Timestamp::from_micros(now.micros() + crate::agenda::micros(seconds))
}

#[expect(clippy::cast_possible_truncation, reason = "a share")]
fn narrow(share: f64) -> f32 {
    share as f32
}
