//! The state as it was.

use anyhow::{Context as _, Result};
use trunkline_log::Log;

use super::support::{asking, caught_up, filled_log, hurried, sqlite, start, stories};
use crate::PageRequest;
use crate::reads::{AsOf, CustomerFilter, Subject, TaskFilter, TimelineFilter};

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_a_task_and_an_agent_are_seen_as_they_were() -> Result<()> {
    let made = sqlite().await?;
    let log = filled_log(71, 1_500).await?;
    let runtime = start(&made.database, &log, hurried()).await?;
    let then = caught_up(&runtime, &made.database, log.as_ref()).await?;
    let models = asking(&runtime, &made.database);
    let customers = models.customers(&CustomerFilter::default(), &PageRequest::first(20)).await?.rows();
    let tasks = models.task_queue(&TaskFilter::default(), &PageRequest::first(5)).await?.rows();
    let agents = models.agents(&Default::default(), &PageRequest::first(2)).await?.rows();
    for story in stories(72, 200) {
        log.append(story).await?;
    }
    for customer in customers {
        let id = customer.customer_id;
        let was = models.as_of(log.as_ref(), Subject::Customer(id), AsOf::Position(then)).await?;
        assert_eq!(was.customer(id).await?.context("no customer")?, customer);
        let timeline = was.timeline(id, &TimelineFilter::default(), &PageRequest::first(100)).await?;
        assert_eq!(
            i64::try_from(timeline.edges.len())?,
            customer.calls + customer.interactions + customer.tasks
        );
        let before =
            models.as_of(log.as_ref(), Subject::Customer(id), AsOf::Time(Default::default())).await?;
        assert!(before.customer(id).await?.is_none(), "nothing was known then");
    }
    for task in tasks {
        let was = models.as_of(log.as_ref(), Subject::Task(task.task_id), AsOf::Position(then)).await?;
        assert_eq!(was.tasks_by_ids(&[task.task_id]).await?, [task]);
    }
    for agent in agents {
        let was = models.as_of(log.as_ref(), Subject::Agent(agent.agent_id), AsOf::Position(then)).await?;
        assert_eq!(was.agents_by_ids(&[agent.agent_id]).await?, [agent]);
    }
    runtime.stop().await;
    Ok(())
}
