//! Two laws for every projection: rebuilding gives the same as following, and applying twice is applying once.

use std::sync::Arc;

use anyhow::Result;
use trunkline_kernel::{Id, TaskId};
use trunkline_log::{Log, MemoryLog};
use uuid::Uuid;

use super::golden;
use super::support::{
    caught_up, clock, digests, filled_log, hurried, on_both, rebuilt_afresh, start, stories,
};
use crate::ReadModel;
use crate::fold::{Keyed, Store};
use crate::task_board::TaskRow;

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_gives_the_same_rows_as_following_from_the_start() -> Result<()> {
    on_both(async |database| {
        let log = Arc::new(MemoryLog::new(clock()));
        let runtime = start(&database, &log, hurried()).await?;
        let unwritten = [ReadModel::Recordings, ReadModel::Audit];
        for story in stories(11, 3_000).into_iter().chain(golden::appends(&unwritten)?) {
            log.append(story).await?;
        }
        caught_up(&runtime, &database, log.as_ref()).await?;
        runtime.stop().await;
        let followed = digests(&database, 1).await?;
        assert!(followed.iter().flatten().filter(|table| table.rows == 0).count() == 0, "{followed:?}");
        assert_eq!(followed, rebuilt_afresh(&log).await?);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_is_started_anew_goes_on_where_it_stopped() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(12, 800).await?;
        for _ in 0..3 {
            let runtime = start(&database, &log, hurried()).await?;
            caught_up(&runtime, &database, log.as_ref()).await?;
            runtime.stop().await;
            for story in stories(13, 300) {
                // The same stories again are refused as known; other seeds bring new ones.
                log.append(story).await?;
            }
        }
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        runtime.stop().await;
        assert_eq!(digests(&database, 1).await?, rebuilt_afresh(&log).await?);
        Ok(())
    })
    .await
}

#[test]
fn a_bounded_cache_keeps_what_is_not_committed_yet() {
    let mut tasks: Keyed<TaskId, TaskRow> = Keyed::of_size(4);
    let id = |number: u128| TaskId::from_uuid(Uuid::from_u128(number));
    for number in 1..=4 {
        tasks.want_new(id(number));
    }
    tasks.drain(1);
    tasks.want(id(1));
    for number in 5..=8 {
        tasks.want_new(id(number));
    }
    tasks.drain(2);
    assert!(!tasks.is_complete());
    tasks.want(id(2));
    assert_eq!(tasks.wanted(), [id(2).uuid()], "a row that was dropped is asked for again");
}
