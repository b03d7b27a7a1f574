//! Events of a switch, in every order and as often as it likes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio_util::sync::CancellationToken;
use trunkline_app::cases::{CreateCall, routing_of};
use trunkline_app::{DispatchLimits, Dispatcher, Queues, Request, Single};
use trunkline_dialer::cti::{
    CallEvent, Happening, Intake, IntakeAround, OrderSettings, Settings, Stats, Switch, Taken, Untaken,
};
use trunkline_dialer::{Heard, Line as _, Order};
use trunkline_domain::Policy;
use trunkline_domain::call::{self, Answerer, Call, CallState, EndCause};
use trunkline_domain::routing::{Routing, RoutingState};
use trunkline_domain::words::{Direction, Work};
use trunkline_kernel::{
    Actor, CallId, FixedClock, Id as _, Millis, PhoneNumber, SeededIds, StreamId, Timestamp, Version,
};
use trunkline_log::{Log as _, MemoryLog};
use trunkline_vault::Vault;
use trunkline_webhooks::Secrets;

const NOW: Timestamp = Timestamp::from_millis(1_769_850_000_000);

struct House {
    log: Arc<MemoryLog>,
    dispatcher: Arc<Dispatcher>,
    clock: Arc<FixedClock>,
}

impl House {
    async fn new() -> Self {
        let clock = Arc::new(FixedClock::at(NOW));
        let log = Arc::new(MemoryLog::new(clock.clone()));
        let vault = Vault::passing(clock.clone()).await.unwrap();
        let (ids, limits) = (Arc::new(SeededIds::new(5)), DispatchLimits::default());
        let dispatcher = Arc::new(Dispatcher::new(log.clone(), vault, clock.clone(), ids, limits));
        Self { log, dispatcher, clock }
    }

    /// An intake as after a start: it knows nothing but the log.
    fn intake(&self, reorder: Duration) -> Arc<Intake> {
        self.intake_of(reorder, None)
    }

    /// The same, where calls that arrive are routed as these queues say.
    fn intake_of(&self, reorder: Duration, queues: Option<Queues>) -> Arc<Intake> {
        let settings = Settings { route_arrivals: queues.is_some(), ..settings(reorder) };
        let around = IntakeAround {
            dispatcher: Arc::clone(&self.dispatcher),
            clock: self.clock.clone(),
            policy: Policy::default(),
            line: None,
            queues: Arc::new(queues.unwrap_or_default()),
            stats: Arc::default(),
        };
        Arc::new(Intake::new(around, settings))
    }

    /// A call that is dialed, of no lead.
    async fn dialed(&self) -> CallId {
        let created = call::Created::new(Direction::Outbound);
        let by = || Request::by(Actor::system("test"));
        let made = self.dispatcher.execute(by(), &CreateCall { created }).await.unwrap();
        let id = CallId::from_uuid(made.answer);
        let command = call::Command::Dial(call::Dialed::default());
        self.dispatcher.execute(by(), &Single::<Call> { id, command }).await.unwrap();
        id
    }

    /// What the log has of a call: what happened, and when.
    async fn history(&self, call: CallId) -> Vec<(String, String, Timestamp)> {
        let events = self.log.read_stream(&StreamId::of(call), Version::EMPTY, 500).await.unwrap();
        let event = |recorded: trunkline_kernel::Recorded| {
            let event = recorded.event;
            (event.event_type.to_string(), event.payload.as_str().to_owned(), event.occurred_at)
        };
        events.into_iter().map(event).collect()
    }
}

fn settings(reorder: Duration) -> Settings {
    Settings {
        secrets: Secrets::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap(),
        tolerance: Millis::from_secs(300),
        skew: Millis::from_secs(5),
        reorder,
        patience: Millis::from_secs(30),
        gap_max: 4,
        waiting_max: 100,
        body_bytes_max: 16_384,
        route_arrivals: false,
        orders: None,
    }
}

/// An event of a minute ago.
fn event(call: CallId, sequence: u32, happening: Happening) -> CallEvent {
    let at = NOW.plus(Millis(i64::from(sequence) - 60_000));
    CallEvent { call, sequence: NonZeroU32::new(sequence).unwrap(), at, happening }
}

/// A call of some length: how it rang, whether it was answered, how often it was held.
fn story() -> impl Strategy<Value = Vec<Happening>> {
    let talked = (any::<bool>(), 0..4_usize, any::<bool>()).prop_map(|(rang, holds, over)| {
        let mut story = if rang { vec![Happening::Ringing] } else { vec![] };
        story.push(Happening::Answered { by: Answerer::Human });
        story.push(Happening::Bridged { agent: None });
        for _ in 0..holds {
            story.extend([Happening::Held, Happening::Resumed]);
        }
        story.extend(over.then_some(Happening::Ended { cause: EndCause::CustomerHangup }));
        story
    });
    let missed = prop_oneof![Just(EndCause::NoAnswer), Just(EndCause::Busy), Just(EndCause::Machine)];
    let missed = missed.prop_map(|cause| vec![Happening::Ringing, Happening::Ended { cause }]);
    prop_oneof![4 => talked, 1 => missed]
}

