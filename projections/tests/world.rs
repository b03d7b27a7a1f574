//! Everything there is, read by somebody who sees everything, and what of it a scope holds, said again in Rust.

use std::collections::BTreeMap;

use anyhow::Result;
use trunkline_access::{Circle, Kind, Rows, Scope};
use trunkline_kernel::{AgentId, CallId, CustomerId, Id as _, LeadId, Millis, Recorded, TaskId};
use trunkline_log::{Direction, Filter, Log, Query};

use super::support::START;
use crate::agent_availability::AgentRow;
use crate::customer_360::{CustomerRow, IdentifierRow, InteractionRow, TimelineKind, TimelineRow};
use crate::kpi::{CallRow, Dimension, Granularity};
use crate::outreach::{CampaignRow, LeadRow};
use crate::reads::{
    CallFilter, CustomerFilter, DimensionFilter, FigureRow, FiguresQuery, LeadFilter, TaskFilter,
    TimelineFilter,
};
use crate::task_board::TaskRow;
use crate::{PageRequest, ReadModels};

/// Everything there is, in the order of its lists.
pub(super) struct World {
    pub(super) customers: Vec<CustomerRow>,
    pub(super) agents: Vec<AgentRow>,
    pub(super) leads: Vec<LeadRow>,
    pub(super) calls: Vec<CallRow>,
    pub(super) tasks: Vec<TaskRow>,
    pub(super) campaigns: Vec<CampaignRow>,
    pub(super) interactions: Vec<InteractionRow>,
    pub(super) identifiers: Vec<IdentifierRow>,
    pub(super) timelines: BTreeMap<CustomerId, Vec<TimelineRow>>,
    pub(super) events: Vec<Recorded>,
}

macro_rules! every {
    ($models:ident.$list:ident($($argument:expr),+)) => {{
        let mut rows = Vec::new();
        let mut request = PageRequest::first(100);
        loop {
            let page = $models.$list($($argument,)+ &request).await?;
            request.after = page.edges.last().map(|edge| edge.cursor.clone());
            let more = page.has_next;
            rows.extend(page.rows());
            if !more {
                break rows;
            }
        }
    }};
}

impl World {
    pub(super) async fn read(models: &ReadModels, log: &dyn Log) -> Result<Self> {
        let customers: Vec<CustomerRow> = every!(models.customers(&CustomerFilter::default()));
        let ids: Vec<_> = customers.iter().map(|row| row.customer_id).collect();
        let mut timelines = BTreeMap::new();
        for id in &ids {
            timelines.insert(*id, every!(models.timeline(*id, &TimelineFilter::default())));
        }
        let said: Vec<_> = timelines
            .values()
            .flatten()
            .filter(|entry: &&TimelineRow| *entry.kind == TimelineKind::Interaction)
            .map(|entry| trunkline_kernel::InteractionId::from_uuid(entry.entry_id))
            .collect();
        let mut interactions = models.interactions_by_ids(&said).await?;
        interactions.sort_by_key(|row| row.interaction_id);
        let mut identifiers = models.identifiers_of(&ids).await?;
        identifiers.sort_by_key(|row| (row.customer_id, row.position));
        let query = Query {
            filter: Filter::default(),
            direction: Direction::Forwards,
            from: None,
            until: None,
            limit: 400,
        };
        Ok(Self {
            customers,
            agents: every!(models.agents(&Default::default())),
            leads: every!(models.leads(&LeadFilter::default())),
            calls: every!(models.calls(&CallFilter::default())),
            tasks: every!(models.task_queue(&TaskFilter::default())),
            campaigns: every!(models.campaigns(&[])),
            interactions,
            identifiers,
            timelines,
            events: log.read(&query).await?.events,
        })
    }

    pub(super) fn agent_ids(&self) -> Vec<AgentId> {
        self.agents.iter().map(|row| row.agent_id).collect()
    }

