//! Which things and events a caller sees, asked by id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use trunkline_access::{Kind, Permission, Rows, Scope, Tally};
use trunkline_database::{AssertSqlSafe, Cell, Database, Row, Value};
use trunkline_kernel::{AgentId, CallId, CustomerId, Id as _, LeadId, Recorded, TaskId};
use uuid::Uuid;

use super::relation::{relation, sees_whole};
use super::{ReadError, ReadModels};

/// Ids in one statement.
const CHUNK: usize = 256;

/// The things that have a row of their own: the kind of their ids, their table, its key and the kind of their rows.
const THINGS: [(&str, &str, &str, Kind); 8] = [
    ("customer", "customers", "customer_id", Kind::Customers),
    ("agent", "agents", "agent_id", Kind::Agents),
    ("campaign", "campaigns", "campaign_id", Kind::Campaigns),
    ("lead", "leads", "lead_id", Kind::Leads),
    ("call", "calls", "call_id", Kind::Calls),
    ("recording", "recordings", "recording_id", Kind::Calls),
    ("interaction", "interactions", "interaction_id", Kind::Interactions),
    ("task", "tasks", "task_id", Kind::Tasks),
];

/// The tables that hold nothing but what belongs to a thing: theirs is what their thing's row is.
const PARTS: [(&str, &str); 9] = [
    ("customer_identifiers", "customer_id NOT IN (SELECT customer_id FROM customers)"),
    ("customer_consents", "customer_id NOT IN (SELECT customer_id FROM customers)"),
    ("customer_agents", "customer_id NOT IN (SELECT customer_id FROM customers)"),
    (
        "customer_timeline",
        "customer_id NOT IN (SELECT customer_id FROM customers) \
         OR (kind = 'call' AND entry_id NOT IN (SELECT call_id FROM calls)) \
         OR (kind = 'interaction' AND entry_id NOT IN (SELECT interaction_id FROM interactions)) \
         OR (kind = 'task' AND entry_id NOT IN (SELECT task_id FROM tasks))",
    ),
    ("task_transitions", "task_id NOT IN (SELECT task_id FROM tasks)"),
    ("agent_times", "agent_id NOT IN (SELECT agent_id FROM agents)"),
    ("agent_achievements", "agent_id NOT IN (SELECT agent_id FROM agents)"),
    // Sums over things that are not all seen.
    ("lead_counts", "TRUE"),
    ("task_counts", "TRUE"),
];

impl ReadModels {
    /// The same read models as somebody sees them: every query leaves out what is not in the scope.
    #[must_use]
    pub fn seen_by(&self, scope: Arc<Scope>) -> Self {
        Self { scope, ..self.clone() }
    }

    /// The same read models, which note every row of a thing that they give.
    #[must_use]
    pub fn noting(&self, tally: Arc<Tally>) -> Self {
        Self { tally: Some(tally), ..self.clone() }
    }

    /// Notes rows of a table that begin with its columns, where somebody wants to know.
    pub(crate) fn note(&self, table: &str, rows: &[Row]) -> Result<(), ReadError> {
        let thing = THINGS.iter().find(|thing| thing.1 == table);
        if let (Some(tally), Some((kind, _, _, _))) = (&self.tally, thing) {
            for row in rows {
                // The key is the first column of every such table.
                tally.row(kind, row.at(0)?);
            }
        }
        Ok(())
    }

    /// What is seen of a table, to stand after FROM.
    pub(crate) fn relation(&self, table: &str, values: &mut Vec<Value>) -> String {
        relation(&self.scope, table, values)
    }

    /// Whether all of a table is seen.
    pub(crate) fn sees_whole(&self, table: &str) -> bool {
        sees_whole(&self.scope, table)
    }

    /// The scope that they are seen in.
    pub fn scope(&self) -> &Arc<Scope> {
        &self.scope
    }

