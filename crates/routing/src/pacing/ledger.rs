//! How many calls were abandoned, and which share that is by the formula of a jurisdiction.

use serde::{Deserialize, Serialize};

/// What became of one campaign's calls within the window of its formula, as counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ledger {
    /// Calls that a person answered.
    pub answered: u64,
    /// Those of them that no agent took within the time that the rule gives after the greeting.
    pub abandoned: u64,
    /// Those of them that an agent took in time. Whoever hung up before that time was over is neither.
    pub passed: u64,
    /// Calls that were taken for a machine's and ended.
    pub machines: u64,
}

/// What the share of abandoned calls is a share of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ShareOf {
    /// All calls that a person answered, 16 CFR 310.4(b)(4)(i).
    #[default]
    LiveAnswers,
    /// Abandoned calls and those that were passed to an agent, as Ofcom counts. It is never more than the live answers, so
    /// that the share is never smaller.
    AbandonedAndPassed,
}

/// How a jurisdiction counts the share of abandoned calls. Each campaign is counted for itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Formula {
    /// What stands below the line.
    #[serde(default)]
    pub of: ShareOf,
    /// Which part of the calls that were taken for a machine's is taken for a person who was hung up on: the reasoned
    /// estimate of what machine detection gets wrong. They count as abandoned, above and below the line. 0: none.
    #[serde(default)]
    pub machine_errors: f64,
    /// Over how many days. One day is the last 24 hours; more are days of UTC, today included.
    pub days: u32,
}

impl Default for Formula {
    /// The strictest parts of the formulas that are published, but for the estimate, which only Ofcom asks for.
    fn default() -> Self {
        Self { of: ShareOf::AbandonedAndPassed, machine_errors: 0.0, days: 1 }
    }
}

/// Abandoned calls, and what they are a share of. Neither is whole where a part is an estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// What stands above the line.
    pub abandoned: f64,
    /// What stands below it.
    pub of: f64,
}

impl Formula {
    /// What stands above and below the line.
    pub fn share(&self, ledger: &Ledger) -> Share {
        let mistaken = self.machine_errors * ledger.machines as f64;
        let abandoned = ledger.abandoned as f64 + mistaken;
        let of = match self.of {
            ShareOf::LiveAnswers => ledger.answered as f64 + mistaken,
            ShareOf::AbandonedAndPassed => abandoned + ledger.passed as f64,
        };
        Share { abandoned, of }
    }
}

impl Share {
    /// The share; 0 of nothing.
    pub fn rate(&self) -> f64 {
        if self.of > 0.0 { (self.abandoned / self.of).min(1.0) } else { 0.0 }
    }

