//! The chance that nobody is free when one more call is answered.

use trunkline_kernel::Millis;

use super::{Durations, Situation};

/// At which shares of the answers the coming seconds are looked at.
const LOOKS: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];

/// The coming seconds: how many agents will be free, and how many calls answered, when one more call is.
///
/// Each ringing call is answered by then or not, and each busy agent free or not, with chances of their own and
/// independently; so both counts have Poisson-binomial distributions, which are kept exactly.
#[derive(Clone, Debug)]
pub struct Forecast {
    looks: Vec<Look>,
}

#[derive(Clone, Debug)]
struct Look {
    /// The chance that a call dialed now is answered by then.
    answered: f64,
    /// The chance of each number of agents for calls not yet answered: `free[n]` of n agents.
    free: Vec<f64>,
    /// The chance of each number of ringing calls answered by then.
    answers: Vec<f64>,
}

impl Forecast {
    /// Looks ahead from the situation; a call may wait for `grace` after the answer.
    pub fn new(situation: &Situation<'_>, rings: &Durations, handling: &Durations, grace: Millis) -> Self {
        let look = |share: f64| {
            let ahead = rings.quantile(share);
            let until = Millis(ahead.0 + grace.0);
            let mut free = vec![1.0];
            situation.busy.iter().for_each(|age| toss(&mut free, handling.chance(*age, until)));
            // Free agents come on top; those for whom an answered call already waits are gone.
            let (more, fewer) = (situation.free, situation.waiting);
            free.splice(0..0, vec![0.0; more]);
            let gone = fewer.min(free.len() - 1);
            let none: f64 = free.drain(..gone).sum();
            free[0] += none;
            let mut answers = vec![1.0];
            situation.ringing.iter().for_each(|age| toss(&mut answers, rings.chance(*age, ahead)));
            Look { answered: rings.chance(Millis::ZERO, ahead), free, answers }
        };
        Self { looks: LOOKS.into_iter().map(look).collect() }
    }

    /// The chance that nobody is free for one call more, when it is answered.
    pub fn risk(&self) -> f64 {
        let risk = |look: &Look| {
            // Nobody is free when at least as many calls were answered as there are agents.
            let mut enough = 1.0;
            let mut risk = 0.0;
            for agents in 0..look.free.len().max(look.answers.len()) {
                if let Some(chance) = look.free.get(agents) {
                    risk += chance * enough;
                }
                enough -= look.answers.get(agents).copied().unwrap_or(0.0);
                enough = enough.max(0.0);
            }
            risk
        };
        self.looks.iter().map(risk).sum::<f64>() / self.looks.len() as f64
    }

    /// One call more is dialed now.
    pub fn dial(&mut self) {
        for look in &mut self.looks {
            toss(&mut look.answers, look.answered);
        }
    }
}

/// One more independent event of that chance.
fn toss(counts: &mut Vec<f64>, chance: f64) {
    counts.push(0.0);
    for at in (0..counts.len()).rev() {
        let fewer = if at == 0 { 0.0 } else { counts[at - 1] };
        counts[at] = counts[at] * (1.0 - chance) + fewer * chance;
    }
}
