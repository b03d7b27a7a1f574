//! What every pool has to do: named scenarios, run on each adapter.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use trunkline_kernel::{AgentId, Id as _, Position, Timestamp};
use uuid::Uuid;

use crate::port::{Claim, Pool, Wanted};

const LONG: Duration = Duration::from_secs(3_600);
const SHORT: Duration = Duration::from_millis(50);

fn thing(number: u128, known: u64) -> Wanted {
    Wanted { id: Uuid::from_u128(number), known: Position(known) }
}

fn agent(number: u128) -> AgentId {
    AgentId::from_uuid(Uuid::from_u128(number))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_769_850_000_000 + seconds * 1_000)
}

async fn claim(pool: &dyn Pool, thing: Wanted, length: Duration) -> Option<Claim> {
    pool.claim(&[thing], length).await.unwrap().remove(0)
}

/// Asks for a thing until it can be had.
async fn claim_at_last(pool: &dyn Pool, thing: Wanted, length: Duration) -> Claim {
    loop {
        if let Some(claim) = claim(pool, thing, length).await {
            return claim;
        }
        tokio::task::yield_now().await;
    }
}

/// What is claimed nobody else gets, and each answer stands where it was asked for.
pub async fn a_thing_is_claimed_once(pool: &dyn Pool) {
    let held = claim(pool, thing(1, 5), LONG).await;
    assert_eq!(held.map(|claim| claim.id), Some(Uuid::from_u128(1)));
    let claims = pool.claim(&[thing(2, 5), thing(1, 5), thing(3, 5)], LONG).await.unwrap();
    assert_eq!(claims.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
}

/// Of many at the same moment exactly one wins.
pub async fn of_many_at_once_one_wins(pool: Arc<dyn Pool>) {
    for round in 0..20 {
        let ask = |_| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { claim(&*pool, thing(1_000 + round, 1), LONG).await })
        };
        let answers = futures::future::join_all((0..16).map(ask)).await;
        assert_eq!(answers.into_iter().filter(|answer| answer.as_ref().unwrap().is_some()).count(), 1);
    }
}

/// A claim ends by its time, and the next has a higher token.
pub async fn a_claim_ends_by_its_time(pool: &dyn Pool) {
    let first = claim_at_last(pool, thing(1, 5), SHORT).await;
    let second = claim_at_last(pool, thing(1, 5), LONG).await;
    assert!(second.token > first.token, "{second:?} after {first:?}");
}

/// Who was away past the end of a claim cannot let go what somebody else has by now.
pub async fn a_late_owner_settles_nothing(pool: &dyn Pool) {
    let late = claim_at_last(pool, thing(1, 5), SHORT).await;
    let present = claim_at_last(pool, thing(1, 5), LONG).await;
    pool.settle(&[(late, Position(9))]).await.unwrap();
    pool.settle(&[(late, Position::START)]).await.unwrap();
    assert_eq!(claim(pool, thing(1, 9), LONG).await, None);
    pool.settle(&[(present, Position(9))]).await.unwrap();
    assert!(claim(pool, thing(1, 9), LONG).await.is_some());
}

/// Who knows less of a thing than somebody who had it before gets nothing, until they have caught up.
pub async fn who_knows_less_gets_nothing(pool: &dyn Pool) {
    let held = claim(pool, thing(1, 5), LONG).await.unwrap();
    pool.settle(&[(held, Position(8))]).await.unwrap();
    assert_eq!(claim(pool, thing(1, 7), LONG).await, None);
    assert!(claim(pool, thing(1, 8), LONG).await.is_some());
}

/// What is settled at the start of the log is forgotten.
pub async fn what_is_over_is_forgotten(pool: &dyn Pool) {
    let held = claim(pool, thing(1, 5), LONG).await.unwrap();
    pool.settle(&[(held, Position::START)]).await.unwrap();
    assert!(claim(pool, thing(1, 0), LONG).await.is_some());
}

/// Agents are silent from their last sign of life on, whatever order the signs come in.
pub async fn the_silent_are_those_who_were_heard_before(pool: &dyn Pool) {
    pool.heard(&[(agent(1), at(10)), (agent(2), at(20)), (agent(3), at(30))]).await.unwrap();
    pool.heard(&[(agent(1), at(40)), (agent(2), at(5))]).await.unwrap();
    assert_eq!(pool.silent(at(20), 10).await.unwrap(), []);
    let silent = pool.silent(at(35), 10).await.unwrap();
    assert_eq!(silent, [(agent(2), at(20)), (agent(3), at(30))]);
    assert_eq!(pool.silent(at(35), 1).await.unwrap(), [(agent(2), at(20))]);
    pool.forget(&[agent(2), agent(9)]).await.unwrap();
    assert_eq!(pool.silent(at(35), 10).await.unwrap(), [(agent(3), at(30))]);
}

/// Nothing asked is nothing answered.
pub async fn nothing_is_possible(pool: &dyn Pool) {
    assert_eq!(pool.claim(&[], LONG).await.unwrap(), []);
    pool.settle(&[]).await.unwrap();
    pool.heard(&[]).await.unwrap();
    pool.forget(&[]).await.unwrap();
}

/// Makes a test of each scenario. `$pool` is an expression that gives an empty pool, awaited anew for each.
#[macro_export]
macro_rules! pool_contract {
    ($pool:expr) => {
        $crate::pool_contract! { @one $pool;
            a_thing_is_claimed_once
            a_claim_ends_by_its_time
            a_late_owner_settles_nothing
            who_knows_less_gets_nothing
            what_is_over_is_forgotten
            the_silent_are_those_who_were_heard_before
            nothing_is_possible
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn of_many_at_once_one_wins() {
            let pool: std::sync::Arc<dyn $crate::Pool> = std::sync::Arc::new($pool.await);
            $crate::contract::of_many_at_once_one_wins(pool).await;
        }
    };
    (@one $pool:expr; $($scenario:ident)+) => {$(
        #[tokio::test]
        async fn $scenario() {
            $crate::contract::$scenario(&$pool.await).await;
        }
    )+};
}
