//! The path of a command, on a ticket office that is small enough to reason about.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trunkline_app::{
    Action, ActionError, CommandError, DispatchLimits, Dispatcher, Idempotency, Request, Single, Work,
};
use trunkline_kernel::{
    Actor, Aggregate, Category, EventType, FixedClock, Id as _, Ids, Payload, SchemaVersion, SeededIds,
    StoredEvent, StreamId, Tag, TaskId, Timestamp, UnknownEvent, Version,
};
use trunkline_log::{Filter, Log, MemoryLog, Query};
use trunkline_vault::Vault;
use uuid::Uuid;

/// An office that has sold this many of its ten tickets.
#[derive(Clone, Debug, Default)]
struct Office {
    sold: u32,
}

#[derive(Clone, Debug)]
struct Sell(u32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sold(u32);

#[derive(Debug, thiserror::Error)]
#[error("only {left} tickets are left; ask for fewer")]
struct SoldOut {
    left: u32,
}

impl trunkline_kernel::Refusal for SoldOut {
    fn code(&self) -> &'static str {
        "SOLD_OUT"
    }

    fn field(&self) -> Option<&'static str> {
        Some("count")
    }
}

impl StoredEvent for Sold {
    fn event_type(&self) -> EventType {
        EventType::known("task.sold")
    }

    fn schema_version(&self) -> SchemaVersion {
        SchemaVersion::FIRST
    }

    fn payload(&self) -> serde_json::Result<Payload> {
        Payload::of(self)
    }

    fn decode(event_type: &str, payload: &str) -> Result<Self, UnknownEvent> {
        serde_json::from_str(payload)
            .map_err(|source| UnknownEvent::Shape { event_type: event_type.to_owned(), source })
    }
}

impl Aggregate for Office {
    const CATEGORY: Category = Category::new("task");
    type Id = TaskId;
    type Command = Sell;
    type Event = Sold;
    type Refusal = SoldOut;

    fn decide(&self, _now: Timestamp, Sell(count): Sell) -> Result<Vec<Sold>, SoldOut> {
        match (count, 10 - self.sold) {
            (0, _) => Ok(Vec::new()),
            (count, left) if count > left => Err(SoldOut { left }),
            (count, _) => Ok(vec![Sold(count)]),
        }
    }

    fn evolve(&mut self, _at: Timestamp, Sold(count): &Sold) {
        self.sold += count;
    }

    fn tags(&self, _event: &Sold) -> Vec<Tag> {
        Vec::new()
    }
}

/// Sells at one office and then at another, or at none.
struct Both(TaskId, TaskId, u32);

impl Action for Both {
    type Answer = u32;

    async fn perform(&self, work: &mut Work<'_>) -> Result<u32, ActionError> {
        work.run::<Office>(self.0, Sell(self.2)).await?;
        work.run::<Office>(self.1, Sell(self.2)).await?;
        Ok(work.state::<Office>(self.0).await?.sold)
    }
}

/// Sells at one office only while that holds of what another has sold.
struct When(TaskId, TaskId, fn(u32) -> bool);

impl Action for When {
    type Answer = bool;

    async fn perform(&self, work: &mut Work<'_>) -> Result<bool, ActionError> {
        let holds = (self.2)(work.require::<Office>(self.1).await?.sold);
        if holds {
            work.run::<Office>(self.0, Sell(1)).await?;
        }
        Ok(holds)
    }
}

fn log() -> Arc<MemoryLog> {
    Arc::new(MemoryLog::new(Arc::new(FixedClock::at(Timestamp::from_millis(1_000)))))
}

/// One vault for all, as the servers of one log have.
async fn vault() -> Arc<Vault> {
    static VAULT: tokio::sync::OnceCell<Arc<Vault>> = tokio::sync::OnceCell::const_new();
    let made = VAULT.get_or_init(async || {
        Vault::passing(Arc::new(FixedClock::at(Timestamp::from_millis(0)))).await.unwrap()
    });
    made.await.clone()
}

async fn dispatcher(log: &Arc<MemoryLog>, seed: u64) -> Arc<Dispatcher> {
    let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_000)));
    let limits = DispatchLimits { attempts_max: 64, ..DispatchLimits::default() };
    Arc::new(Dispatcher::new(log.clone(), vault().await, clock, Arc::new(SeededIds::new(seed)), limits))
}

