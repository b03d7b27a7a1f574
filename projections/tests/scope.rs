//! Whatever the policy, the roles, the teams and the data: no query gives a row that is not in its caller's scope, and
//! pages, counts and figures are those of what is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use trunkline_access::{Identity, Kind, Lent, Policy, Rights, Role, Scope, Span};
use trunkline_database::Database;
use trunkline_kernel::{Actor, ActorKind, AgentId, CustomerId, Timestamp};
use trunkline_log::Log;

use super::support::{asking, caught_up, filled_log, hurried, on_both, start};
use super::world::{Oracle, World};
use crate::reads::{AsOf, CallFilter, CustomerFilter, LeadFilter, Subject, TaskFilter, TimelineFilter};
use crate::{PageRequest, ReadModels};

/// A policy for two roles, who somebody is, and what was lent to them.
#[derive(Clone, Debug)]
struct Case {
    spans: Vec<(Role, BTreeMap<Kind, Span>)>,
    agent: Option<usize>,
    teams: Vec<usize>,
    lent: Option<usize>,
    subject: usize,
    page: usize,
}

fn cases() -> impl Strategy<Value = Case> {
    let spans = || {
        let span = select(vec![Span::None, Span::Own, Span::Own, Span::Team, Span::Team, Span::All]);
        proptest::collection::vec(span, Kind::ALL.len())
            .prop_map(|spans| Kind::ALL.iter().copied().zip(spans).collect())
    };
    let roles = (subsequence(Role::ALL.to_vec(), 1..=2), spans(), spans());
    let roles = roles.prop_map(|(roles, first, second)| roles.into_iter().zip([first, second]).collect());
    let agent = proptest::option::weighted(0.8, 0_usize..6);
    let teams = subsequence((0..6).collect::<Vec<_>>(), 0..=2);
    (roles, agent, teams, proptest::option::weighted(0.3, 0_usize..6), 0_usize..1_000, 1_usize..8).prop_map(
        |(spans, agent, teams, lent, subject, page)| Case { spans, agent, teams, lent, subject, page },
    )
}

impl Case {
    fn scope(&self, agents: &[AgentId]) -> Scope {
        let rights = |rows: &BTreeMap<Kind, Span>| Rights { rows: rows.clone(), ..Rights::default() };
        let policy = Policy(self.spans.iter().map(|(role, rows)| (*role, rights(rows))).collect());
        let roles: BTreeSet<Role> = self.spans.iter().map(|(role, _)| *role).collect();
        let identity = Identity {
            roles: roles.clone(),
            agent: self.agent.map(|at| agents[at % agents.len()]),
            teams: self.teams.iter().map(|team| format!("team {team}")).collect(),
            ..Identity::unrestricted(Actor::new(ActorKind::User, "somebody").unwrap())
        };
        let lent = self.lent.map(|at| Lent {
            roles,
            agent: Some(agents[at % agents.len()]),
            teams: BTreeSet::new(),
            everything: false,
            until: Timestamp::default(),
        });
        Scope::of(&policy, &identity, lent.as_slice())
    }
}

/// How many customers' pasts each case asks for, enough that some are seen in part in every run.
const PASTS: usize = 8;

/// How often a kind was seen in part: a test that never cuts anything off proves nothing.
type Parts = BTreeMap<&'static str, usize>;

#[tokio::test(flavor = "multi_thread")]
async fn no_query_gives_a_row_outside_the_callers_scope() -> Result<()> {
    on_both(async |database: Database| {
        let log = filled_log(91, 2_500).await?;
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        let all = asking(&runtime, &database);
        let world = World::read(&all, log.as_ref()).await?;
        let mut parts = Parts::new();
        let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
        let ran = tokio::task::block_in_place(|| {
            let handle = tokio::runtime::Handle::current();
            let parts = std::cell::RefCell::new(&mut parts);
            TestRunner::new(config).run(&cases(), |case| {
                let scope = case.scope(&world.agent_ids());
                let held =
                    handle.block_on(holds(&world, &all, log.as_ref(), scope, &case, &mut parts.borrow_mut()));
                held.map_err(|error| TestCaseError::fail(format!("{error:#}")))
            })
        });
        ran.map_err(|error| anyhow::anyhow!("{error}"))?;
        for kind in
            ["customers", "agents", "leads", "calls", "tasks", "timelines", "figures", "events", "pasts"]
        {
            ensure!(parts.get(kind).is_some_and(|times| *times > 2), "{kind} were hardly cut: {parts:?}");
        }
        runtime.stop().await;
        Ok(())
    })
    .await
}

fn same<T: PartialEq + std::fmt::Debug>(
    what: &'static str,
    seen: &[T],
    expected: &[T],
    of: usize,
    parts: &mut Parts,
) -> Result<()> {
    ensure!(seen == expected, "{what}: {} are seen, {} of {of} should be", seen.len(), expected.len());
    if !expected.is_empty() && expected.len() < of {
        *parts.entry(what).or_default() += 1;
    }
    Ok(())
}

