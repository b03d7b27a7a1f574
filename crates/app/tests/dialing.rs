//! Which number a lead is dialed on, and what becomes of a lead that has none left.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use trunkline_app::cases::{
    AddLead, ChangeListings, DialLead, EndCall, Identifier, LeadDialed, ListingChange, New, RegisterCustomer,
};
use trunkline_app::{Action, DispatchLimits, Dispatcher, Request, Single};
use trunkline_domain::Policy;
use trunkline_domain::call::{self, EndCause};
use trunkline_domain::campaign::{self, AttemptPolicy, CallingHours, Campaign, DialingMode};
use trunkline_domain::customer::{self, Customer, CustomerKind, Profile, Registered};
use trunkline_domain::identifier::IdentifierKind;
use trunkline_domain::lead::{self, LeadState};
use trunkline_domain::words::{Channel, Direction, Purpose};
use trunkline_kernel::{
    CallId, CampaignId, CustomerId, FixedClock, Id as _, LeadId, Millis, PhoneNumber, SeededIds, StreamId,
    Timestamp, Version,
};
use trunkline_log::{Log as _, MemoryLog};
use trunkline_routing::compliance::RuleBook;
use trunkline_vault::Vault;

/// 2026-01-30T02:00:00Z: a Friday, ten in the morning in Shanghai.
const MORNING: Timestamp = Timestamp::from_millis(1_769_738_400_000);
const MOBILE: &str = "+8613800138000";
const OFFICE: &str = "+8613800138001";

struct House {
    log: Arc<MemoryLog>,
    dispatcher: Dispatcher,
    rules: Arc<RuleBook>,
    campaign: CampaignId,
}

impl House {
    async fn new() -> Self {
        let clock = Arc::new(FixedClock::at(MORNING));
        let log = Arc::new(MemoryLog::new(clock.clone()));
        let vault = Vault::passing(clock.clone()).await.unwrap();
        let ids = Arc::new(SeededIds::new(5));
        let limits = DispatchLimits::default();
        let dispatcher = Dispatcher::new(log.clone(), vault, clock, ids, limits);
        let rules = Arc::new(RuleBook::published().unwrap());
        let mut house = Self { log, dispatcher, rules, campaign: CampaignId::from_uuid(uuid::Uuid::nil()) };
        let created = campaign::Created {
            name: "续费".to_owned(),
            mode: DialingMode::Progressive,
            product: None,
            queue: None,
            script: None,
            attempts: AttemptPolicy {
                attempts_max: 9,
                attempts_per_day_max: 9,
                retry_after_ms: Millis::ZERO,
            },
            hours: CallingHours::default(),
            jurisdiction: "CN".to_owned(),
        };
        let made = house.does(MORNING, New::<Campaign> { command: campaign::Command::Create(created) }).await;
        house.campaign = CampaignId::from_uuid(made);
        house
    }

    async fn does<A: Action>(&self, at: Timestamp, action: A) -> A::Answer {
        let request = Request { occurred_at: Some(at), ..Request::by("system:test".parse().unwrap()) };
        self.dispatcher.execute(request, &action).await.unwrap().answer
    }

    /// A customer who agreed, with these numbers, on the campaign's list.
    async fn lead(&self, numbers: &[&str]) -> LeadId {
        let profile = Profile { time_zone: Some("Asia/Shanghai".to_owned()), ..Profile::default() };
        let identifiers = numbers
            .iter()
            .map(|value| Identifier { kind: IdentifierKind::Phone, value: (*value).to_owned() });
        let register = RegisterCustomer {
            registered: Registered { kind: CustomerKind::Person, profile },
            identifiers: identifiers.collect(),
        };
        let id = CustomerId::from_uuid(self.does(MORNING, register).await);
        let granted = customer::ConsentGranted {
            purpose: Purpose::Marketing,
            channel: Channel::Call,
            evidence: "表单7".to_owned(),
            expires_at: None,
        };
        self.does(MORNING, Single::<Customer> { id, command: customer::Command::GrantConsent(granted) })
            .await;
        let added =
            lead::Added { campaign: self.campaign, customer: id, priority: 0, attributes: BTreeMap::new() };
        LeadId::from_uuid(self.does(MORNING, AddLead { added }).await)
    }

