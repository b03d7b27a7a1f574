//! The traps of `traps.md` that followers can fall into, each a test of its name.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Result;
use trunkline_database::{DatabaseError, Value};
use trunkline_kernel::{
    Actor, Cause, CommandId, CorrelationId, EventId, Id, NewEvent, Payload, Position, SchemaVersion,
    StreamId, Tags, TaskId,
};
use trunkline_log::{Append, Expect, Log, StreamWrite};
use uuid::Uuid;

use super::support::{
    START, asking, caught_up, digests, filled_log, hurried, on_both, rebuilt_afresh, start, stories,
};
use crate::ReadModel;
use crate::fold::Decoded;
use crate::runtime::member::{Member, write};
use crate::runtime::{parked, prepare_for_tests, replay_parked};

/// A checkpoint is only ever the position of an event whose effect is in the same transaction.
#[tokio::test(flavor = "multi_thread")]
async fn t06_a_checkpoint_never_passes_what_was_applied() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(21, 2_000).await?;
        let runtime = start(&database, &log, hurried()).await?;
        let head = log.head().await?;
        let models = asking(&runtime, &database);
        loop {
            // Rows and checkpoint are read in one snapshot, while the follower catches up.
            let mut snapshot = database.snapshot().await?;
            let checkpoint = "SELECT position FROM projection_generations WHERE name = 'task_board'";
            let row = snapshot.fetch_optional(checkpoint, Vec::new()).await?;
            let checkpoint: i64 = row.map_or(Ok(0), |row| row.get("position"))?;
            let count = "SELECT CAST(COUNT(*) AS bigint) AS steps FROM task_transitions";
            let row = snapshot.fetch_optional(count, Vec::new()).await?;
            let steps: i64 = row.map_or(Ok(0), |row| row.get("steps"))?;
            drop(snapshot);
            let reached = Position(u64::try_from(checkpoint)?);
            assert_eq!(steps, task_events(log.as_ref(), reached).await?, "at checkpoint {checkpoint}");
            if reached >= head {
                break;
            }
        }
        models.reach(Some(head), &ReadModel::ALL).await?;
        runtime.stop().await;
        Ok(())
    })
    .await
}

async fn task_events(log: &dyn Log, until: Position) -> Result<i64> {
    if until == Position::START {
        return Ok(0);
    }
    let query = trunkline_log::Query {
        filter: trunkline_log::Filter { category: Some("task".to_owned()), ..Default::default() },
        direction: trunkline_log::Direction::Forwards,
        from: None,
        until: Some(until),
        limit: 10_000,
    };
    Ok(i64::try_from(log.read(&query).await?.events.len())?)
}

/// Stopped in the middle of a batch, over and over, every effect is there exactly once. The same with a process
/// that is killed is `killed.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn t09_effects_are_exactly_once_wherever_a_batch_is_cut() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(22, 4_000).await?;
        for _ in 0..10 {
            let runtime = start(&database, &log, hurried()).await?;
            let models = asking(&runtime, &database);
            let before = models.position(ReadModel::Kpi).await?;
            models.reach(Some(Position(log.head().await?.0.min(before.0 + 1))), &[ReadModel::Kpi]).await?;
            // Dropped without a stop: the tasks are cut where they are, and the leases run out.
            drop(runtime);
        }
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        runtime.stop().await;
        assert_eq!(digests(&database, 1).await?, rebuilt_afresh(&log).await?);
        Ok(())
    })
    .await
}

/// An event of a task that says what no build understands.
fn poison(task: TaskId) -> Append {
    let event = NewEvent {
        id: EventId::from_uuid(Uuid::from_u128(99)),
        event_type: trunkline_kernel::EventType::known("task.vanished"),
        schema_version: SchemaVersion::FIRST,
        tags: Tags::default(),
        payload: Payload::stored("{}"),
        cause: Cause {
            actor: Actor::system("test"),
            command: CommandId::from_uuid(Uuid::from_u128(1)),
            correlation: CorrelationId::from_uuid(Uuid::from_u128(2)),
            causation: None,
            trace: None,
        },
        occurred_at: START,
    };
    let write = StreamWrite { stream: StreamId::of(task), expect: Expect::Any, events: vec![event] };
    Append { writes: vec![write], checks: Vec::new() }
}

/// An event that cannot be folded is parked after three tries, listed, and the projection goes on; a replay tries
/// it again.
#[tokio::test(flavor = "multi_thread")]
async fn t11_an_event_that_kills_its_handler_three_times_is_parked() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(23, 500).await?;
        let at = log.append(poison(TaskId::from_uuid(Uuid::from_u128(7)))).await?.last;
        for story in stories(24, 500) {
            log.append(story).await?;
        }
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        let list = parked(&database, Some(ReadModel::TaskBoard)).await?;
        assert_eq!(list.len(), 1);
        assert_eq!((list[0].position, list[0].tries), (at, 3));
        assert!(list[0].error.contains("task.vanished"), "{}", list[0].error);
        // customer-360 folds tasks as well; the others do not look at them.
        assert_eq!(parked(&database, None).await?.len(), 2);
        assert_eq!(replay_parked(&database, ReadModel::TaskBoard, Some(at)).await?, 1);
        runtime.wake();
        let again = trunkline_testkit::wait_for("another try", async || {
            let list = parked(&database, Some(ReadModel::TaskBoard)).await?;
            Ok(list.into_iter().find(|parked| parked.tries == 4))
        })
        .await?;
        assert!(!again.replay);
        runtime.stop().await;
        Ok(())
    })
    .await
}

/// A follower that was thought dead comes back with old rows: its commit is refused, and nothing of it is there.
#[tokio::test(flavor = "multi_thread")]
async fn t12_a_late_write_never_undoes_a_newer_one() -> Result<()> {
    on_both(async |database| {
        prepare_for_tests(&database).await?;
        let log = filled_log(25, 600).await?;
        let query = trunkline_log::Query {
            filter: Default::default(),
            direction: Default::default(),
            from: None,
            until: None,
            limit: 200,
        };
        let events: Arc<[Decoded]> = log.read(&query).await?.events.into_iter().map(Decoded::new).collect();
        // The late one folds the first page and is then held up.
        let mut late = Member::new(ReadModel::TaskBoard, 1, Position::START, BTreeSet::new());
        late.load(&database, &events).await?;
        let writes = late.fold(&events, 1).await.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        let newer = digests(&database, 1).await?;
        let mut transaction = database.begin().await?;
        write(&mut transaction, 1, writes).await?;
        let guard =
            "UPDATE projection_generations SET position = 200 WHERE name = 'task_board' AND position = 0";
        let refused = transaction.execute_expecting(1, guard, Vec::<Value>::new()).await;
        assert!(matches!(refused, Err(DatabaseError::Unchanged { .. })));
        transaction.rollback().await?;
        assert_eq!(digests(&database, 1).await?, newer);
        runtime.stop().await;
        Ok(())
    })
    .await
}