/// Every event twice, in any order, to an intake that waits so long; gives how many were noted.
async fn crooked(house: &House, call: CallId, story: &[Happening], order: Vec<usize>, wait: u64) -> usize {
    let intake = house.intake(Duration::from_millis(wait));
    let requests = order.into_iter().map(|at| {
        let (intake, sequence) = (Arc::clone(&intake), u32::try_from(at + 1).unwrap());
        // It happens now, so that nothing is taken as implied.
        let at_once = NOW.plus(Millis(i64::from(sequence)));
        let event = CallEvent { at: at_once, ..event(call, sequence, story[at].clone()) };
        tokio::spawn(async move {
            loop {
                match intake.take(event.clone()).await {
                    Err(Untaken::PredecessorMissing | Untaken::Unavailable(_)) => {}
                    taken => return taken.unwrap(),
                }
            }
        })
    });
    let mut noted = 0;
    for request in requests.collect::<Vec<_>>() {
        noted += usize::from(matches!(request.await.unwrap(), Taken::Noted(_)));
    }
    noted
}

#[test]
fn in_whichever_order_and_however_often_events_come_the_log_has_them_once_and_in_order() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let shuffled = story().prop_flat_map(|story| {
        let numbers: Vec<usize> = (0..story.len()).collect();
        let twice: Vec<usize> = numbers.iter().chain(&numbers).copied().collect();
        (Just(story), Just(twice).prop_shuffle(), prop_oneof![Just(0_u64), Just(2), Just(20_000)])
    });
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let tried = runner.run(&shuffled, |(story, order, wait)| {
        runtime.block_on(async {
            let house = House::new().await;
            let (straight, shuffled) = (house.dialed().await, house.dialed().await);
            let intake = house.intake(Duration::ZERO);
            for (sequence, happening) in (1..).zip(&story) {
                intake.take(event(straight, sequence, happening.clone())).await.unwrap();
            }
            let noted = crooked(&house, shuffled, &story, order, wait).await;
            prop_assert_eq!(noted, story.len(), "each is noted once");
            let told = |history: Vec<(String, String, Timestamp)>| {
                history.into_iter().map(|(name, payload, _)| (name, payload)).collect::<Vec<_>>()
            };
            prop_assert_eq!(told(house.history(shuffled).await), told(house.history(straight).await));
            Ok(())
        })
    });
    tried.unwrap();
}

#[tokio::test]
async fn what_never_comes_is_implied_after_a_while_and_too_late_when_it_does() {
    let house = House::new().await;
    let call = house.dialed().await;
    let intake = house.intake(Duration::from_millis(1));
    let held = event(call, 3, Happening::Held);
    assert!(matches!(intake.take(held).await, Err(Untaken::PredecessorMissing)), "nobody says with whom");
    let ended = Happening::Ended { cause: EndCause::NoAnswer };
    let fresh = CallEvent { at: NOW, ..event(call, 4, ended.clone()) };
    assert!(matches!(intake.take(fresh).await, Err(Untaken::PredecessorMissing)), "they may be on their way");
    let far = event(call, 9, ended.clone());
    assert!(matches!(intake.take(far).await, Err(Untaken::PredecessorMissing)), "too many are missing");
    let old = event(call, 4, ended);
    assert_eq!(intake.take(old.clone()).await.unwrap(), Taken::Noted(CallState::Dispositioned));
    let before = house.history(call).await;
    assert_eq!(before.last().unwrap().0, "call.dispositioned");
    assert_eq!(before[2].2, old.at, "it happened when the switch says");
    // The switch sends all of it again, to a server that has just started.
    let intake = house.intake(Duration::from_millis(1));
    assert_eq!(intake.take(old.clone()).await.unwrap(), Taken::Repeated(CallState::Dispositioned));
    for (sequence, happening) in [(1, Happening::Ringing), (2, Happening::Answered { by: Answerer::Human })] {
        assert_eq!(intake.take(event(call, sequence, happening)).await.unwrap(), Taken::PassedOver);
    }
    let other = CallEvent { happening: Happening::Ended { cause: EndCause::Busy }, ..old };
    assert!(matches!(intake.take(other).await, Err(Untaken::Reused)));
    assert_eq!(house.history(call).await, before, "nothing was added");
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_a_code_and_an_impossible_cause_ends_the_call_all_the_same() {
    let house = House::new().await;
    let intake = house.intake(Duration::from_millis(1));
    let nobody = CallId::from_uuid(uuid::Uuid::from_u128(1));
    let refused = intake.take(event(nobody, 1, Happening::Ringing)).await;
    assert!(matches!(refused, Err(Untaken::Refused(refused)) if refused.code == "CALL_UNKNOWN"));
    let call = house.dialed().await;
    let ahead = CallEvent { at: NOW.plus(Millis::from_secs(6)), ..event(call, 1, Happening::Ringing) };
    assert!(matches!(intake.take(ahead).await, Err(Untaken::Ahead)));
    intake.take(event(call, 1, Happening::Answered { by: Answerer::Unknown })).await.unwrap();
    let ended = intake.take(event(call, 2, Happening::Ended { cause: EndCause::Busy })).await.unwrap();
    assert_eq!(ended, Taken::Noted(CallState::Dispositioned));
    let history = house.history(call).await;
    assert!(history.iter().any(|(name, payload, _)| name == "call.ended" && payload.contains("failed")));
}

#[tokio::test]
async fn a_call_that_arrives_is_known_and_waits() {
    let house = House::new().await;
    let intake = house.intake(Duration::from_millis(1));
    let call = CallId::from_uuid(uuid::Uuid::from_u128(7));
    let arrived = r#"{"call":"00000000-0000-0000-0000-000000000007","sequence":1,"at":"2026-01-31T08:59:00Z",
        "kind":"arrived","from":"+8613800138000","queue":"hotline"}"#;
    let taken = intake.take(serde_json::from_str(arrived).unwrap()).await.unwrap();
    assert_eq!(taken, Taken::Noted(CallState::Queued));
    let history = house.history(call).await;
    assert!(!history[0].1.contains("138001") && history[0].1.contains("numberClaim"), "{}", history[0].1);
    let search = house.dispatcher.newest::<Routing>(routing_of(Work::Call(call))).await.unwrap();
    assert_eq!(search.state(), RoutingState::Idle, "nobody has configured that calls are routed");
}