fn office(number: u128) -> TaskId {
    TaskId::from_uuid(Uuid::from_u128(number))
}

fn sell(number: u128, count: u32) -> Single<Office> {
    Single { id: office(number), command: Sell(count) }
}

fn request() -> Request {
    Request::by("user:li.wei".parse().unwrap())
}

fn keyed(key: &str, asked: &str) -> Request {
    Request { idempotency: Some(Idempotency::new(key, asked.as_bytes()).unwrap()), ..request() }
}

async fn events(log: &Arc<MemoryLog>) -> usize {
    let query = Query {
        filter: Filter::default(),
        direction: Default::default(),
        from: None,
        until: None,
        limit: 500,
    };
    log.read(&query).await.unwrap().events.len()
}

#[tokio::test]
async fn an_answer_names_the_position_and_the_events_it_led_to() {
    let log = log();
    let outcome = dispatcher(&log, 1).await.execute(request(), &sell(1, 3)).await.unwrap();
    assert_eq!((outcome.position.0, outcome.events.len(), outcome.repeated), (1, 1, false));
    let stored = log.read_stream(&StreamId::of(office(1)), Version::EMPTY, 10).await.unwrap();
    assert_eq!(stored[0].event.id, outcome.events[0]);
    assert_eq!(stored[0].event.cause.actor, "user:li.wei".parse::<Actor>().unwrap());
    assert!(stored[0].event.tags.contains(&Tag::of(office(1))));
}

#[tokio::test]
async fn nothing_left_to_do_is_an_answer_without_events() {
    let log = log();
    let outcome = dispatcher(&log, 1).await.execute(request(), &sell(1, 0)).await.unwrap();
    assert!(outcome.events.is_empty());
    assert_eq!(events(&log).await, 0);
}

#[tokio::test]
async fn the_same_key_again_gives_the_first_answer_and_sells_once() {
    let log = log();
    let first = dispatcher(&log, 1).await.execute(keyed("k", "sell 4"), &sell(1, 4)).await.unwrap();
    let again = dispatcher(&log, 2).await.execute(keyed("k", "sell 4"), &sell(1, 4)).await.unwrap();
    assert!(!first.repeated && again.repeated);
    assert_eq!((first.answer, &first.events, first.position), (again.answer, &again.events, again.position));
    assert_eq!(events(&log).await, 2, "the sale and its answer");
}

#[tokio::test]
async fn a_refusal_under_a_key_stays_the_answer_although_the_world_moves_on() {
    let log = log();
    let dispatcher = dispatcher(&log, 1).await;
    for _ in 0..2 {
        let refused = dispatcher.execute(keyed("k", "sell 11"), &sell(1, 11)).await;
        assert!(
            matches!(refused, Err(CommandError::Refused(r)) if r.code == "SOLD_OUT" && r.field.as_deref() == Some("count"))
        );
    }
    assert_eq!(events(&log).await, 1, "the refusal is stored once");
}

#[tokio::test]
async fn a_key_used_for_something_else_is_refused() {
    let log = log();
    let dispatcher = dispatcher(&log, 1).await;
    dispatcher.execute(keyed("k", "sell 1"), &sell(1, 1)).await.unwrap();
    let refused = dispatcher.execute(keyed("k", "sell 2"), &sell(1, 2)).await;
    assert!(matches!(refused, Err(CommandError::Refused(r)) if r.code == "IDEMPOTENCY_KEY_REUSED"));
}

#[tokio::test]
async fn two_actors_may_use_the_same_key() {
    let log = log();
    let dispatcher = dispatcher(&log, 1).await;
    dispatcher.execute(keyed("k", "sell 1"), &sell(1, 1)).await.unwrap();
    let other = Request { actor: "user:wang.fang".parse().unwrap(), ..keyed("k", "sell 1") };
    assert!(!dispatcher.execute(other, &sell(1, 1)).await.unwrap().repeated);
}

