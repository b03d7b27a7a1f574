//! What reaches the log: no personal value in the clear, and what was sealed comes back.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use trunkline_app::cases::{Identifier, New, RegisterCustomer};
use trunkline_app::{Action, DispatchLimits, Dispatcher, Idempotency, Outcome, Request};
use trunkline_domain::customer::{self, CustomerKind, Profile, Registered};
use trunkline_domain::identifier::{IdentifierId, IdentifierKind};
use trunkline_domain::task::{self, Task, TaskKind};
use trunkline_kernel::{
    CustomerId, FixedClock, Id as _, Personal, Recorded, SeededIds, Subject, SubjectKind, Timestamp,
};
use trunkline_log::{Log as _, MemoryLog, Query};
use trunkline_vault::{Openable as _, SealedValue, Shown, Vault};
use uuid::Uuid;

const NAME: &str = "欧阳致远";
const PHONE: &str = "+8613800138000";

struct House {
    log: Arc<MemoryLog>,
    vault: Arc<Vault>,
    dispatcher: Dispatcher,
}

impl House {
    async fn new() -> Self {
        let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_000)));
        let log = Arc::new(MemoryLog::new(clock.clone()));
        let vault = Vault::passing(clock.clone()).await.unwrap();
        let ids = Arc::new(SeededIds::new(5));
        let limits = DispatchLimits::default();
        let dispatcher = Dispatcher::new(log.clone(), vault.clone(), clock, ids, limits);
        Self { log, vault, dispatcher }
    }

    async fn does<A: Action>(&self, key: &str, action: A) -> Outcome<A::Answer> {
        let asked = format!("{NAME} {PHONE}");
        let request = Request {
            idempotency: Some(Idempotency::new(key, asked.as_bytes()).unwrap()),
            ..Request::by("user:li.wei".parse().unwrap())
        };
        self.dispatcher.execute(request, &action).await.unwrap()
    }

    async fn events(&self) -> Vec<Recorded> {
        let query = Query {
            filter: Default::default(),
            direction: Default::default(),
            from: None,
            until: None,
            limit: 500,
        };
        self.log.read(&query).await.unwrap().events
    }

    async fn shown(&self, value: &Personal<String>) -> Shown<String> {
        let Personal::Sealed(sealed) = value else { panic!("{value:?} is not sealed") };
        let subject = SealedValue::read(&sealed.0).unwrap().subject();
        value.opened(&self.vault.existing(&[subject]).await.unwrap())
    }
}

fn register() -> RegisterCustomer {
    let attributes = BTreeMap::from([("hobby".to_owned(), Personal::Open(format!("{NAME} likes chess")))]);
    let profile = Profile { name: Some(NAME.to_owned().into()), attributes, ..Profile::default() };
    let identifiers = vec![Identifier { kind: IdentifierKind::Phone, value: PHONE.to_owned() }];
    RegisterCustomer { registered: Registered { kind: CustomerKind::Person, profile }, identifiers }
}

fn open_task(customer: Option<Uuid>) -> New<Task> {
    New {
        command: task::Command::Open(task::Opened {
            kind: TaskKind::FollowUp,
            title: format!("call {NAME} on {PHONE}").into(),
            customer: customer.map(CustomerId::from_uuid),
            call: None,
            lead: None,
            owner: None,
            team: None,
            due_at: None,
            priority: 0,
        }),
    }
}

#[tokio::test]
async fn nothing_in_the_log_tells_a_name_or_a_number() {
    let house = House::new().await;
    let customer = house.does("register", register()).await;
    house.does("open", open_task(Some(customer.answer))).await;
    let events = house.events().await;
    assert_eq!(events.len(), 6, "registered, linked, claimed, opened and two answers");
    let plain = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(format!("{NAME} {PHONE}")));
    for recorded in &events {
        let text = format!("{recorded:?} {}", recorded.event.payload.as_str());
        for secret in [NAME, PHONE, &PHONE[3..], plain.as_str()] {
            assert!(!text.contains(secret), "{} tells {secret}", recorded.event.event_type);
        }
        assert!(recorded.is_intact(), "the digest is over what is stored");
    }
}

#[tokio::test]
async fn what_was_sealed_is_the_subjects_and_comes_back() {
    let house = House::new().await;
    let customer = house.does("register", register()).await.answer;
    house.does("open", open_task(Some(customer))).await;
    house.does("open alone", open_task(None)).await;
    let mut titles = Vec::new();
    for recorded in house.events().await {
        match recorded.event.event_type.as_str() {
            "customer.registered" => {
                let registered: Registered = recorded.event.payload.read().unwrap();
                let name = registered.profile.name.unwrap();
                assert_eq!(house.shown(&name).await, Shown::Clear(NAME.to_owned()));
                let hobby = &registered.profile.attributes["hobby"];
                assert_eq!(house.shown(hobby).await, Shown::Clear(format!("{NAME} likes chess")));
                let Personal::Sealed(sealed) = name else { panic!("it is sealed") };
                let read = SealedValue::read(&sealed.0).unwrap();
                assert_eq!((read.place().event, read.place().field), (recorded.event.id, "/profile/name"));
            }
            "customer.identifier_linked" => {
                let linked: customer::IdentifierLinked = recorded.event.payload.read().unwrap();
                assert_eq!(house.shown(&linked.value).await, Shown::Clear(PHONE.to_owned()));
                assert_eq!(linked.claim, IdentifierId::of(house.vault.index(), IdentifierKind::Phone, PHONE));
            }
            "task.opened" => {
                let opened: task::Opened = recorded.event.payload.read().unwrap();
                assert!(house.shown(&opened.title).await.clear().unwrap().contains(NAME));
                let Personal::Sealed(sealed) = opened.title else { panic!("it is sealed") };
                titles.push(SealedValue::read(&sealed.0).unwrap().subject());
            }
            _ => {}
        }
    }
    assert_eq!(titles[0], Subject::from(CustomerId::from_uuid(customer)));
    assert_eq!(titles[1].kind, SubjectKind::Task, "a task that is about nobody has a key of its own");
}

#[tokio::test]
async fn of_who_was_erased_nothing_is_written_any_more() {
    let house = House::new().await;
    let customer = house.does("register", register()).await.answer;
    house.vault.destroy(CustomerId::from_uuid(customer).into()).await.unwrap();
    house.does("open", open_task(Some(customer))).await;
    let events = house.events().await;
    let opened = events.iter().find(|event| event.event.event_type.as_str() == "task.opened").unwrap();
    let opened: task::Opened = opened.event.payload.read().unwrap();
    assert_eq!(opened.title, Personal::Erased);
    for recorded in &events {
        if let Ok(Registered { profile: Profile { name: Some(name), .. }, .. }) =
            recorded.event.payload.read()
        {
            assert_eq!(house.shown(&name).await, Shown::Erased);
        }
    }
}

#[tokio::test]
async fn the_same_request_again_gives_the_first_answer() {
    let house = House::new().await;
    let first = house.does("register", register()).await;
    let again = house.does("register", register()).await;
    assert!(again.repeated && again.answer == first.answer);
}