    /// The upper end of the one-sided 95 % Wilson interval of the share; 1 of nothing. That the estimate of mistaken machines
    /// may be wrong itself is not in it.
    pub fn upper(&self) -> f64 {
        const Z: f64 = 1.644_853_626_951_472_2;
        if self.of <= 0.0 {
            return 1.0;
        }
        let (n, p) = (self.of, self.rate());
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        ((p + Z * Z / (2.0 * n) + spread) / (1.0 + Z * Z / n)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const US: Formula = Formula { of: ShareOf::LiveAnswers, machine_errors: 0.0, days: 30 };
    const GB: Formula = Formula { of: ShareOf::AbandonedAndPassed, machine_errors: 0.01, days: 1 };

    fn close(share: Share, abandoned: f64, of: f64) {
        assert!((share.abandoned - abandoned).abs() < 1e-9 && (share.of - of).abs() < 1e-9, "{share:?}");
    }

    #[test]
    fn the_american_share_is_of_all_calls_that_a_person_answered() {
        // Three of a hundred live answers, however many hung up at once and whatever machines there were.
        let ledger = Ledger { answered: 100, abandoned: 3, passed: 90, machines: 500 };
        close(US.share(&ledger), 3.0, 100.0);
        assert!((US.share(&ledger).rate() - 0.03).abs() < 1e-12);
    }

    /// The example that a maker of dialers (Callmedia) gave of Ofcom's formula: of 1,000 dials 200 are answered by people and
    /// 400 taken for machines, one in a hundred of them wrongly. That is 4 silent calls; 2 abandoned ones beside
    /// them make 3 % of 200, and nothing is left.
    #[test]
    fn the_british_share_counts_what_machine_detection_gets_wrong() {
        let ledger = Ledger { answered: 196, abandoned: 2, passed: 194, machines: 400 };
        close(GB.share(&ledger), 6.0, 200.0);
        assert!((GB.share(&ledger).rate() - 0.03).abs() < 1e-12);
        let without = Formula { machine_errors: 0.0, ..GB };
        close(without.share(&ledger), 2.0, 196.0);
    }

    #[test]
    fn who_hung_up_before_anybody_could_be_there_was_not_passed_to_an_agent() {
        let ledger = Ledger { answered: 100, abandoned: 3, passed: 57, machines: 0 };
        close(GB.share(&ledger), 3.0, 60.0);
        close(US.share(&ledger), 3.0, 100.0);
    }

    #[test]
    fn of_nothing_the_share_is_0_and_its_bound_1() {
        let nothing = Formula::default().share(&Ledger::default());
        assert_eq!((nothing.rate(), nothing.upper()), (0.0, 1.0));
    }

    fn ledgers() -> impl Strategy<Value = Ledger> {
        (0_u64..5_000, 0_u64..5_000, 0_u64..5_000, 0_u64..5_000).prop_map(
            |(abandoned, passed, left, machines)| Ledger {
                answered: abandoned + passed + left,
                abandoned,
                passed,
                machines,
            },
        )
    }

    proptest! {
        #[test]
        fn shares_are_shares_and_their_bounds_lie_above_them(ledger in ledgers(), errors in 0.0..=1.0_f64) {
            for of in [ShareOf::LiveAnswers, ShareOf::AbandonedAndPassed] {
                let share = Formula { of, machine_errors: errors, days: 1 }.share(&ledger);
                let (rate, upper) = (share.rate(), share.upper());
                prop_assert!((0.0..=1.0).contains(&rate) && (0.0..=1.0).contains(&upper));
                prop_assert!(rate <= upper + 1e-12, "{} above {}", rate, upper);
            }
        }

        /// So the default, which has the smaller whole, bounds every campaign as tightly as any published formula without an
        /// estimate would.
        #[test]
        fn the_smaller_whole_never_gives_the_smaller_share(ledger in ledgers(), errors in 0.0..=1.0_f64) {
            let share = |of| Formula { of, machine_errors: errors, days: 1 }.share(&ledger).rate();
            prop_assert!(share(ShareOf::AbandonedAndPassed) >= share(ShareOf::LiveAnswers));
        }

        #[test]
        fn a_greater_estimate_never_gives_a_smaller_share(
            ledger in ledgers(), less in 0.0..=1.0_f64, more in 0.0..=1.0_f64,
        ) {
            let (less, more) = (less.min(more), less.max(more));
            for of in [ShareOf::LiveAnswers, ShareOf::AbandonedAndPassed] {
                let rate = |machine_errors| Formula { of, machine_errors, days: 1 }.share(&ledger).rate();
                prop_assert!(rate(more) >= rate(less) - 1e-12);
            }
        }

        /// A share that every day keeps is kept by all days together, so that the shorter window is the stricter.
        #[test]
        fn what_every_day_keeps_all_days_keep(days in prop::collection::vec(ledgers(), 1..10)) {
            let formula = Formula::default();
            let worst = days.iter().map(|day| formula.share(day).rate()).fold(0.0, f64::max);
            let all = days.iter().fold(Ledger::default(), |sum, day| Ledger {
                answered: sum.answered + day.answered,
                abandoned: sum.abandoned + day.abandoned,
                passed: sum.passed + day.passed,
                machines: sum.machines + day.machines,
            });
            prop_assert!(formula.share(&all).rate() <= worst + 1e-12);
        }
    }
}
