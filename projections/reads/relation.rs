//! The one place where rows are kept from those who may not see them: no query names a table, it asks here for the
//! relation that its caller sees of it.

use trunkline_access::{Circle, Kind, Permission, Rows, Scope};
use trunkline_database::{Cell, Value};

/// How a row of a table, `r`, says whose it is.
enum Whose {
    /// By a condition. In it `{member x}` tests that the agent `x` is in the circle, `{agent x}` that the agent is, or
    /// now is in one of its teams, `{team x}` that the team is; `{customer}` that the row's customer is seen; and
    /// `{hand x}` are the calls, leads or tasks, by the name of the column, that agents of the circle have in hand or
    /// are offered.
    Own(Kind, &'static str),
    /// It belongs to rows of other tables: it is seen with all of the first, and any of the second.
    With(&'static [Link], &'static [Link]),
    /// It belongs to nobody, and is seen by those who see all of a kind.
    Nobodys(Kind),
    /// It is for those who may do this.
    For(Permission),
}

/// Rows of another table, `o`, that a row belongs to.
struct Link {
    table: &'static str,
    on: &'static str,
}

const CUSTOMER: &[Link] = &[Link { table: "customers", on: "o.customer_id = r.customer_id" }];

/// Whose the rows of a table are. A table that is not here is seen by those who see everything.
fn whose(table: &str) -> Option<Whose> {
    use Whose::{For, Nobodys, Own, With};
    Some(match table {
        "customers" => Own(
            Kind::Customers,
            "{agent r.owner_id} \
             OR r.customer_id IN (SELECT h.customer_id FROM calls AS h WHERE h.call_id IN {hand call_id}) \
             OR r.customer_id IN (SELECT h.customer_id FROM leads AS h WHERE h.lead_id IN {hand lead_id}) \
             OR r.customer_id IN (SELECT h.customer_id FROM tasks AS h WHERE h.task_id IN {hand task_id})",
        ),
        "customer_identifiers" | "customer_consents" | "customer_agents" => With(CUSTOMER, &[]),
        "customer_timeline" => With(
            CUSTOMER,
            &[
                Link { table: "calls", on: "r.kind = 'call' AND o.call_id = r.entry_id" },
                Link {
                    table: "interactions",
                    on: "r.kind = 'interaction' AND o.interaction_id = r.entry_id",
                },
                Link { table: "tasks", on: "r.kind = 'task' AND o.task_id = r.entry_id" },
            ],
        ),
        "interactions" => {
            Own(Kind::Interactions, "{agent r.agent_id} OR (r.agent_id IS NULL AND {customer})")
        }
        "agents" => Own(Kind::Agents, "{member r.agent_id} OR {team r.team}"),
        "agent_times" => With(&[Link { table: "agents", on: "o.agent_id = r.agent_id" }], &[]),
        "calls" => Own(Kind::Calls, "{member r.agent_id} OR {team r.team} OR r.call_id IN {hand call_id}"),
        "recordings" => With(&[Link { table: "calls", on: "o.call_id = r.call_id" }], &[]),
        "leads" => Own(Kind::Leads, "{customer} OR r.lead_id IN {hand lead_id}"),
        "tasks" => Own(Kind::Tasks, "{agent r.agent_id} OR {team r.team} OR r.task_id IN {hand task_id}"),
        "task_transitions" => With(&[Link { table: "tasks", on: "o.task_id = r.task_id" }], &[]),
        "agent_achievements" => Own(Kind::Figures, "{agent r.agent_id}"),
        "kpi_rollups" | "agent_intervals" => Own(Kind::Figures, "{member r.agent_id} OR {team r.team}"),
        "campaigns" => Nobodys(Kind::Campaigns),
        "lead_counts" => Nobodys(Kind::Leads),
        "task_counts" => Nobodys(Kind::Tasks),
        "call_history" | "lead_marks" | "kpi_agents" | "kpi_leads" | "answers" => Nobodys(Kind::Figures),
        "access_entries" | "access_terms" => For(Permission::Audit),
        _ => return None,
    })
}

/// What a caller sees of a table, to stand after FROM under the table's name. Its values are added to `values`.
pub(crate) fn relation(scope: &Scope, table: &str, values: &mut Vec<Value>) -> String {
    match condition(scope, table, values) {
        None => table.to_owned(),
        Some(condition) => format!("(SELECT r.* FROM {table} AS r WHERE {condition}) AS {table}"),
    }
}

/// Whether a caller sees all of a table.
pub(crate) fn sees_whole(scope: &Scope, table: &str) -> bool {
    condition(scope, table, &mut Vec::new()).is_none()
}

/// The condition that a row `r` must meet; nothing when all rows are seen.
fn condition(scope: &Scope, table: &str, values: &mut Vec<Value>) -> Option<String> {
    let none = || Some("FALSE".to_owned());
    match whose(table) {
        Some(Whose::Own(kind, template)) => match scope.rows(kind) {
            Rows::All => None,
            Rows::None => none(),
            Rows::Of(circle) => Some(fill(template, scope, circle, values)),
        },
        Some(Whose::With(all, any)) => {
            let mut linked = |links: &[Link], word: &str| {
                if links.iter().all(|link| sees_whole(scope, link.table)) {
                    return None;
                }
                let link = |link: &Link| {
                    let seen = seen_as(scope, link.table, "o", values);
                    format!("EXISTS (SELECT 1 FROM {seen} WHERE {})", link.on)
                };
                Some(format!("({})", links.iter().map(link).collect::<Vec<_>>().join(word)))
            };
            let conditions = [linked(all, " AND "), linked(any, " OR ")];
            let conditions: Vec<String> = conditions.into_iter().flatten().collect();
            (!conditions.is_empty()).then(|| conditions.join(" AND "))
        }
        Some(Whose::Nobodys(kind)) => {
            if *scope.rows(kind) == Rows::All {
                None
            } else {
                none()
            }
        }
        Some(Whose::For(permission)) => {
            if scope.may(permission) {
                None
            } else {
                none()
            }
        }
        None => {
            if scope.sees_all() {
                None
            } else {
                none()
            }
        }
    }
}

/// What a caller sees of a table, under another name.
fn seen_as(scope: &Scope, table: &str, name: &str, values: &mut Vec<Value>) -> String {
    match condition(scope, table, values) {
        None => format!("{table} AS {name}"),
        Some(condition) => format!("(SELECT r.* FROM {table} AS r WHERE {condition}) AS {name}"),
    }
}

/// Writes a condition's tests out.
fn fill(template: &str, scope: &Scope, circle: &Circle, values: &mut Vec<Value>) -> String {
    let agents = marks(circle.agents.iter().copied(), values);
    let teams = marks(circle.teams.iter().cloned(), values);
    let among =
        |column: &str, marks: &Option<String>| marks.as_ref().map(|marks| format!("{column} IN ({marks})"));
    let any = |tests: [Option<String>; 2]| {
        let tests: Vec<String> = tests.into_iter().flatten().collect();
        if tests.is_empty() { "FALSE".to_owned() } else { format!("({})", tests.join(" OR ")) }
    };
    let mut filled = String::new();
    let mut left = template;
    while let Some((before, rest)) = left.split_once('{') {
        filled.push_str(before);
        let (test, after) = rest.split_once('}').unwrap_or((rest, ""));
        left = after;
        let (test, column) = test.split_once(' ').unwrap_or((test, ""));
        filled.push_str(&match test {
            "member" => any([among(column, &agents), None]),
            "team" => any([among(column, &teams), None]),
            "agent" => {
                let member =
                    |teams: String| format!("{column} IN (SELECT a.agent_id FROM agents AS a WHERE {teams})");
                any([among(column, &agents), among("a.team", &teams).map(member)])
            }
            "hand" => {
                let whom = any([among("a.agent_id", &agents), among("a.team", &teams)]);
                format!("(SELECT a.{column} FROM agents AS a WHERE {whom})")
            }
            "customer" => {
                let seen = seen_as(scope, "customers", "o", values);
                format!("EXISTS (SELECT 1 FROM {seen} WHERE o.customer_id = r.customer_id)")
            }
            // A test that is not known is not met; the tests of this module would find it.
            _ => "FALSE".to_owned(),
        });
    }
    filled.push_str(left);
    filled
}

/// Places for values; nothing when there are none.
fn marks<C: Cell>(cells: impl Iterator<Item = C>, values: &mut Vec<Value>) -> Option<String> {
    let marks: Vec<String> = cells
        .map(|cell| {
            values.push(cell.value());
            format!("${}", values.len())
        })
        .collect();
    (!marks.is_empty()).then(|| marks.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadModel;

    #[test]
    fn every_table_says_whose_its_rows_are() {
        for table in ReadModel::ALL.iter().flat_map(|model| model.definition().tables) {
            assert!(whose(table.name).is_some(), "{} has no rule", table.name);
            assert!(sees_whole(&Scope::everything(), table.name), "{}", table.name);
            let none = relation(&Scope::nothing(), table.name, &mut Vec::new());
            assert!(none.contains("FALSE") || none.contains("EXISTS"), "{none}");
        }
    }
}
