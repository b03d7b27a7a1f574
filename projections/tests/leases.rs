//! Several servers on one database: each projection runs on one at a time, and moves when that one is gone.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;
use trunkline_log::Log;

use super::support::{caught_up, digests, filled_log, hurried, on_both, rebuilt_afresh, start, stories};
use crate::runtime::Settings;

#[tokio::test(flavor = "multi_thread")]
async fn with_two_servers_each_projection_runs_on_one() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(31, 400).await?;
        let first = start(&database, &log, hurried()).await?;
        let second = start(&database, &log, hurried()).await?;
        for story in stories(32, 600) {
            log.append(story).await?;
        }
        caught_up(&second, &database, log.as_ref()).await?;
        let owners: BTreeSet<_> = first
            .status()
            .await?
            .into_iter()
            .map(|status| status.generation.owner.map(|owner| owner.as_u128()))
            .collect();
        assert!(!owners.contains(&None) && owners.len() <= 2, "{owners:?}");
        first.stop().await;
        second.stop().await;
        assert_eq!(digests(&database, 1).await?, rebuilt_afresh(&log).await?);
        Ok(())
    })
    .await
}

/// With the limits that are the defaults, so that the ten seconds of the promise are measured.
#[tokio::test(flavor = "multi_thread")]
async fn projections_move_within_ten_seconds_when_their_server_is_gone() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(33, 300).await?;
        let first = start(&database, &log, Settings::default()).await?;
        caught_up(&first, &database, log.as_ref()).await?;
        let second = start(&database, &log, Settings::default()).await?;
        // Dropped without giving up its leases, as if the process had been killed.
        drop(first);
        let gone = Instant::now();
        for story in stories(34, 300) {
            log.append(story).await?;
        }
        caught_up(&second, &database, log.as_ref()).await?;
        assert!(gone.elapsed() < Duration::from_secs(10), "it took {:?}", gone.elapsed());
        second.stop().await;
        assert_eq!(digests(&database, 1).await?, rebuilt_afresh(&log).await?);
        Ok(())
    })
    .await
}
