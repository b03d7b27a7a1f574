//! Agents whom several campaigns have: whoever is free is dialed for once.

use std::collections::BTreeSet;

use trunkline_kernel::AgentId;

/// Another campaign, as far as it wants the same agents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rival<'a> {
    /// Who is free for it.
    pub(crate) free: &'a BTreeSet<AgentId>,
    /// How many agents its calls in flight will want.
    pub(crate) wanted: usize,
}

/// How many of the agents who are free for a campaign the calls of others will want. Each of these calls takes an agent from
/// elsewhere while there is one.
pub(crate) fn promised(own: &BTreeSet<AgentId>, rivals: &[Rival<'_>]) -> usize {
    let mut elsewhere: BTreeSet<&AgentId> = BTreeSet::new();
    let mut promised = 0;
    for rival in rivals {
        let shared = rival.free.intersection(own).count();
        if shared == 0 {
            continue;
        }
        let others = rival.free.difference(own).filter(|agent| !elsewhere.contains(*agent));
        let others: Vec<&AgentId> = others.take(rival.wanted).collect();
        promised += (rival.wanted - others.len()).min(shared);
        elsewhere.extend(others);
    }
    promised.min(own.len())
}

#[cfg(test)]
mod tests {
    use trunkline_kernel::Id as _;

    use super::*;

    fn agents(numbers: std::ops::Range<u128>) -> BTreeSet<AgentId> {
        numbers.map(|number| AgentId::from_uuid(uuid::Uuid::from_u128(number))).collect()
    }

    #[test]
    fn who_is_free_for_two_campaigns_is_dialed_for_once() {
        let (own, same, apart) = (agents(0..10), agents(0..10), agents(20..30));
        let rival = |free, wanted| Rival { free, wanted };
        assert_eq!(promised(&own, &[]), 0);
        assert_eq!(promised(&own, &[rival(&same, 4)]), 4);
        assert_eq!(promised(&own, &[rival(&same, 4), rival(&same, 4)]), 8);
        assert_eq!(promised(&own, &[rival(&same, 40)]), 10, "no more than there are");
        assert_eq!(promised(&own, &[rival(&apart, 40)]), 0, "agents of its own");
    }

    #[test]
    fn calls_of_others_take_agents_from_elsewhere_first_and_each_of_these_once() {
        let (own, half) = (agents(0..10), agents(5..15));
        let rival = |wanted| Rival { free: &half, wanted };
        assert_eq!(promised(&own, &[rival(5)]), 0);
        assert_eq!(promised(&own, &[rival(7)]), 2);
        assert_eq!(promised(&own, &[rival(5), rival(3)]), 3, "the five elsewhere are gone");
        assert_eq!(promised(&own, &[rival(100)]), 5, "those that both have");
    }
}