async fn holds(
    world: &World,
    all: &ReadModels,
    log: &dyn Log,
    scope: Scope,
    case: &Case,
    parts: &mut Parts,
) -> Result<()> {
    let oracle = Oracle { world, scope: &scope };
    let seen = all.seen_by(Arc::new(scope.clone()));
    lists(world, &seen, &oracle, case, parts).await?;
    parts_of_things(world, &seen, &oracle, parts).await?;
    counts(world, all, &seen, &oracle, parts).await?;
    let customers = world.customers.iter().cycle().skip(case.subject % world.customers.len());
    for customer in customers.take(PASTS) {
        past(world, &seen, log, &oracle, customer.customer_id, parts).await?;
    }
    let events: Vec<_> = world.events.iter().collect();
    let expected: Vec<bool> = events.iter().map(|event| oracle.event(event)).collect();
    ensure!(seen.sees_events(&events).await? == expected, "events");
    if expected.contains(&true) && expected.contains(&false) {
        *parts.entry("events").or_default() += 1;
    }
    Ok(())
}

/// Turns a list page by page and holds it against the filter of the whole.
macro_rules! turned {
    ($models:ident, $page:expr, $list:ident($filter:expr)) => {{
        let mut rows = Vec::new();
        let mut request = PageRequest::first($page);
        loop {
            let page = $models.$list($filter, &request).await?;
            request.after = page.edges.last().map(|edge| edge.cursor.clone());
            let (more, empty) = (page.has_next, page.edges.is_empty());
            rows.extend(page.rows());
            if !more {
                break;
            }
            ensure!(!empty, "an empty page says that there are more");
        }
        rows
    }};
}

async fn lists(
    world: &World,
    seen: &ReadModels,
    oracle: &Oracle<'_>,
    case: &Case,
    parts: &mut Parts,
) -> Result<()> {
    let page = 10 * case.page;
    let rows = turned!(seen, page, customers(&CustomerFilter::default()));
    let expected: Vec<_> =
        world.customers.iter().filter(|row| oracle.customer(row.customer_id)).cloned().collect();
    same("customers", &rows, &expected, world.customers.len(), parts)?;
    let ids: Vec<_> = world.customers.iter().map(|row| row.customer_id).collect();
    let mut by_ids = seen.customers_by_ids(&ids).await?;
    by_ids.sort_by_key(|row| row.customer_id);
    ensure!(by_ids == expected, "customers by ids");

    let rows = turned!(seen, page, agents(&Default::default()));
    let expected: Vec<_> = world.agents.iter().filter(|row| oracle.agent(row.agent_id)).cloned().collect();
    same("agents", &rows, &expected, world.agents.len(), parts)?;

    let rows = turned!(seen, page, leads(&LeadFilter::default()));
    let expected: Vec<_> = world.leads.iter().filter(|row| oracle.lead(row)).cloned().collect();
    same("leads", &rows, &expected, world.leads.len(), parts)?;

    let rows = turned!(seen, page, calls(&CallFilter::default()));
    let expected: Vec<_> = world.calls.iter().filter(|row| oracle.call(row)).cloned().collect();
    same("calls", &rows, &expected, world.calls.len(), parts)?;

    let rows = turned!(seen, page, task_queue(&TaskFilter::default()));
    let expected: Vec<_> = world.tasks.iter().filter(|row| oracle.task(row)).cloned().collect();
    same("tasks", &rows, &expected, world.tasks.len(), parts)?;

    let ids: Vec<_> = world.interactions.iter().map(|row| row.interaction_id).collect();
    let mut rows = seen.interactions_by_ids(&ids).await?;
    rows.sort_by_key(|row| row.interaction_id);
    let expected: Vec<_> = world.interactions.iter().filter(|row| oracle.interaction(row)).cloned().collect();
    same("interactions", &rows, &expected, world.interactions.len(), parts)?;

    let campaigns = seen.campaigns(&[], &PageRequest::first(100)).await?.rows();
    let expected = if oracle.all(Kind::Campaigns) { world.campaigns.len() } else { 0 };
    ensure!(campaigns.len() == expected, "campaigns");
    Ok(())
}

async fn parts_of_things(
    world: &World,
    seen: &ReadModels,
    oracle: &Oracle<'_>,
    parts: &mut Parts,
) -> Result<()> {
    let ids: Vec<_> = world.customers.iter().map(|row| row.customer_id).collect();
    let mut rows = seen.identifiers_of(&ids).await?;
    rows.sort_by_key(|row| (row.customer_id, row.position));
    let expected: Vec<_> =
        world.identifiers.iter().filter(|row| oracle.customer(row.customer_id)).cloned().collect();
    same("identifiers", &rows, &expected, world.identifiers.len(), parts)?;
    for identifier in world.identifiers.iter().take(20) {
        let found = seen.customer_by_identifier(identifier.claim()).await?;
        ensure!(found.is_some() == oracle.customer(identifier.customer_id), "a look-up by identifier");
    }
    let consents = seen.consents_of(&ids).await?;
    ensure!(consents.iter().all(|row| oracle.customer(row.customer_id)), "consents");
    for (customer, entries) in world.timelines.iter().take(12) {
        let rows = turned_timeline(seen, *customer).await?;
        let expected: Vec<_> = entries.iter().filter(|row| oracle.entry(row)).cloned().collect();
        same("timelines", &rows, &expected, entries.len(), parts)?;
    }
    let tasks: Vec<_> = world.tasks.iter().map(|row| row.task_id).collect();
    let steps = seen.task_transitions_of(&tasks).await?;
    let mine: BTreeSet<_> =
        world.tasks.iter().filter(|row| oracle.task(row)).map(|row| row.task_id).collect();
    let told: BTreeSet<_> = steps.iter().map(|row| row.task_id).collect();
    ensure!(told == mine, "histories of tasks");
    let agents: Vec<_> = world.agent_ids();
    let times = seen.agent_times(&agents, super::support::START).await?;
    ensure!(times.iter().all(|row| oracle.agent(row.agent_id)), "times of agents");
    Ok(())
}

