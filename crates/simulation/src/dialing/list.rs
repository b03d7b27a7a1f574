//! The leads: what is true of them, and what is known.

use serde::{Deserialize, Serialize};
use trunkline_kernel::Timestamp;
use trunkline_routing::compliance::{Consent, Facts, Place, Purpose, RuleBook};

use super::slot::{SLOTS, slot};
use crate::chance::{Chance, Lengths};

/// A list of leads. All shares are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// How many leads.
    pub leads: u32,
    /// Where they live, evenly: ISO 3166 and the difference to UTC in minutes on the simulated day.
    pub regions: Vec<(String, i32)>,
    /// How probably a person answers a valid number in the morning, at noon, in the afternoon, in the evening.
    pub answers: [f64; SLOTS],
    /// How much leads differ in that: the standard deviation of their log-odds, for each part of the day apart.
    #[serde(default)]
    pub spread: f64,
    /// How wrong the score of a lead's part of the day is: the standard deviation of its log-odds around the truth.
    #[serde(default)]
    pub score_error: f64,
    /// Parts of the day that are scored below this are not dialed by the dialer, and a call that nobody answers there
    /// is wasted, whoever dialed.
    #[serde(default)]
    pub score_least: f64,
    /// Of calls that no person answers, those that a machine does.
    #[serde(default)]
    pub machine: f64,
    /// Numbers that do not exist.
    #[serde(default)]
    pub invalid: f64,
    /// Those of them that the numbering plan shows to be impossible.
    #[serde(default)]
    pub invalid_known: f64,
    /// Customers who asked not to be called.
    #[serde(default)]
    pub do_not_call: f64,
    /// Leads that are the same person as another.
    #[serde(default)]
    pub duplicate: f64,
    /// Those of them that the identity's resolution finds.
    #[serde(default)]
    pub duplicate_known: f64,
    /// Numbers that belong to somebody else.
    #[serde(default)]
    pub wrong_party: f64,
    /// How long it rings until a person or a machine answers.
    pub ring_answered: Lengths,
    /// How long it rings when nobody does, and at least as long as the rules ask.
    pub ring_unanswered_s: f64,
}

/// What is true of a lead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lead {
    pub(super) region: usize,
    invalid: bool,
    invalid_known: bool,
    pub(super) do_not_call: bool,
    duplicate: bool,
    duplicate_known: bool,
    wrong_party: bool,
    answers: [f64; SLOTS],
    /// What the score says of each part of the day.
    pub(super) score: [f64; SLOTS],
}

/// How a dial ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Invalid,
    NoAnswer,
    Machine,
    WrongParty,
    Person,
}

/// A waste that only the lead, not the outcome, makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waste {
    DoNotCall,
    OutOfHours,
    Duplicate,
}

impl List {
    /// The leads under this chance.
    pub(super) fn draw(&self, chance: &mut Chance) -> Vec<Lead> {
        let lead = |_| {
            let mut of = |share: f64| chance.happens(share);
            let (invalid, invalid_known) = (of(self.invalid), of(self.invalid_known));
            let (duplicate, duplicate_known) = (of(self.duplicate), of(self.duplicate_known));
            let (do_not_call, wrong_party) = (of(self.do_not_call), of(self.wrong_party));
            let region = chance.below(self.regions.len());
            let (mut answers, mut score) = ([0.0; SLOTS], [0.0; SLOTS]);
            for at in 0..SLOTS {
                let odds = logit(self.answers[at]) + self.spread * chance.normal();
                answers[at] = probability(odds);
                score[at] = probability(odds + self.score_error * chance.normal());
            }
            Lead {
                region,
                invalid,
                invalid_known,
                do_not_call,
                duplicate,
                duplicate_known,
                wrong_party,
                answers,
                score,
            }
        };
        (0..self.leads).map(lead).collect()
    }

    /// How a dial of the lead ends, and after how many seconds.
    pub(super) fn dial(
        &self,
        lead: &Lead,
        at: Timestamp,
        ring_least_s: f64,
        chance: &mut Chance,
    ) -> (Outcome, f64) {
        /// The network's announcement that a number does not exist comes about so soon.
        const INVALID_S: f64 = 3.0;
        // As many draws for each dial, whatever becomes of it.
        let (answers, machine) = (chance.even(), chance.happens(self.machine));
        let ring = self.ring_answered.draw(chance);
        let unanswered = self.ring_unanswered_s.max(ring_least_s);
        if lead.invalid {
            (Outcome::Invalid, INVALID_S)
        } else if answers < lead.answers[self.slot(lead, at)] {
            let outcome = if lead.wrong_party { Outcome::WrongParty } else { Outcome::Person };
            (outcome, ring.min(unanswered))
        } else if machine {
            (Outcome::Machine, unanswered)
        } else {
            (Outcome::NoAnswer, unanswered)
        }
    }

    /// The part of the lead's day.
    pub(super) fn slot(&self, lead: &Lead, at: Timestamp) -> usize {
        slot(at, self.regions.get(lead.region).map_or(0, |(_, offset)| *offset))
    }

    /// The places of the regions.
    pub(super) fn places(&self, rules: &RuleBook) -> Vec<Place> {
        self.regions.iter().map(|(region, _)| rules.place(&[], Some(region), None)).collect()
    }
}

impl Lead {
    /// What the live system knows when it looks at the lead.
    pub(super) fn facts<'a>(&self, place: &'a Place, at: Timestamp) -> Facts<'a> {
        Facts {
            at,
            place,
            jurisdiction: "",
            purpose: Purpose::Marketing,
            consent: Consent::Granted,
            do_not_call: self.do_not_call,
            refused_at: None,
            requested: false,
            agent_guaranteed: false,
            calls: &[],
        }
    }

    /// Whether the list's own checks show that the lead must not or need not be dialed.
    pub(super) fn is_struck_off(&self) -> bool {
        self.invalid && self.invalid_known || self.duplicate && self.duplicate_known
    }

    /// Whether dialing it is a waste, whatever comes of it.
    pub(super) fn waste(&self, in_hours: bool) -> Option<Waste> {
        if self.do_not_call {
            Some(Waste::DoNotCall)
        } else if !in_hours {
            Some(Waste::OutOfHours)
        } else if self.duplicate {
            Some(Waste::Duplicate)
        } else {
            None
        }
    }
}

impl super::Wasted {
    /// Counts a dial that ended like that in a part of the day with that score, when it was wasted.
    pub(super) fn count(&mut self, waste: Option<Waste>, outcome: Outcome, likely: bool) {
        let counter = match (waste, outcome) {
            (Some(Waste::DoNotCall), _) => &mut self.do_not_call,
            (Some(Waste::OutOfHours), _) => &mut self.out_of_hours,
            (Some(Waste::Duplicate), _) => &mut self.duplicate,
            (None, Outcome::Invalid) => &mut self.invalid,
            (None, Outcome::Machine) => &mut self.machine,
            (None, Outcome::WrongParty) => &mut self.wrong_party,
            (None, Outcome::NoAnswer) if !likely => &mut self.unlikely,
            (None, Outcome::NoAnswer | Outcome::Person) => return,
        };
        *counter += 1;
    }
}

fn logit(p: f64) -> f64 {
    libm::log(p / (1.0 - p))
}

fn probability(odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-odds))
}
