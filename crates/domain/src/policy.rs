//! The numbers that rules turn on, with their defaults.

use trunkline_kernel::{CommandId, Id, Millis};

/// Numbers that a company sets. Commands whose rule reads one carry the policy, so that rules stay pure and a
/// change of policy needs no event in every stream; what follows from it (an expiry, a retry time) is in the
/// events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long after-call work may take. Default 30 s.
    pub wrap: Millis,
    /// How long an offer stands. Default 20 s.
    pub offer: Millis,
    /// How many offers in a row an agent may miss before being paused. Default 3.
    pub missed_offers_max: u16,
    /// How long an agent's program may be silent. Default 120 s.
    pub heartbeat: Millis,
    /// How often a failed action is tried again. Default 3.
    pub retries_max: u16,
    /// How long before the first retry; doubled for each further one. Default 30 s.
    pub retry_first: Millis,
    /// The longest wait before a retry. Default 1 h.
    pub retry_longest: Millis,
    /// How long a task may stay in a state that is not a wait. Default 60 min.
    pub stuck_after: Millis,
    /// Whether a customer without a recorded consent may get marketing calls. Default no.
    pub unknown_consent_allows_marketing: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            wrap: Millis::from_secs(30),
            offer: Millis::from_secs(20),
            missed_offers_max: 3,
            heartbeat: Millis::from_secs(120),
            retries_max: 3,
            retry_first: Millis::from_secs(30),
            retry_longest: Millis::from_mins(60),
            stuck_after: Millis::from_mins(60),
            unknown_consent_allows_marketing: false,
        }
    }
}

impl Policy {
    /// How long to wait after the failed attempt of that number, from 1: twice as long each time up to the
    /// longest, of which the later half is spread, so that what failed together is not repeated together. The
    /// spread comes from the id of the command, which is random and the same again when the command is.
    pub fn retry_wait(&self, attempt: u16, command: CommandId) -> Millis {
        /// No first wait doubled more often is below any longest wait in use.
        const DOUBLINGS_MAX: u32 = 32;
        let doublings = u32::from(attempt.saturating_sub(1)).min(DOUBLINGS_MAX);
        let full =
            self.retry_first.0.saturating_mul(1_i64 << doublings).clamp(0, self.retry_longest.0.max(0));
        let spread = command.uuid().as_u64_pair().1 & u64::from(u32::MAX);
        let later_half = (i128::from(full - full / 2) * i128::from(spread)) >> 32;
        Millis(full / 2 + i64::try_from(later_half).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn command(low: u128) -> CommandId {
        CommandId::from_uuid(Uuid::from_u128(low))
    }

    #[test]
    fn waits_double_up_to_the_longest_and_stay_between_half_and_full() {
        let policy = Policy::default();
        for (attempt, full) in
            [(1, 30_000), (2, 60_000), (3, 120_000), (7, 1_920_000), (8, 3_600_000), (u16::MAX, 3_600_000)]
        {
            assert_eq!(
                policy.retry_wait(attempt, command(0)),
                Millis(full / 2),
                "least wait of attempt {attempt}"
            );
            let most = policy.retry_wait(attempt, command(u128::from(u32::MAX)));
            assert!(most.0 >= full - 1 && most.0 <= full, "longest wait of attempt {attempt} is {most:?}");
        }
    }

    #[test]
    fn the_same_command_waits_as_long_again() {
        let policy = Policy::default();
        let waits = [7, 7, 1 << 31].map(|low| policy.retry_wait(2, command(low)));
        assert_eq!(waits[0], waits[1]);
        assert_ne!(waits[0], waits[2]);
    }
}