async fn turned_timeline(
    seen: &ReadModels,
    customer: CustomerId,
) -> Result<Vec<crate::customer_360::TimelineRow>> {
    let mut rows = Vec::new();
    let mut request = PageRequest::first(2);
    loop {
        let page = seen.timeline(customer, &TimelineFilter::default(), &request).await?;
        request.after = page.edges.last().map(|edge| edge.cursor.clone());
        let more = page.has_next;
        rows.extend(page.rows());
        if !more {
            return Ok(rows);
        }
    }
}

async fn counts(
    world: &World,
    all: &ReadModels,
    seen: &ReadModels,
    oracle: &Oracle<'_>,
    parts: &mut Parts,
) -> Result<()> {
    for column in seen.task_board(None, None).await? {
        let mine = world.tasks.iter().filter(|row| *row.state == column.state && oracle.task(row));
        let stuck = mine.clone().filter(|row| row.stuck).count();
        ensure!(
            (i64::try_from(mine.count())?, i64::try_from(stuck)?) == (column.tasks, column.stuck),
            "{column:?}"
        );
    }
    let campaigns: Vec<_> = world.campaigns.iter().map(|row| row.campaign_id).collect();
    let leads = world.leads.iter().filter(|row| oracle.lead(row)).count();
    let counted: i64 = seen.lead_counts(&campaigns).await?.iter().map(|row| row.leads).sum();
    ensure!((counted, seen.leads_total().await?) == (i64::try_from(leads)?, i64::try_from(leads)?), "leads");
    for query in world.figures_queries() {
        let figures = seen.figures(&query).await?;
        let expected = oracle.figures(all, &query).await?;
        ensure!(figures == expected, "figures {query:?}: {figures:?}, not {expected:?}");
        if oracle.cuts(Kind::Figures) && figures.iter().any(|row| !row.sums.is_zero()) {
            *parts.entry("figures").or_default() += 1;
        }
    }
    let later = Timestamp::from_micros(i64::MAX / 2);
    let overdue = seen.overdue(later, later, 1_000).await?;
    let whole = all.overdue(later, later, 1_000).await?;
    let task = |id: &trunkline_kernel::TaskId| {
        world.tasks.iter().find(|row| row.task_id == *id).is_some_and(|row| oracle.task(row))
    };
    let expected: Vec<_> = whole.tasks.iter().copied().filter(task).collect();
    ensure!(overdue.tasks == expected, "overdue tasks");
    let wraps: Vec<_> = whole.wraps.iter().copied().filter(|id| oracle.agent(*id)).collect();
    ensure!(overdue.wraps == wraps, "overdue wraps");
    Ok(())
}

/// The past of a thing is seen by who sees the thing, with what is seen of what hangs on it.
async fn past(
    world: &World,
    seen: &ReadModels,
    log: &dyn Log,
    oracle: &Oracle<'_>,
    customer: CustomerId,
    parts: &mut Parts,
) -> Result<()> {
    let now = AsOf::Position(log.head().await?);
    let was = seen.as_of(log, Subject::Customer(customer), now).await?;
    ensure!(was.customer(customer).await?.is_some() == oracle.customer(customer), "a customer's past");
    let entries = world.timelines.get(&customer).context("no timeline")?;
    let expected: Vec<_> = entries.iter().filter(|row| oracle.entry(row)).cloned().collect();
    let rows = turned_timeline(&was, customer).await?;
    ensure!(rows == expected, "a past timeline: {} entries, {} should be", rows.len(), expected.len());
    if !rows.is_empty() && rows.len() < entries.len() {
        *parts.entry("pasts").or_default() += 1;
    }
    let calls: Vec<_> = world.calls.iter().filter(|row| row.customer_id == Some(customer)).collect();
    let ids: Vec<_> = calls.iter().map(|row| row.call_id).collect();
    let found: BTreeSet<_> = was.calls_by_ids(&ids).await?.iter().map(|row| row.call_id).collect();
    let expected = calls.iter().filter(|row| oracle.call(row)).map(|row| row.call_id).collect();
    ensure!(found == expected, "past calls");
    Ok(())
}