#[tokio::test]
async fn one_refusal_undoes_the_whole_action() {
    let log = log();
    let dispatcher = dispatcher(&log, 1).await;
    dispatcher.execute(request(), &sell(2, 8)).await.unwrap();
    let refused = dispatcher.execute(request(), &Both(office(1), office(2), 3)).await;
    assert!(matches!(refused, Err(CommandError::Refused(_))));
    assert_eq!(events(&log).await, 1);
    let both = dispatcher.execute(request(), &Both(office(1), office(2), 2)).await.unwrap();
    assert_eq!((both.answer, both.events.len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_buyers_on_several_servers_exactly_ten_are_served() {
    let log = log();
    let mut servers = Vec::new();
    for seed in 1..=4 {
        servers.push(dispatcher(&log, seed).await);
    }
    let buyers = (0..64).map(|buyer| {
        let server = servers[buyer % servers.len()].clone();
        tokio::spawn(async move { server.execute(request(), &sell(1, 1)).await })
    });
    let mut served = 0;
    for buyer in buyers.collect::<Vec<_>>() {
        match buyer.await.unwrap() {
            Ok(_) => served += 1,
            Err(CommandError::Refused(refused)) => assert_eq!(refused.code, "SOLD_OUT"),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((served, events(&log).await), (10, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_at_the_same_time_on_several_servers_sells_once() {
    let log = log();
    let mut sales = Vec::new();
    for seed in 1..=8 {
        let server = dispatcher(&log, seed).await;
        sales.push(tokio::spawn(
            async move { server.execute(keyed("k", "sell 1"), &sell(1, 1)).await.unwrap() },
        ));
    }
    let mut first = 0;
    for sale in sales {
        first += usize::from(!sale.await.unwrap().repeated);
    }
    assert_eq!((first, events(&log).await), (1, 2));
}

#[tokio::test]
async fn a_refusal_is_never_given_on_an_old_state() {
    let log = log();
    let (here, there) = (dispatcher(&log, 1).await, dispatcher(&log, 2).await);
    here.execute(request(), &sell(1, 9)).await.unwrap();
    there.execute(request(), &sell(1, 1)).await.unwrap();
    // The first server's cache says that one ticket is left; the log says none.
    let refused = here.execute(request(), &sell(1, 1)).await;
    assert!(matches!(refused, Err(CommandError::Refused(r)) if r.message.contains("only 0 tickets")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_required_state_cannot_change_unnoticed() {
    let unsold = |sold| sold == 0;
    for round in 0..50 {
        let log = log();
        let (a, b) = (dispatcher(&log, 2 * round).await, dispatcher(&log, 2 * round + 1).await);
        let one =
            tokio::spawn(
                async move { a.execute(request(), &When(office(1), office(2), unsold)).await.unwrap() },
            );
        let two =
            tokio::spawn(
                async move { b.execute(request(), &When(office(2), office(1), unsold)).await.unwrap() },
            );
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        assert!(one.answer != two.answer, "exactly one of them may find the other's office untouched");
    }
}

#[tokio::test]
async fn what_is_kept_of_a_required_state_is_believed_only_where_the_append_checks_it() {
    let log = log();
    let (here, there) = (dispatcher(&log, 1).await, dispatcher(&log, 2).await);
    here.execute(request(), &sell(2, 1)).await.unwrap();
    there.execute(request(), &sell(2, 1)).await.unwrap();
    // The first server still believes that one ticket was sold.
    let barred = here.execute(request(), &When(office(1), office(2), |sold| sold < 2)).await.unwrap();
    assert_eq!((barred.answer, events(&log).await), (false, 2), "the append met the other's sale");

    there.execute(request(), &sell(2, 1)).await.unwrap();
    // It believes in two by now, for which there would be nothing to append, and so nothing that meets anybody.
    let sold = here.execute(request(), &When(office(1), office(2), |sold| sold == 3)).await.unwrap();
    assert_eq!((sold.answer, events(&log).await), (true, 4));
}

#[tokio::test]
async fn a_command_that_always_meets_others_ends_with_a_typed_error() {
    let log = log();
    let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_000)));
    let ids: Arc<dyn Ids> = Arc::new(SeededIds::new(9));
    let limits = DispatchLimits { attempts_max: 0, ..DispatchLimits::default() };
    let tired = Dispatcher::new(log.clone(), vault().await, clock, ids, limits);
    assert!(matches!(
        tired.execute(request(), &sell(1, 1)).await,
        Err(CommandError::Contended { attempts: 0, .. })
    ));
}
