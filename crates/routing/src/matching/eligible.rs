//! The hard constraints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, Timestamp};

use super::pool::Presence;
use super::{Call, Needs, Pool};

/// Why an agent cannot get a call. Each agent is counted under the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// The agent can take no more work now.
    Capacity,
    /// The agent does not work now.
    Shift,
    /// The two must not be paired.
    DoNotPair,
    /// A licence is missing.
    Licence,
    /// None of the languages is spoken.
    Language,
    /// A skill is missing or too low.
    Skill,
    /// The agent is in another team.
    Team,
    /// The call still waits for its preferred agent.
    Patience,
}

/// The rows of the agents who may get the call, and how many may not and why.
pub(super) fn eligible(pool: &Pool, call: &Call, at: Timestamp) -> (Vec<usize>, BTreeMap<Reason, u32>) {
    let waited = at.since(call.waiting_since);
    let needs = call.needs.after(waited);
    let asked = Asked::of(pool, &needs);
    let only = call.preferred.filter(|preferred| waited < preferred.patience).and_then(|preferred| {
        // Nobody waits for an agent who does not work now or could not take the call anyway.
        let row = pool.row(preferred.agent)?;
        let reason = asked.refuses(&pool.presence[row], row, call, at);
        matches!(reason, None | Some(Reason::Capacity)).then_some(row)
    });
    let mut rows = Vec::new();
    let mut aside = BTreeMap::new();
    for (row, presence) in pool.presence.iter().enumerate() {
        let reason = match only {
            Some(only) if only != row => Some(Reason::Patience),
            Some(_) | None => asked.refuses(presence, row, call, at),
        };
        match reason {
            None => rows.push(row),
            Some(reason) => *aside.entry(reason).or_default() += 1,
        }
    }
    (rows, aside)
}

/// The agents who may get the call, the longest idle first.
pub fn free_for(pool: &Pool, call: &Call, at: Timestamp) -> Vec<AgentId> {
    let (rows, _) = eligible(pool, call, at);
    let mut free: Vec<&Presence> = rows.into_iter().map(|row| &pool.presence[row]).collect();
    free.sort_by_key(|presence| (presence.idle_since, presence.id));
    free.into_iter().map(|presence| presence.id).collect()
}

/// The rows of the agents who have what the call asks for, whether they are free or not.
pub(super) fn able(pool: &Pool, call: &Call, at: Timestamp) -> Vec<usize> {
    let needs = call.needs.after(at.since(call.waiting_since));
    let asked = Asked::of(pool, &needs);
    let idle = |presence: &Presence| Presence { free: 1, ..*presence };
    let rows = pool.presence.iter().enumerate();
    rows.filter(|(row, presence)| asked.refuses(&idle(presence), *row, call, at).is_none())
        .map(|(row, _)| row)
        .collect()
}

/// What a call asks for, its names looked up.
struct Asked<'a> {
    skills: Vec<(Option<&'a [u8]>, u8)>,
    languages: Vec<&'a [bool]>,
    any_language: bool,
    licences: Vec<Option<&'a [bool]>>,
    teams: Vec<usize>,
    any_team: bool,
}

impl<'a> Asked<'a> {
    fn of(pool: &'a Pool, needs: &Needs) -> Self {
        let skill = |(name, level): (&String, &u8)| (pool.skills.get(name).map(Vec::as_slice), *level);
        let team = |name: &String| pool.teams.iter().position(|team| team == name);
        Self {
            skills: needs.skills.iter().map(skill).collect(),
            languages: needs
                .languages
                .iter()
                .filter_map(|name| pool.languages.get(name))
                .map(Vec::as_slice)
                .collect(),
            any_language: needs.languages.is_empty(),
            licences: needs.licences.iter().map(|name| pool.licences.get(name).map(Vec::as_slice)).collect(),
            teams: needs.teams.iter().filter_map(team).collect(),
            any_team: needs.teams.is_empty(),
        }
    }

    fn refuses(&self, presence: &Presence, row: usize, call: &Call, at: Timestamp) -> Option<Reason> {
        let has = |column: &&[bool]| column.get(row).copied().unwrap_or(false);
        if presence.free == 0 || (call.is_task && presence.places == 0) {
            Some(Reason::Capacity)
        } else if presence.shift.is_some_and(|shift| at < shift.from || at >= shift.until) {
            Some(Reason::Shift)
        } else if call.barred.contains(&presence.id) {
            Some(Reason::DoNotPair)
        } else if !self.licences.iter().all(|column| column.as_ref().is_some_and(has)) {
            Some(Reason::Licence)
        } else if !self.any_language && !self.languages.iter().any(has) {
            Some(Reason::Language)
        } else if !self
            .skills
            .iter()
            .all(|(column, level)| column.and_then(|column| column.get(row)).is_some_and(|has| has >= level))
        {
            Some(Reason::Skill)
        } else if !self.any_team && !presence.team.is_some_and(|team| self.teams.contains(&team)) {
            Some(Reason::Team)
        } else {
            None
        }
    }
}
