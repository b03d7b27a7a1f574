//! The scenarios of every pool, in a real Redis.
#![cfg(feature = "redis")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use trunkline_adapters::RedisPool;
use trunkline_kernel::Position;
use trunkline_pool::{Pool as _, Wanted};
use trunkline_private_servers::Redis;
use uuid::Uuid;

const LONG: Duration = Duration::from_secs(3_600);

async fn fresh() -> RedisPool {
    RedisPool::new(&Redis::shared().unwrap().fresh_database().unwrap()).unwrap()
}

trunkline_pool::pool_contract!(fresh());

/// Two servers meet in one pool.
#[tokio::test]
async fn what_one_server_holds_another_does_not_get() {
    let url = Redis::shared().unwrap().fresh_database().unwrap();
    let (one, other) = (RedisPool::new(&url).unwrap(), RedisPool::new(&url).unwrap());
    let wanted = [Wanted { id: Uuid::from_u128(1), known: Position(5) }];
    assert!(one.claim(&wanted, LONG).await.unwrap()[0].is_some());
    assert_eq!(other.claim(&wanted, LONG).await.unwrap(), [None]);
}

/// What was lost is claimed anew, under a higher token, so that who had it before cannot let it go.
#[tokio::test]
async fn a_flushed_pool_goes_on_with_higher_tokens() {
    let url = Redis::shared().unwrap().fresh_database().unwrap();
    let pool = RedisPool::new(&url).unwrap();
    let wanted = [Wanted { id: Uuid::from_u128(1), known: Position(5) }];
    let before = pool.claim(&wanted, LONG).await.unwrap()[0].unwrap();
    let mut connection = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    redis::cmd("FLUSHDB").exec_async(&mut connection).await.unwrap();
    let after = pool.claim(&wanted, LONG).await.unwrap()[0].unwrap();
    assert!(after.token > before.token);
    pool.settle(&[(before, Position::START)]).await.unwrap();
    assert_eq!(pool.claim(&wanted, LONG).await.unwrap(), [None]);
}

/// A server that is not there is said so within the patience, and is used once it is there.
#[tokio::test]
async fn a_server_that_is_gone_is_an_error_and_no_wait() {
    let server = Redis::start().unwrap();
    let pool = RedisPool::new(&format!("redis://127.0.0.1:{}/0", server.port())).unwrap();
    let wanted = [Wanted { id: Uuid::from_u128(1), known: Position(5) }];
    assert!(pool.claim(&wanted, LONG).await.unwrap()[0].is_some());
    drop(server);
    let asked = tokio::time::timeout(Duration::from_secs(5), pool.claim(&wanted, LONG)).await;
    assert!(asked.unwrap().is_err());
}
