//! The agents as the log tells of them, laid out for the matching, in memory.

mod known;
mod tasks;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use trunkline_domain::agent::{self, Presence};
use trunkline_kernel::{AgentId, Id as _, Millis, Position, Recorded, Timestamp, UnknownEvent};
use trunkline_projections::agent_availability::{AgentRow, AgentTimeRow};
use trunkline_projections::kpi::AchievementRow;
use trunkline_projections::reads::{AgentFilter, PAGE_ROWS_MAX, PageRequest};
use trunkline_projections::{ReadError, ReadModel, ReadModels};
use trunkline_routing::matching::{self, Pool as Table};

use crate::Features;
use crate::achievements::{Achieved, OCCUPANCY, Standard};
use crate::port::Wanted;
use crate::terms::Terms;
use known::{Known, on_contacts};
use tasks::Tasks;

pub(crate) use tasks::FOLLOWED as TASKS_FOLLOWED;

/// The agents as the log tells of them.
#[derive(Debug)]
pub struct Roster {
    features: Arc<Features>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    table: Table,
    agents: HashMap<AgentId, Known>,
    tasks: Tasks,
    /// Whom this server has decided on and not yet heard of, and until when that keeps them.
    held: BTreeMap<AgentId, Timestamp>,
    available: usize,
    /// Whose shift or licences begin or end next, and when.
    renewals: BTreeSet<(Timestamp, AgentId)>,
    /// Teams of which somebody's achievements changed, or who belongs to them.
    stale: HashSet<Option<String>>,
}

/// What an event of an agent changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing that routing looks at.
    None,
    /// The agent can take work now.
    Free(AgentId),
    /// The agent is gone.
    Gone(AgentId),
}

impl Roster {
    /// Nobody yet.
    pub fn new(features: Arc<Features>) -> Self {
        let table = Table::new(features.agent.columns().len(), []);
        let (agents, held) = (HashMap::new(), BTreeMap::new());
        let (stale, renewals) = (HashSet::new(), BTreeSet::new());
        let tasks = Tasks::default();
        Self {
            features,
            inner: Mutex::new(Inner { table, agents, tasks, held, available: 0, renewals, stale }),
        }
    }

    /// Reads everybody from the read model. Gives the position from which to follow the log.
    ///
    /// # Errors
    /// When the read model cannot be read.
    pub async fn load(&self, reads: &ReadModels, now: Timestamp) -> Result<Position, ReadError> {
        // Rows can be newer than the position that is asked first; events that they know of are passed over.
        let agents = reads.position(ReadModel::AgentAvailability).await?;
        let position = agents.min(reads.position(ReadModel::TaskBoard).await?);
        self.inner.lock().tasks = Tasks::load(reads).await?;
        let mut page = PageRequest::first(PAGE_ROWS_MAX);
        loop {
            let found = reads.agents(&AgentFilter::default(), &page).await?;
            let ids: Vec<AgentId> = found.edges.iter().map(|edge| edge.row.agent_id).collect();
            let times = reads.agent_times(&ids, now).await?;
            for edge in &found.edges {
                self.put(&edge.row, &times);
            }
            match found.edges.last() {
                Some(last) if found.has_next => {
                    page = PageRequest::first(PAGE_ROWS_MAX).after(last.cursor.clone())
                }
                Some(_) | None => return Ok(position),
            }
        }
    }

    fn put(&self, row: &AgentRow, times: &[AgentTimeRow]) {
        let own = |time: &&AgentTimeRow| time.agent_id == row.agent_id;
        let sum = |of: fn(Presence) -> bool| {
            Millis(
                times.iter().filter(own).filter(|time| of(time.presence.0)).map(|time| time.total_ms).sum(),
            )
        };
        let known = Known {
            position: row.position,
            presence: row.presence.0,
            since: row.since,
            team: row.team.clone(),
            skills: row.skills.0.clone(),
            languages: row.languages.0.iter().cloned().collect(),
            capacity: u16::try_from(row.capacity).unwrap_or(u16::MAX),
            terms: Terms::new(&row.licences.0, &row.shifts.0),
            busy: sum(on_contacts),
            idle: sum(|presence| presence == Presence::Available),
            ..Known::new()
        };
        let mut inner = self.inner.lock();
        inner.look_again(row.agent_id, &known);
        inner.lay_out(row.agent_id, &known, &self.features);
        inner.available += usize::from(known.presence == Presence::Available);
        inner.agents.insert(row.agent_id, known);
    }