    /// Figures as roll-ups give them and as single calls do, together and split.
    pub(super) fn figures_queries(&self) -> Vec<FiguresQuery> {
        let day = Millis::from_mins(24 * 60);
        let query = |granularity, by| FiguresQuery {
            granularity,
            from: START.floor(day),
            until: START.floor(day).plus(day),
            by,
            only: DimensionFilter::default(),
        };
        vec![
            query(None, Vec::new()),
            query(Some(Granularity::Day), vec![Dimension::Campaign]),
            query(Some(Granularity::Minute), vec![Dimension::Team]),
        ]
    }
}

/// What a scope holds of the world.
pub(super) struct Oracle<'a> {
    pub(super) world: &'a World,
    pub(super) scope: &'a Scope,
}

/// What is in the hands of a circle's agents.
struct Hands {
    calls: Vec<CallId>,
    leads: Vec<LeadId>,
    tasks: Vec<TaskId>,
}

impl Oracle<'_> {
    pub(super) fn all(&self, kind: Kind) -> bool {
        *self.scope.rows(kind) == Rows::All
    }

    pub(super) fn cuts(&self, kind: Kind) -> bool {
        matches!(self.scope.rows(kind), Rows::Of(_))
    }

    fn rows(&self, kind: Kind, of: impl FnOnce(&Circle) -> bool) -> bool {
        match self.scope.rows(kind) {
            Rows::All => true,
            Rows::None => false,
            Rows::Of(circle) => of(circle),
        }
    }

    fn now_in(&self, circle: &Circle, agent: Option<AgentId>) -> bool {
        let team = self.world.agents.iter().find(|row| Some(row.agent_id) == agent);
        circle.has(agent, team.and_then(|row| row.team.as_deref()))
    }

    fn hands(&self, circle: &Circle) -> Hands {
        let agents: Vec<_> =
            self.world.agents.iter().filter(|row| self.now_in(circle, Some(row.agent_id))).collect();
        Hands {
            calls: agents.iter().filter_map(|row| row.call_id).collect(),
            leads: agents.iter().filter_map(|row| row.lead_id).collect(),
            tasks: agents.iter().filter_map(|row| row.task_id).collect(),
        }
    }

    pub(super) fn customer(&self, id: CustomerId) -> bool {
        self.rows(Kind::Customers, |circle| {
            let owner =
                self.world.customers.iter().find(|row| row.customer_id == id).and_then(|row| row.owner_id);
            let hands = self.hands(circle);
            let (world, with) = (self.world, Some(id));
            self.now_in(circle, owner)
                || world.calls.iter().any(|row| row.customer_id == with && hands.calls.contains(&row.call_id))
                || world.leads.iter().any(|row| row.customer_id == id && hands.leads.contains(&row.lead_id))
                || world.tasks.iter().any(|row| row.customer_id == with && hands.tasks.contains(&row.task_id))
        })
    }

    pub(super) fn agent(&self, id: AgentId) -> bool {
        self.rows(Kind::Agents, |circle| self.now_in(circle, Some(id)))
    }

    pub(super) fn lead(&self, row: &LeadRow) -> bool {
        self.rows(Kind::Leads, |circle| {
            self.customer(row.customer_id) || self.hands(circle).leads.contains(&row.lead_id)
        })
    }

    pub(super) fn call(&self, row: &CallRow) -> bool {
        self.rows(Kind::Calls, |circle| {
            circle.has(row.agent_id, row.team.as_deref()) || self.hands(circle).calls.contains(&row.call_id)
        })
    }

    pub(super) fn task(&self, row: &TaskRow) -> bool {
        self.rows(Kind::Tasks, |circle| {
            self.now_in(circle, row.agent_id)
                || circle.has(None, row.team.as_deref())
                || self.hands(circle).tasks.contains(&row.task_id)
        })
    }

    pub(super) fn interaction(&self, row: &InteractionRow) -> bool {
        self.rows(Kind::Interactions, |circle| match row.agent_id {
            Some(agent) => self.now_in(circle, Some(agent)),
            None => self.customer(row.customer_id),
        })
    }

    pub(super) fn entry(&self, row: &TimelineRow) -> bool {
        if !self.customer(row.customer_id) {
            return false;
        }
        if [Kind::Calls, Kind::Interactions, Kind::Tasks].into_iter().all(|kind| self.all(kind)) {
            return true;
        }
        let (world, id) = (self.world, row.entry_id);
        match *row.kind {
            TimelineKind::Call => world.calls.iter().any(|row| row.call_id.uuid() == id && self.call(row)),
            TimelineKind::Interaction => {
                world.interactions.iter().any(|row| row.interaction_id.uuid() == id && self.interaction(row))
            }
            TimelineKind::Task => world.tasks.iter().any(|row| row.task_id.uuid() == id && self.task(row)),
        }
    }

    pub(super) fn event(&self, event: &Recorded) -> bool {
        let world = self.world;
        self.rows(Kind::Events, |_| {
            let stream = &event.stream;
            match stream.category() {
                "customer" => stream.id().is_some_and(|id| self.customer(id)),
                "identifier" => event.event.tags.id().is_some_and(|id| self.customer(id)),
                "agent" => stream.id().is_some_and(|id| self.agent(id)),
                "campaign" => self.all(Kind::Campaigns),
                "lead" => stream
                    .id()
                    .is_some_and(|id| world.leads.iter().any(|row| row.lead_id == id && self.lead(row))),
                "call" => stream
                    .id()
                    .is_some_and(|id| world.calls.iter().any(|row| row.call_id == id && self.call(row))),
                "task" => stream
                    .id()
                    .is_some_and(|id| world.tasks.iter().any(|row| row.task_id == id && self.task(row))),
                "interaction" => stream.id().is_some_and(|id| {
                    world.interactions.iter().any(|row| row.interaction_id == id && self.interaction(row))
                }),
                "reservation" => event.event.tags.id().is_some_and(|id| self.agent(id)),
                _ => false,
            }
        })
    }

    /// The figures of what is seen: all figures by agent and team, those kept that are of the circle, and added up.
    pub(super) async fn figures(&self, all: &ReadModels, query: &FiguresQuery) -> Result<Vec<FigureRow>> {
        let mut finest = query.clone();
        finest.by.extend([Dimension::Agent, Dimension::Team]);
        let mut groups: BTreeMap<String, FigureRow> = BTreeMap::new();
        let mut order = Vec::new();
        for mut row in all.figures(&finest).await? {
            if !self.rows(Kind::Figures, |circle| circle.has(row.agent, row.team.as_deref())) {
                continue;
            }
            row.agent = row.agent.filter(|_| query.by.contains(&Dimension::Agent));
            row.team = row.team.filter(|_| query.by.contains(&Dimension::Team));
            let key = format!("{:?} {:?} {:?}", row.window_start, row.team, row.campaign);
            match groups.get_mut(&key) {
                Some(sum) => sum.sums += row.sums,
                None => {
                    order.push(key.clone());
                    groups.insert(key, row);
                }
            }
        }
        let mut rows: Vec<FigureRow> = order.iter().filter_map(|key| groups.remove(key)).collect();
        if rows.is_empty() && query.granularity.is_none() && query.by.is_empty() {
            rows.push(empty());
        }
        let empty_text = |text: &Option<String>| text.clone().unwrap_or_default();
        rows.sort_by_key(|row| {
            (row.window_start, empty_text(&row.team), row.campaign.map_or(uuid::Uuid::nil(), |id| id.uuid()))
        });
        Ok(rows)
    }
}

fn empty() -> FigureRow {
    FigureRow {
        window_start: None,
        agent: None,
        team: None,
        campaign: None,
        queue: None,
        product: None,
        industry: None,
        sums: Default::default(),
    }
}
