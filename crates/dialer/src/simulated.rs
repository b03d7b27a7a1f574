//! A line that nobody is at the other end of, for the demo: people answer, or do not, by chance.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio_util::sync::CancellationToken;
use trunkline_domain::call::{Answerer, EndCause};
use trunkline_kernel::CallId;

use crate::line::{Heard, Line, Order, Seat, Teller};

/// How the people at the other end behave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behaviour {
    /// The seed of their chances.
    pub seed: u64,
    /// How long it rings at most; the demo's time runs faster than life's, so that it may be less than the rules ask.
    pub ring: Duration,
}

/// The shares of all dials that are answered by a person, by a machine, are busy, or go to no number; the rest rings
/// until it is given up.
const PERSON: f64 = 0.45;
const MACHINE: f64 = 0.10;
const BUSY: f64 = 0.07;
const INVALID: f64 = 0.01;

/// A line by chance.
pub struct Simulated {
    behaviour: Behaviour,
    chance: Mutex<ChaCha8Rng>,
    teller: Teller,
    stopping: CancellationToken,
}

impl Simulated {
    /// A line that tells what happens until it is stopped.
    pub fn new(behaviour: Behaviour, teller: Teller, stopping: CancellationToken) -> Self {
        let chance = Mutex::new(ChaCha8Rng::seed_from_u64(behaviour.seed));
        Self { behaviour, chance, teller, stopping }
    }

    /// After which part of the longest ringing a call ends, and how.
    fn fate(&self) -> (f64, Fate) {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        let (drawn, part): (f64, f64) = (chance.random(), chance.random());
        let answered = 0.1 + 0.7 * part;
        if drawn < PERSON {
            (answered, Fate::Answered(Answerer::Human))
        } else if drawn < PERSON + MACHINE {
            (answered, Fate::Answered(Answerer::Machine))
        } else if drawn < PERSON + MACHINE + BUSY {
            (0.1, Fate::Ended(EndCause::Busy))
        } else if drawn < PERSON + MACHINE + BUSY + INVALID {
            (0.1, Fate::Ended(EndCause::InvalidNumber))
        } else {
            (1.0, Fate::Ended(EndCause::NoAnswer))
        }
    }
}

#[derive(Clone, Copy)]
enum Fate {
    Answered(Answerer),
    Ended(EndCause),
}

impl Line for Simulated {
    fn dial(&self, order: Order) {
        let (part, fate) = self.fate();
        let (call, teller, stopping) = (order.call, self.teller.clone(), self.stopping.clone());
        let ring = self.behaviour.ring.mul_f64(part);
        let happening = async move {
            let told = match fate {
                Fate::Answered(answerer) => Heard::Answered(call, answerer),
                Fate::Ended(cause) => Heard::Ended(call, cause),
            };
            // Who listens no more has stopped.
            if !matches!(fate, Fate::Ended(EndCause::Busy | EndCause::InvalidNumber)) {
                let _ = teller.send(Heard::Rang(call)).await;
            }
            tokio::time::sleep(ring).await;
            let _ = teller.send(told).await;
        };
        tokio::spawn(async move { stopping.run_until_cancelled(happening).await });
    }

    fn connect(&self, _call: CallId, _seat: Seat) {}

    fn hang_up(&self, _call: CallId) {}

    fn outlives_us(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use trunkline_kernel::{Id as _, Millis, PhoneNumber};

    use super::*;

    #[tokio::test]
    async fn every_call_comes_to_an_end_or_an_answer_in_the_shares_that_are_declared() {
        let (teller, mut heard) = mpsc::channel(4_096);
        let behaviour = Behaviour { seed: 1, ring: Duration::from_millis(5) };
        let line = Simulated::new(behaviour, teller, CancellationToken::new());
        for number in 0..1_000_u128 {
            let call = CallId::from_uuid(uuid(number));
            let number = PhoneNumber::parse("+8613800138000", None).unwrap();
            let ring_least = Millis::from_secs(15);
            line.dial(Order { call, number, line: None, campaign: None, ring_least });
        }
        let (mut people, mut settled) = (0, 0);
        while settled < 1_000 {
            match heard.recv().await {
                Some(Heard::Rang(_)) => {}
                Some(Heard::Answered(_, answerer)) => {
                    people += u32::from(answerer == Answerer::Human);
                    settled += 1;
                }
                Some(Heard::Ended(..)) => settled += 1,
                None => panic!("the line fell silent"),
            }
        }
        assert!((400..500).contains(&people), "{people} of 1000 people answered");
    }

    fn uuid(number: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(number)
    }
}