#[tokio::test]
async fn a_call_that_arrives_asks_once_for_what_its_queue_declares_until_it_is_connected_or_over() {
    let house = House::new().await;
    let queues = Queues::read("[[queue]]\nname = \"loans\"\nskills = { loans = 2 }\npriority = 3\n").unwrap();
    let intake = house.intake_of(Duration::from_millis(1), Some(queues));
    let search =
        async |call: CallId| house.dispatcher.newest::<Routing>(routing_of(Work::Call(call))).await.unwrap();
    for (number, queue, priority) in [(7, "loans", 3), (8, "hotline", 0)] {
        let call = CallId::from_uuid(uuid::Uuid::from_u128(number));
        let arrived = Happening::Arrived { from: None, line: None, queue: Some(queue.to_owned()) };
        let arrived = event(call, 1, arrived);
        assert!(matches!(intake.take(arrived.clone()).await.unwrap(), Taken::Noted(CallState::Queued)));
        assert!(matches!(intake.take(arrived).await.unwrap(), Taken::Repeated(CallState::Queued)));
        let known = search(call).await;
        assert_eq!(known.state(), RoutingState::Waiting);
        let (_, asked) = known.requested().unwrap();
        assert_eq!((asked.priority, asked.needs.skills.len()), (priority, usize::from(priority > 0)));
        let stream = StreamId::of(routing_of(Work::Call(call)));
        assert_eq!(house.log.read_stream(&stream, Version::EMPTY, 9).await.unwrap().len(), 1, "asked once");
        // One is connected by the switch itself, one hangs up: no agent is looked for any more.
        let over = if priority > 0 {
            Happening::Bridged { agent: None }
        } else {
            Happening::Ended { cause: EndCause::CustomerHangup }
        };
        intake.take(event(call, 2, over)).await.unwrap();
        assert_eq!(search(call).await.state(), RoutingState::Ended);
    }
}

#[tokio::test]
async fn an_order_that_the_switch_does_not_take_makes_its_call_fail() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let orders = OrderSettings {
        url: format!("http://{address}/a-secret-path"),
        timeout: Duration::from_secs(5),
        attempts_max: 3,
        backoff_first: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
        orders_max: 1,
    };
    let settings = Settings { orders: Some(orders), ..settings(Duration::ZERO) };
    let (teller, mut heard) = trunkline_dialer::wire();
    let (stats, clock) = (Arc::<Stats>::default(), Arc::new(FixedClock::at(NOW)));
    let switch = Switch::new(&settings, clock, teller, Arc::clone(&stats), CancellationToken::new()).unwrap();
    let call = CallId::from_uuid(uuid::Uuid::from_u128(7));
    let number = PhoneNumber::parse("+8613800138000", None).unwrap();
    let order = Order { call, number, line: None, campaign: None, ring_least: Millis::from_secs(15) };
    assert!(!format!("{order:?}").contains("138001"), "an order does not print whom it dials");
    switch.dial(order);
    assert_eq!(heard.recv().await, Some(Heard::Ended(call, EndCause::Failed)));
    assert_eq!((stats.orders_retried(), stats.orders_failed(), stats.orders_taken()), (2, 1, 0));
    let trouble = stats.trouble().unwrap();
    assert!(!trouble.contains("a-secret-path"), "the address can hold a secret: {trouble}");
}
