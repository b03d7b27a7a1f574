//! The typed queries, on both databases.

use anyhow::{Context as _, Result};
use trunkline_domain::task::TaskState;
use trunkline_kernel::Position;
use trunkline_log::Log as _;
use trunkline_vault::Vault;
use trunkline_vault::search::{Sought, matches, sought};

use super::support::{START, asking, caught_up, clock, filled_log, hurried, on_both, start};
use crate::names::NameIndex;
use crate::reads::{AgentFilter, CallFilter, CustomerFilter, End, LeadFilter, TaskFilter, TimelineFilter};
use crate::{PageRequest, ReadError, ReadModel};

/// How long a busy machine may take to index a few names.
const WAIT: std::time::Duration = std::time::Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_found_by_id_name_and_identifier_with_their_timeline() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(51, 2_000).await?;
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        let models = asking(&runtime, &database);
        let everybody = models.customers(&CustomerFilter::default(), &PageRequest::first(100)).await?.rows();
        let busiest =
            everybody.iter().max_by_key(|row| row.calls + row.interactions).context("no customers")?;
        let name = busiest.name.clone().context("no name")?;
        let name = name.open().context("made-up names are open")?;
        let vault = Vault::passing(clock()).await?;
        let names = NameIndex::start(database.clone(), log.clone(), vault.clone(), &*clock(), WAIT).await?;
        names.reach(Some(log.head().await?)).await?;
        let family: String = name.chars().take(1).collect();
        let (first, last) = (family.as_str(), name.chars().next_back().context("no name")?.to_string());
        for what in [Sought::Prefix(first), Sought::Part(first), Sought::Part(&last), Sought::Part(name)] {
            let name_parts = sought(vault.index(), what)?;
            let filter = CustomerFilter { name_parts, ..Default::default() };
            let found = models.customers(&filter, &PageRequest::first(100)).await?.rows();
            let expected: Vec<_> = everybody
                .iter()
                .filter(|row| {
                    row.name.as_ref().and_then(|name| name.open()).is_some_and(|name| matches(name, what))
                })
                .collect();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{what:?}");
        }
        assert!(names.forget(busiest.customer_id).await? > 0);
        let name_parts = sought(vault.index(), Sought::Part(name))?;
        let filter = CustomerFilter { name_parts, ..Default::default() };
        let found = models.customers(&filter, &PageRequest::first(100)).await?.rows();
        assert!(found.iter().all(|row| row.customer_id != busiest.customer_id));
        names.stop().await;
        let identifiers = models.identifiers_of(&[busiest.customer_id]).await?;
        let owner = models.customer_by_identifier(identifiers[0].claim()).await?;
        assert_eq!(owner.map(|row| row.customer_id), Some(busiest.customer_id));
        // The timeline, turned page by page in both directions, is the same list.
        let id = busiest.customer_id;
        let all = models.timeline(id, &TimelineFilter::default(), &PageRequest::first(100)).await?.rows();
        assert_eq!(i64::try_from(all.len())?, busiest.calls + busiest.interactions + busiest.tasks);
        assert!(all.is_sorted_by(|a, b| a.occurred_at >= b.occurred_at));
        for end in [End::First, End::Last] {
            let mut turned = Vec::new();
            let mut request = PageRequest { limit: 3, end, after: None, before: None };
            loop {
                let page = models.timeline(id, &TimelineFilter::default(), &request).await?;
                match end {
                    End::First => {
                        request.after = page.edges.last().map(|edge| edge.cursor.clone());
                        turned.extend(page.edges.into_iter().map(|edge| edge.row));
                    }
                    End::Last => {
                        request.before = page.edges.first().map(|edge| edge.cursor.clone());
                        let rows: Vec<_> = page.edges.into_iter().map(|edge| edge.row).collect();
                        turned.splice(0..0, rows);
                    }
                }
                if !(page.has_next && end == End::First || page.has_previous && end == End::Last) {
                    break;
                }
            }
            assert_eq!(turned, all, "{end:?}");
        }
        runtime.stop().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_counts_what_the_queue_lists() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(52, 2_500).await?;
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        let models = asking(&runtime, &database);
        for column in models.task_board(None, None).await? {
            let filter = TaskFilter { states: vec![column.state], ..Default::default() };
            let listed = models.task_queue(&filter, &PageRequest::first(100)).await?;
            assert!(listed.edges.is_sorted_by(|a, b| a.row.due_order <= b.row.due_order));
            let count = i64::try_from(listed.edges.len())?;
            assert!(listed.has_next || count == column.tasks, "{:?}: {count}", column);
        }
        let filter = TaskFilter { states: vec![TaskState::Completed], ..Default::default() };
        let done = models.task_queue(&filter, &PageRequest::first(1)).await?.rows();
        let steps = models.task_transitions(done[0].task_id, &PageRequest::first(100)).await?.rows();
        assert_eq!(steps.first().map(|step| step.event.as_str()), Some("opened"));
        assert_eq!(steps.last().map(|step| step.to_state.0), Some(TaskState::Completed));
        let team = done[0].team.clone();
        assert!(
            models.task_board(team.as_deref(), done[0].agent_id).await?.iter().any(|column| column.tasks > 0)
        );
        runtime.stop().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_calls_campaigns_and_leads_are_listed_with_their_filters() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(53, 2_000).await?;
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        let models = asking(&runtime, &database);
        let filter = AgentFilter { skill: Some("mandarin".to_owned()), ..Default::default() };
        let agents = models.agents(&filter, &PageRequest::first(100)).await?.rows();
        assert_eq!(agents.len(), 6);
        let filter = AgentFilter { skill: Some("mandari".to_owned()), ..Default::default() };
        assert!(models.agents(&filter, &PageRequest::first(100)).await?.edges.is_empty());
        let ids: Vec<_> = agents.iter().map(|agent| agent.agent_id).collect();
        assert!(models.agent_times(&ids, START).await?.iter().all(|time| time.total_ms >= 0));
        let mut filter = CallFilter::default();
        filter.dimensions.agents = vec![ids[0]];
        let calls = models.calls(&filter, &PageRequest::first(100)).await?.rows();
        assert!(!calls.is_empty() && calls.iter().all(|call| call.agent_id == Some(ids[0])));
        let campaigns = models.campaigns(&[], &PageRequest::first(100)).await?.rows();
        assert_eq!(campaigns.len(), 3);
        let mut listed = 0;
        for campaign in &campaigns {
            let filter = LeadFilter { campaign: Some(campaign.campaign_id), ..Default::default() };
            let leads = models.leads(&filter, &PageRequest::first(100)).await?;
            let counts = models.lead_counts(&[campaign.campaign_id]).await?;
            let counted: i64 = counts.iter().map(|count| count.leads).sum();
            assert!(leads.has_next || counted == i64::try_from(leads.edges.len())?);
            listed += counted;
        }
        assert_eq!(models.leads_total().await?, listed);
        runtime.stop().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_waits_for_its_position_and_gives_up_in_time() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(54, 50).await?;
        let runtime = start(&database, &log, hurried()).await?;
        let head = caught_up(&runtime, &database, log.as_ref()).await?;
        let mut models = asking(&runtime, &database);
        models.wait_max = std::time::Duration::from_millis(100);
        let future = Position(head.0 + 1);
        let refused = models.reach(Some(future), &[ReadModel::Kpi]).await;
        assert!(matches!(refused, Err(ReadError::NotReached { wanted, .. }) if wanted == future));
        let refused = models.customers(&CustomerFilter::default(), &PageRequest::first(101)).await;
        assert!(matches!(refused, Err(ReadError::Limit { limit: 100, .. })));
        let lost = PageRequest::first(1).after(crate::Cursor("00".to_owned()));
        let refused = models.customers(&CustomerFilter::default(), &lost).await;
        assert!(matches!(refused, Err(ReadError::Cursor)));
        runtime.stop().await;
        Ok(())
    })
    .await
}
