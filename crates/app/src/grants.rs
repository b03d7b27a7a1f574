//! What was lent and revealed, as the log has it: every server follows the grants and keeps those that are in force.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use trunkline_access::{Identity, Lent, Role};
use trunkline_domain::grant::Event;
use trunkline_kernel::{Actor, AgentId, EventId, GrantId, Millis, Recorded, Timestamp};

/// How far back reveals are counted.
pub(crate) const REVEALS_WITHIN: Millis = Millis::from_mins(60);

/// A grant that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantInForce {
    /// Which.
    pub id: GrantId,
    /// Whose rights they are; absent in an emergency, in which somebody takes them.
    pub from: Option<Actor>,
    /// Who has them.
    pub to: Actor,
    /// The roles that are lent; none in an emergency.
    pub roles: BTreeSet<Role>,
    /// The agent whose things they are about.
    pub agent: Option<AgentId>,
    /// The teams whose things they are about.
    pub teams: BTreeSet<String>,
    /// Since when.
    pub since: Timestamp,
    /// When it is over.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

impl GrantInForce {
    pub(crate) fn lent(&self) -> Lent {
        Lent {
            roles: self.roles.clone(),
            agent: self.agent,
            teams: self.teams.clone(),
            everything: self.from.is_none(),
            until: self.until,
        }
    }
}

/// The grants in force and the reveals of the last hour.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    grants: BTreeMap<GrantId, GrantInForce>,
    reveals: VecDeque<(Actor, Timestamp)>,
    /// The last events that were taken note of.
    noted: VecDeque<EventId>,
}

/// How many events are remembered as taken note of: more than there are grants under way at once.
const NOTED_MAX: usize = 1_000;

impl Grants {
    /// Takes note of an event. Gives whether anybody's rights change by it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn take(&mut self, recorded: &Recorded) -> Result<bool, trunkline_kernel::UnknownEvent> {
        if self.noted.len() == NOTED_MAX {
            self.noted.pop_front();
        }
        self.noted.push_back(recorded.event.id);
        let Some(id) = recorded.stream.id::<GrantId>() else { return Ok(false) };
        let since = recorded.event.occurred_at;
        let mut changed = false;
        for event in trunkline_domain::decode_as::<Event>(recorded)? {
            match event {
                Event::Delegated(delegated) => {
                    // Whom no token can name, nothing can be lent to.
                    let (Ok(from), Ok(to)) = (delegated.from.parse(), delegated.to.parse()) else { continue };
                    let roles = delegated.roles.iter().filter_map(|role| role.parse().ok()).collect();
                    let (agent, teams) = (delegated.agent, delegated.teams);
                    let (until, reason) = (delegated.until, delegated.reason);
                    let grant =
                        GrantInForce { id, from: Some(from), to, roles, agent, teams, since, until, reason };
                    self.grants.insert(id, grant);
                    changed = true;
                }
                Event::GlassBroken(broken) => {
                    let Ok(to) = broken.by.parse() else { continue };
                    let (until, reason) = (broken.until, broken.reason);
                    let (roles, teams) = (BTreeSet::new(), BTreeSet::new());
                    let grant =
                        GrantInForce { id, from: None, to, roles, agent: None, teams, since, until, reason };
                    self.grants.insert(id, grant);
                    changed = true;
                }
                Event::ValueRevealed(revealed) => {
                    if let Ok(to) = revealed.to.parse() {
                        self.reveals.push_back((to, since));
                    }
                }
                Event::Ended(_) => changed |= self.grants.remove(&id).is_some(),
            }
        }
        Ok(changed)
    }

    /// Whether an event was taken note of, among the last ones.
    pub(crate) fn has_noted(&self, event: EventId) -> bool {
        self.noted.contains(&event)
    }

    /// Forgets what is over.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.grants.retain(|_, grant| now < grant.until);
        while self.reveals.front().is_some_and(|(_, at)| at.plus(REVEALS_WITHIN) <= now) {
            self.reveals.pop_front();
        }
    }

    /// Everything that is in force.
    pub(crate) fn in_force(&self, now: Timestamp) -> Vec<GrantInForce> {
        self.grants.values().filter(|grant| now < grant.until).cloned().collect()
    }

    /// What somebody has.
    pub(crate) fn held_by(&self, identity: &Identity, now: Timestamp) -> Vec<GrantInForce> {
        let theirs = |grant: &&GrantInForce| grant.to == identity.actor && now < grant.until;
        self.grants.values().filter(theirs).cloned().collect()
    }

    /// How many values were revealed to somebody in the last hour.
    pub(crate) fn reveals_to(&self, actor: &Actor, now: Timestamp) -> usize {
        let recent = |(to, at): &&(Actor, Timestamp)| to == actor && now < at.plus(REVEALS_WITHIN);
        self.reveals.iter().filter(recent).count()
    }
}
