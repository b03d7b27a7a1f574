//! Rebuilding beside what is in use: compared, switched, switched back, dropped.

use anyhow::Result;
use trunkline_database::AssertSqlSafe;
use trunkline_log::Log;

use super::support::{asking, caught_up, digests, filled_log, hurried, on_both, start, stories};
use crate::runtime::{GenerationError, Status, drop_generation, replay_until, switch};
use crate::{PageRequest, ReadModel};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_generation_is_built_beside_compared_and_switched_to() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(41, 1_500).await?;
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        let rebuilt = runtime.rebuild(&ReadModel::ALL, true).await?;
        for one in &rebuilt {
            assert_eq!(
                (one.is_equal(), one.switched, one.generation),
                (Some(true), true, 2),
                "{:?}",
                one.model
            );
        }
        for story in stories(42, 500) {
            log.append(story).await?;
        }
        caught_up(&runtime, &database, log.as_ref()).await?;
        let statuses: Vec<_> =
            runtime.status().await?.into_iter().map(|status| status.generation.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == Status::Active).count(), ReadModel::ALL.len());
        assert_eq!(
            statuses.iter().filter(|status| **status == Status::Standby).count(),
            ReadModel::ALL.len()
        );
        // The old one is kept up to date, so one can go back without losing anything.
        switch(&database, ReadModel::TaskBoard, 1).await?;
        runtime.wake();
        for story in stories(43, 200) {
            log.append(story).await?;
        }
        caught_up(&runtime, &database, log.as_ref()).await?;
        let refused = drop_generation(&database, ReadModel::TaskBoard, 1).await;
        assert!(matches!(refused, Err(GenerationError::InUse { .. })));
        assert!(
            !asking(&runtime, &database)
                .task_queue(&Default::default(), &PageRequest::first(5))
                .await?
                .edges
                .is_empty()
        );
        runtime.stop().await;
        drop_generation(&database, ReadModel::TaskBoard, 2).await?;
        assert!(matches!(
            switch(&database, ReadModel::TaskBoard, 2).await,
            Err(GenerationError::Unknown { generation: 2, .. })
        ));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_differs_is_found_and_not_switched_to() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(44, 800).await?;
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        database.execute(AssertSqlSafe("UPDATE tasks_g1 SET priority = priority + 1"), Vec::new()).await?;
        let rebuilt = runtime.rebuild(&[ReadModel::TaskBoard], true).await?;
        assert_eq!((rebuilt[0].is_equal(), rebuilt[0].switched), (Some(false), false));
        runtime.stop().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_gives_the_read_model_as_it_was() -> Result<()> {
    let log = filled_log(45, 600).await?;
    let then = log.head().await?;
    let made = super::support::sqlite().await?;
    let runtime = start(&made.database, &log, hurried()).await?;
    caught_up(&runtime, &made.database, log.as_ref()).await?;
    runtime.stop().await;
    let was = digests(&made.database, 1).await?;
    for story in stories(46, 600) {
        log.append(story).await?;
    }
    let folder = tempfile::tempdir()?;
    for (model, was) in ReadModel::ALL.into_iter().zip(was) {
        let file = folder.path().join(format!("{}.db", model.name()));
        let replayed = replay_until(log.as_ref(), model, then, &file, |_| {}).await?;
        assert_eq!((replayed.position, replayed.skipped), (then, 0));
        let mut lines = Vec::new();
        let count = replayed
            .lines(|line| {
                lines.push(line);
                Ok::<_, crate::ReadError>(())
            })
            .await?;
        assert!(count >= was.iter().map(|table| table.rows).sum::<u64>());
        assert!(lines.iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
        replayed.close().await;
    }
    Ok(())
}
