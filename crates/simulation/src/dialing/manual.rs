//! The baseline: leads are handed out in the order of the list, and each agent looks up, dials, listens and notes.

use trunkline_kernel::Timestamp;
use trunkline_routing::compliance::{Check, RuleBook, Verdict};

use super::list::Outcome;
use super::{Day, Dialing, Manual};
use crate::agenda::{Agenda, seconds};
use crate::chance::Chance;

struct Ready;

pub(super) fn run(dialing: &Dialing, manual: &Manual, rules: &RuleBook, seed: u64) -> Day {
    let leads = dialing.list.draw(&mut Chance::of(seed, 0));
    let places = dialing.list.places(rules);
    let (mut outcomes, mut lengths) = (Chance::of(seed, 1), Chance::of(seed, 2));
    let (from, end) = (dialing.counted_from(), dialing.end());
    let mut agenda = Agenda::from(dialing.start);
    (0..dialing.agents).for_each(|_| agenda.after(0.0, Ready));
    let (mut day, mut next, mut contact_s) = (Day::default(), 0_usize, 0.0);
    while agenda.next(end).is_some() {
        let Some(lead) = leads.get(next % leads.len().max(1)) else { break };
        next += 1;
        let looked_up = manual.look_up.draw(&mut lengths);
        let dialed = Timestamp::from_micros(agenda.now().micros() + crate::agenda::micros(looked_up));
        let (outcome, ring) = dialing.list.dial(lead, dialed, 0.0, &mut outcomes);
        let (contact, other) = match outcome {
            Outcome::Person | Outcome::WrongParty => {
                let talk =
                    if outcome == Outcome::Person { dialing.talk.draw(&mut lengths) } else { WRONG_PARTY_S };
                (talk + dialing.wrap.draw(&mut lengths), 0.0)
            }
            Outcome::Machine => (0.0, manual.machine.draw(&mut lengths) + manual.note.draw(&mut lengths)),
            Outcome::Invalid | Outcome::NoAnswer => (0.0, manual.note.draw(&mut lengths)),
        };
        agenda.after(looked_up + ring + contact + other, Ready);
        if dialed >= from && dialed < end {
            let place = &places[lead.region];
            let in_hours = rules.judge(&lead.facts(place, dialed)).rulings.iter().all(|ruling| {
                let hours = |rule: &&trunkline_routing::compliance::Rule| {
                    rule.id == ruling.rule && matches!(rule.check, Check::Hours { .. })
                };
                !(matches!(ruling.verdict, Verdict::Barred { .. })
                    && rules.rules().iter().any(|rule| hours(&rule)))
            });
            let likely = lead.score[dialing.list.slot(lead, dialed)] >= dialing.list.score_least;
            day.dials += 1;
            day.wasted.count(lead.waste(in_hours), outcome, likely);
            let answered = matches!(outcome, Outcome::Person | Outcome::WrongParty);
            day.answered += u64::from(answered);
            day.connected += u64::from(outcome == Outcome::Person && lead.waste(in_hours).is_none());
            contact_s += contact.min(seconds(dialed, end));
        }
    }
    day.agent_hours = f64::from(dialing.agents) * dialing.hours;
    day.occupancy = contact_s / 3_600.0 / day.agent_hours;
    day
}

/// How long it takes to find out that somebody else answered.
pub(super) const WRONG_PARTY_S: f64 = 15.0;