    /// Which of these things are seen, given by the kind of their ids and the ids: those that exist and are in the
    /// scope. Of kinds that have no rows none is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seen(&self, kind: &str, ids: &[Uuid]) -> Result<BTreeSet<Uuid>, ReadError> {
        let mut seen = BTreeSet::new();
        let Some((_, table, key, _)) = THINGS.iter().find(|thing| thing.0 == kind) else { return Ok(seen) };
        for chunk in ids.chunks(CHUNK) {
            let mut values: Vec<Value> = chunk.iter().map(|id| id.value()).collect();
            let marks: Vec<String> = (1..=values.len()).map(|at| format!("${at}")).collect();
            let relation = self.relation(table, &mut values);
            let sql = format!("SELECT {key} FROM {relation} WHERE {key} IN ({})", marks.join(", "));
            for row in self.database.fetch(AssertSqlSafe(sql), values).await? {
                seen.insert(row.get(key)?);
            }
        }
        Ok(seen)
    }

    /// Whether every event is seen.
    pub fn sees_every_event(&self) -> bool {
        *self.scope.rows(Kind::Events) == Rows::All && self.scope.may(Permission::Audit)
    }

    /// Which of these events are seen, in the same order: all by who sees all events, and by who sees a part those that
    /// are about a thing that is seen. Who read what is for those who audit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sees_events(&self, events: &[&Recorded]) -> Result<Vec<bool>, ReadError> {
        match self.scope.rows(Kind::Events) {
            Rows::All if self.scope.may(Permission::Audit) => return Ok(vec![true; events.len()]),
            Rows::All => return Ok(events.iter().map(|event| !is_of_audit(event)).collect()),
            Rows::None => return Ok(vec![false; events.len()]),
            Rows::Of(_) => {}
        }
        let abouts: Vec<Option<(&'static str, Uuid)>> = events.iter().map(|event| about(event)).collect();
        let mut asked: BTreeMap<&'static str, Vec<Uuid>> = BTreeMap::new();
        for (kind, id) in abouts.iter().flatten() {
            asked.entry(kind).or_default().push(*id);
        }
        let mut seen = BTreeMap::new();
        for (kind, mut ids) in asked {
            ids.sort_unstable();
            ids.dedup();
            seen.insert(kind, self.seen(kind, &ids).await?);
        }
        let sees = |about: &Option<(&str, Uuid)>| {
            about.is_some_and(|(kind, id)| seen.get(kind).is_some_and(|ids| ids.contains(&id)))
        };
        Ok(abouts.iter().map(sees).collect())
    }

    /// Takes out of the read models of the past what is not seen now: the past of a thing is seen by who sees the
    /// thing.
    pub(crate) async fn prune(&self, past: &Database) -> Result<(), ReadError> {
        for (kind, table, key, rows) in THINGS {
            if *self.scope.rows(rows) == Rows::All {
                continue;
            }
            let sql = format!("SELECT {key} FROM {table}");
            let found = past.fetch(AssertSqlSafe(sql), Vec::new()).await?;
            let ids: Vec<Uuid> = found.iter().map(|row| row.get(key)).collect::<Result<_, _>>()?;
            let seen = self.seen(kind, &ids).await?;
            for id in ids.iter().filter(|id| !seen.contains(id)) {
                let sql = format!("DELETE FROM {table}_g1 WHERE {key} = $1");
                past.execute(AssertSqlSafe(sql), vec![id.value()]).await?;
            }
        }
        for (table, gone) in PARTS {
            if !self.sees_whole(table) {
                past.execute(AssertSqlSafe(format!("DELETE FROM {table}_g1 WHERE {gone}")), Vec::new())
                    .await?;
            }
        }
        Ok(())
    }
}

/// Whether it tells of what colleagues did with their rights, and not of customers or work.
fn is_of_audit(event: &Recorded) -> bool {
    matches!(event.stream.category(), "access" | "alert")
}

/// The thing that an event is about: whose history it is in, or for what has no rows of its own whom it concerns.
fn about(event: &Recorded) -> Option<(&'static str, Uuid)> {
    let category = event.stream.category();
    match category {
        "reservation" => event.event.tags.id::<AgentId>().map(|id| ("agent", id.uuid())),
        "routing" => {
            let tags = &event.event.tags;
            let call = tags.id::<CallId>().map(|id| ("call", id.uuid()));
            let lead = || tags.id::<LeadId>().map(|id| ("lead", id.uuid()));
            call.or_else(lead).or_else(|| tags.id::<TaskId>().map(|id| ("task", id.uuid())))
        }
        "identifier" | "contact" => event.event.tags.id::<CustomerId>().map(|id| ("customer", id.uuid())),
        _ => {
            let kind = THINGS.iter().map(|thing| thing.0).find(|kind| *kind == category)?;
            let id = event.stream.as_str().strip_prefix(category)?.strip_prefix('-')?;
            Some((kind, Uuid::try_parse(id).ok()?))
        }
    }
}