    /// Takes note of an event of an agent, or of a task that agents have.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn take(&self, recorded: &Recorded) -> Result<Change, UnknownEvent> {
        let Some(id) = recorded.stream.id::<AgentId>() else { return self.take_task(recorded) };
        let events = trunkline_domain::decode_as::<agent::Event>(recorded)?;
        let mut inner = self.inner.lock();
        let Inner { agents, available, .. } = &mut *inner;
        let known = agents.entry(id).or_insert_with(Known::new);
        if recorded.position <= known.position {
            return Ok(Change::None);
        }
        known.position = recorded.position;
        let before = known.presence;
        let mut described = false;
        for event in &events {
            described |= known.describe(event);
            known.step(event, recorded.event.occurred_at);
        }
        *available += usize::from(known.presence == Presence::Available);
        *available -= usize::from(before == Presence::Available);
        let presence = known.presence;
        inner.held.remove(&id);
        if described && let Some(known) = inner.agents.remove(&id) {
            inner.stale.insert(known.team.clone());
            inner.look_again(id, &known);
            inner.lay_out(id, &known, &self.features);
            inner.agents.insert(id, known);
        } else {
            inner.show(id, &self.features);
        }
        Ok(match presence {
            Presence::Available => Change::Free(id),
            Presence::Offline => Change::Gone(id),
            Presence::Paused
            | Presence::Reserved
            | Presence::Preview
            | Presence::Ringing
            | Presence::Talking
            | Presence::Holding
            | Presence::Wrapping => Change::None,
        })
    }

    fn take_task(&self, recorded: &Recorded) -> Result<Change, UnknownEvent> {
        let mut inner = self.inner.lock();
        let relieved = inner.tasks.take(recorded)?;
        for agent in relieved.iter().chain(inner.tasks.holder(recorded).as_ref()) {
            inner.show(*agent, &self.features);
        }
        Ok(relieved.map_or(Change::None, Change::Free))
    }

    /// Takes note of what agents achieved; [`Roster::weigh`] has it count.
    pub(crate) fn achieved(&self, rows: &[AchievementRow]) {
        let mut inner = self.inner.lock();
        let Inner { agents, stale, .. } = &mut *inner;
        for row in rows {
            if let Some(known) = agents.get_mut(&row.agent_id) {
                known.achieved = Achieved::of(row);
                stale.insert(known.team.clone());
            }
        }
    }

    /// Has the matching see what the agents of changed teams achieved. Others can decide between one agent and the next.
    pub(crate) fn weigh(&self) {
        let stale = std::mem::take(&mut self.inner.lock().stale);
        for team in stale {
            let (members, standard) = {
                let inner = self.inner.lock();
                let of_team = inner.agents.iter().filter(|(_, known)| known.team == team);
                let (members, achieved): (Vec<AgentId>, Vec<&Achieved>) =
                    of_team.map(|(id, known)| (*id, &known.achieved)).unzip();
                (members, Standard::of(&self.features.agent, &achieved))
            };
            for id in members {
                let mut inner = self.inner.lock();
                let Some(mut known) = inner.agents.remove(&id) else { continue };
                let figures = standard.figures(&known.achieved);
                if known.figures != figures {
                    known.figures = figures;
                    inner.lay_out(id, &known, &self.features);
                }
                inner.agents.insert(id, known);
            }
        }
    }

    /// Decides on the agents as they are now, and keeps those who are chosen until they are heard of, until that moment
    /// at most: whoever decides next finds them taken.
    pub(crate) fn choose<T>(
        &self,
        now: Timestamp,
        until: Timestamp,
        decide: impl FnOnce(&Table) -> (T, Vec<AgentId>),
    ) -> T {
        let mut inner = self.inner.lock();
        inner.let_go(now, &self.features);
        inner.renew(now, &self.features);
        let (decided, chosen) = decide(&inner.table);
        chosen.into_iter().for_each(|agent| inner.hold(agent, until, &self.features));
        decided
    }

    /// Keeps an agent who turned out not to be free, until there is news of them or that moment has come.
    pub(crate) fn hold(&self, agent: AgentId, until: Timestamp) {
        self.inner.lock().hold(agent, until, &self.features);
    }

    /// Lets an agent go who was chosen and not offered anything.
    pub(crate) fn let_go(&self, agent: AgentId) {
        let mut inner = self.inner.lock();
        inner.held.remove(&agent);
        inner.show(agent, &self.features);
    }

    /// What is to be claimed when an agent is chosen.
    pub(crate) fn wanted(&self, agent: AgentId) -> Wanted {
        let known = self.inner.lock().agents.get(&agent).map_or(Position::START, |known| known.position);
        Wanted { id: agent.uuid(), known }
    }

    /// How many agents there are, and how many of them wait for work.
    pub fn count(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        (inner.agents.len(), inner.available)
    }

    /// Whether anybody can be chosen now.
    pub(crate) fn anybody(&self, now: Timestamp) -> bool {
        let mut inner = self.inner.lock();
        inner.let_go(now, &self.features);
        let held = inner.held.keys().filter(|agent| inner.waits(**agent)).count();
        inner.available > held
    }
}

