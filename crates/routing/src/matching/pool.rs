//! The agents, laid out so that thousands can be asked in a fraction of a millisecond.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, Timestamp};

use crate::features::Table;

/// An agent as routing sees one.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Which agent.
    pub id: AgentId,
    /// The team.
    pub team: Option<String>,
    /// Skills and their levels, from 1.
    pub skills: BTreeMap<String, u8>,
    /// Languages spoken.
    pub languages: BTreeSet<String>,
    /// Licences held.
    pub licences: BTreeSet<String>,
    /// When the agent works; always when there is none.
    pub shift: Option<Shift>,
    /// How many pieces of work more the agent can take now; 0 when busy, paused or away.
    pub free: u16,
    /// How many tasks more the agent can have at once, whatever else the agent does.
    pub places: u16,
    /// Since when the agent has had nothing to do.
    pub idle_since: Timestamp,
    /// The share of the signed-in time that went to contacts, 0 to 1.
    pub occupancy: f32,
    /// The agent's vector, in the schema of agents.
    pub features: Vec<f32>,
}

impl Agent {
    /// An agent with nothing to do, of whom nothing else is known.
    pub fn new(id: AgentId, idle_since: Timestamp) -> Self {
        Self {
            id,
            team: None,
            skills: BTreeMap::new(),
            languages: BTreeSet::new(),
            licences: BTreeSet::new(),
            shift: None,
            free: 1,
            places: u16::MAX,
            idle_since,
            occupancy: 0.0,
            features: Vec::new(),
        }
    }
}

/// From when until when an agent works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shift {
    /// The first moment.
    pub from: Timestamp,
    /// The moment from which no new work is given.
    pub until: Timestamp,
}

/// What changes with every call, close together in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presence {
    pub(super) id: AgentId,
    pub(super) free: u16,
    pub(super) places: u16,
    pub(super) idle_since: Timestamp,
    pub(super) occupancy: f32,
    pub(super) shift: Option<Shift>,
    /// Which of the teams; `None` without one.
    pub(super) team: Option<usize>,
}

/// The agents, by number of row. What calls ask for by name is a column each, so that a question looks its name up
/// once and not once for each agent.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    rows: BTreeMap<AgentId, usize>,
    pub(super) presence: Vec<Presence>,
    pub(super) features: Table,
    /// The level of each row, 0 without the skill.
    pub(super) skills: BTreeMap<String, Vec<u8>>,
    pub(super) languages: BTreeMap<String, Vec<bool>>,
    pub(super) licences: BTreeMap<String, Vec<bool>>,
    pub(super) teams: Vec<String>,
}

impl Pool {
    /// A pool of these agents, whose vectors have `width` columns. Of two with one id, the later stands.
    pub fn new(width: usize, agents: impl IntoIterator<Item = Agent>) -> Self {
        let mut pool = Self { features: Table::new(width), ..Self::default() };
        agents.into_iter().for_each(|agent| pool.put(agent));
        pool
    }

    /// Adds an agent, or replaces what was known of one.
    pub fn put(&mut self, agent: Agent) {
        let row = match self.rows.get(&agent.id) {
            Some(row) => {
                self.features.set(*row, &agent.features);
                *row
            }
            None => {
                self.rows.insert(agent.id, self.presence.len());
                self.features.push(&agent.features);
                self.presence.len()
            }
        };
        let team = agent.team.map(|team| self.team(team));
        let Agent { id, free, places, idle_since, occupancy, shift, .. } = agent;
        let presence = Presence { id, free, places, idle_since, occupancy, shift, team };
        match self.presence.get_mut(row) {
            Some(known) => *known = presence,
            None => self.presence.push(presence),
        }
        let count = self.presence.len();
        write(&mut self.skills, count, row, 0, agent.skills);
        let having = |names: BTreeSet<String>| names.into_iter().map(|name| (name, true));
        write(&mut self.languages, count, row, false, having(agent.languages));
        write(&mut self.licences, count, row, false, having(agent.licences));
    }

    /// What an agent does now; gives whether the agent is known.
    pub fn set_presence(&mut self, agent: AgentId, free: u16, idle_since: Timestamp, occupancy: f32) -> bool {
        let presence = self.rows.get(&agent).and_then(|row| self.presence.get_mut(*row));
        presence
            .map(|presence| {
                (presence.free, presence.idle_since, presence.occupancy) = (free, idle_since, occupancy);
            })
            .is_some()
    }

    /// How many tasks more an agent can have; an agent who is not known has none.
    pub fn set_places(&mut self, agent: AgentId, places: u16) {
        if let Some(presence) = self.rows.get(&agent).and_then(|row| self.presence.get_mut(*row)) {
            presence.places = places;
        }
    }

    /// The vector of an agent, to be changed; empty when the agent is not known.
    pub fn features_mut(&mut self, agent: AgentId) -> &mut [f32] {
        match self.rows.get(&agent) {
            Some(row) => self.features.row_mut(*row),
            None => &mut [],
        }
    }

    /// Whether the agent can take work now; what else may stand against it is not asked.
    pub fn is_free(&self, agent: AgentId) -> bool {
        self.row(agent).is_some_and(|row| self.presence[row].free > 0)
    }

    /// How many agents there are.
    pub fn len(&self) -> usize {
        self.presence.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.presence.is_empty()
    }

    pub(super) fn row(&self, agent: AgentId) -> Option<usize> {
        self.rows.get(&agent).copied()
    }

    fn team(&mut self, name: String) -> usize {
        self.teams.iter().position(|team| *team == name).unwrap_or_else(|| {
            self.teams.push(name);
            self.teams.len() - 1
        })
    }
}

/// Writes one row of all columns: first nothing, then what is there.
fn write<T: Copy>(
    columns: &mut BTreeMap<String, Vec<T>>,
    count: usize,
    row: usize,
    nothing: T,
    has: impl IntoIterator<Item = (String, T)>,
) {
    for column in columns.values_mut() {
        column.resize(count, nothing);
        column[row] = nothing;
    }
    for (name, value) in has {
        columns.entry(name).or_insert_with(|| vec![nothing; count])[row] = value;
    }
}