    async fn dial(&self, lead: LeadId, at: Timestamp) -> LeadDialed {
        let created = call::Created {
            direction: Direction::Outbound,
            customer: None,
            lead: None,
            campaign: None,
            agent: None,
            number: None,
            number_claim: None,
            number_region: None,
            queue: None,
            product: None,
            industry: None,
            line: None,
            priority: None,
            attributes: BTreeMap::new(),
        };
        let rules = Arc::clone(&self.rules);
        self.does(at, DialLead { lead, created, agent_guaranteed: true, policy: Policy::default(), rules })
            .await
    }

    /// Dials, and gives the number that the line would dial.
    async fn number(&self, lead: LeadId, at: Timestamp) -> (CallId, String) {
        let LeadDialed::Dialing { call, .. } = self.dial(lead, at).await else {
            unreachable!("it was not dialed")
        };
        let number = self.dispatcher.number_of(call).await.unwrap().unwrap();
        (call, number.as_str().to_owned())
    }

    async fn end(&self, call: CallId, cause: EndCause, at: Timestamp) {
        let ended = call::Ended { cause, waited_ms: None };
        self.does(at, EndCall { call, ended, policy: Policy::default() }).await;
    }

    async fn state(&self, id: LeadId) -> (LeadState, Vec<&'static str>) {
        let stream = StreamId::of(id);
        let (mut state, mut names) = (lead::Lead::default(), Vec::new());
        for recorded in self.log.read_stream(&stream, Version::EMPTY, 500).await.unwrap() {
            for event in trunkline_domain::decode_as::<lead::Event>(&recorded).unwrap() {
                trunkline_kernel::Aggregate::evolve(&mut state, recorded.event.occurred_at, &event);
                names.push(event.name());
            }
        }
        (state.state(), names)
    }
}

fn minutes(count: i64) -> Timestamp {
    MORNING.plus(Millis::from_mins(count))
}

#[tokio::test]
async fn a_lead_is_dialed_on_its_customer_s_numbers_in_turn_until_none_is_left() {
    let house = House::new().await;
    let lead = house.lead(&[MOBILE, OFFICE]).await;
    let (call, number) = house.number(lead, minutes(0)).await;
    assert_eq!(number, MOBILE);
    let stored = house.log.read_stream(&StreamId::of(call), Version::EMPTY, 1).await.unwrap();
    let payload = stored[0].event.payload.as_str();
    assert!(payload.contains("numberClaim") && payload.contains(r#""numberRegion":"CN""#), "{payload}");
    assert!(!payload.contains("138001"), "it is sealed: {payload}");
    house.end(call, EndCause::InvalidNumber, minutes(1)).await;
    let (call, number) = house.number(lead, minutes(2)).await;
    assert_eq!(number, OFFICE);
    house.end(call, EndCause::NoAnswer, minutes(3)).await;
    let (call, number) = house.number(lead, minutes(4)).await;
    assert_eq!(number, OFFICE, "there is no other");
    house.end(call, EndCause::InvalidNumber, minutes(5)).await;
    assert_eq!(house.dial(lead, minutes(6)).await, LeadDialed::Unreachable);
    let (state, names) = house.state(lead).await;
    assert_eq!((state, *names.last().unwrap()), (LeadState::Done, "lead.finished"));
}

#[tokio::test]
async fn a_number_on_a_list_is_left_out_and_a_lead_with_no_other_is_blocked() {
    let house = House::new().await;
    let (one, both) = (house.lead(&[MOBILE, OFFICE]).await, house.lead(&["+8613800138002"]).await);
    let numbers = [MOBILE, "+8613800138002"].map(|number| PhoneNumber::parse(number, None).unwrap());
    let (list, change) = ("national".to_owned(), ListingChange::List);
    house.does(MORNING, ChangeListings { list, change, numbers: numbers.to_vec() }).await;
    assert_eq!(house.number(one, minutes(0)).await.1, OFFICE);
    assert_eq!(house.dial(both, minutes(0)).await, LeadDialed::Barred);
    assert_eq!(house.state(both).await.0, LeadState::DoNotCall);
}

#[tokio::test]
async fn a_lead_whose_customer_has_no_number_is_finished_and_not_dialed() {
    let house = House::new().await;
    let lead = house.lead(&[]).await;
    assert_eq!(house.dial(lead, minutes(0)).await, LeadDialed::Unreachable);
    assert_eq!(house.state(lead).await.0, LeadState::Done);
}