impl Inner {
    fn waits(&self, agent: AgentId) -> bool {
        self.agents.get(&agent).is_some_and(|known| known.presence == Presence::Available)
    }

    fn hold(&mut self, agent: AgentId, until: Timestamp, features: &Features) {
        self.held.insert(agent, until);
        self.show(agent, features);
    }

    /// Lets those go whose time is over.
    fn let_go(&mut self, now: Timestamp, features: &Features) {
        let over: Vec<AgentId> =
            self.held.iter().filter(|(_, until)| **until <= now).map(|(agent, _)| *agent).collect();
        for agent in over {
            self.held.remove(&agent);
            self.show(agent, features);
        }
    }

    /// Has shifts and licences that changed looked at before the next decision.
    fn look_again(&mut self, id: AgentId, known: &Known) {
        if !known.terms.is_empty() {
            self.renewals.insert((Timestamp::from_micros(0), id));
        }
    }

    /// Has shifts and licences begin and end whose time has come.
    fn renew(&mut self, now: Timestamp, features: &Features) {
        while let Some((due, id)) = self.renewals.first().copied().filter(|(due, _)| *due <= now) {
            self.renewals.remove(&(due, id));
            let Some(mut known) = self.agents.remove(&id) else { continue };
            let next = known.terms.renew(now);
            self.renewals.extend(next.map(|next| (next, id)));
            self.lay_out(id, &known, features);
            self.agents.insert(id, known);
        }
    }

    /// How many tasks more an agent can take.
    fn places(&self, id: AgentId, known: &Known) -> u16 {
        known.capacity.saturating_sub(self.tasks.of(id))
    }

    /// Has the matching see what the agent does.
    fn show(&mut self, id: AgentId, features: &Features) {
        let free = u16::from(self.waits(id) && !self.held.contains_key(&id));
        if let Some(known) = self.agents.get(&id) {
            self.table.set_presence(id, free, known.since, known.occupancy());
            self.table.set_places(id, self.places(id, known));
            features.agent.encode_one(OCCUPANCY, &known.load(), self.table.features_mut(id));
        }
    }

    /// Has the matching see who the agent is and what the agent does.
    fn lay_out(&mut self, id: AgentId, known: &Known, features: &Features) {
        let mut vector =
            features.of_agent(known.team.as_ref(), &known.skills, &known.languages, &known.figures);
        features.agent.encode_one(OCCUPANCY, &known.load(), &mut vector);
        self.table.put(matching::Agent {
            team: known.team.clone(),
            skills: known.skills.clone(),
            languages: known.languages.clone(),
            licences: known.terms.licences(),
            shift: known.terms.shift(),
            free: u16::from(known.presence == Presence::Available && !self.held.contains_key(&id)),
            places: self.places(id, known),
            occupancy: known.occupancy(),
            features: vector,
            ..matching::Agent::new(id, known.since)
        });
    }
}
