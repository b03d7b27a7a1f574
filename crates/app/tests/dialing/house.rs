//! A campaign, its customers and its dials, on a log in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use trunkline_app::cases::{
    AddLead, DialLead, EndCall, Identifier, Judges, LeadDialed, New, RegisterCustomer,
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
    CallId, CampaignId, CustomerId, FixedClock, Id as _, LeadId, Millis, SeededIds, StreamId, Timestamp,
    Version,
};
use trunkline_log::{Log as _, MemoryLog};
use trunkline_routing::compliance::RuleBook;
use trunkline_vault::Vault;

/// 2026-01-30T02:00:00Z: a Friday, ten in the morning in Shanghai.
pub(crate) const MORNING: Timestamp = Timestamp::from_millis(1_769_738_400_000);
pub(crate) const MOBILE: &str = "+8613800138000";
pub(crate) const OFFICE: &str = "+8613800138001";

pub(crate) struct House {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) judges: Judges,
    pub(crate) campaign: CampaignId,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(AttemptPolicy { attempts_max: 9, attempts_per_day_max: 9, ..without_rest() }).await
    }

    pub(crate) async fn with(attempts: AttemptPolicy) -> Self {
        Self::of(|created| campaign::Created { attempts, ..created }).await
    }

    /// A house whose campaign is what is made of one that anybody could draw up.
    pub(crate) async fn of(made: impl FnOnce(campaign::Created) -> campaign::Created) -> Self {
        let clock = Arc::new(FixedClock::at(MORNING));
        let log = Arc::new(MemoryLog::new(clock.clone()));
        let vault = Vault::passing(clock.clone()).await.unwrap();
        let ids = Arc::new(SeededIds::new(5));
        let limits = DispatchLimits::default();
        let dispatcher = Dispatcher::new(log.clone(), vault, clock, ids, limits);
        let rules = Arc::new(RuleBook::published().unwrap());
        let judges = Judges { rules, policy: Policy::default(), chances: Arc::default() };
        let mut house = Self { log, dispatcher, judges, campaign: CampaignId::from_uuid(uuid::Uuid::nil()) };
        let created = campaign::Created {
            name: "续费".to_owned(),
            mode: DialingMode::Progressive,
            product: None,
            queue: None,
            script: None,
            attempts: AttemptPolicy::default(),
            hours: CallingHours::default(),
            jurisdiction: "CN".to_owned(),
            purpose: None,
        };
        let command = campaign::Command::Create(made(created));
        let id = CampaignId::from_uuid(house.does(MORNING, New::<Campaign> { command }).await);
        house.does(MORNING, Single::<Campaign> { id, command: campaign::Command::Start }).await;
        house.campaign = id;
        house
    }

    pub(crate) async fn does<A: Action>(&self, at: Timestamp, action: A) -> A::Answer {
        let request = Request { occurred_at: Some(at), ..Request::by("system:test".parse().unwrap()) };
        self.dispatcher.execute(request, &action).await.unwrap().answer
    }

    /// A customer who agreed to be sold to, with these numbers, on the campaign's list.
    pub(crate) async fn lead(&self, numbers: &[&str]) -> LeadId {
        let lead = self.silent_lead(numbers).await;
        let granted = customer::ConsentGranted {
            purpose: Purpose::Marketing,
            channel: Channel::Call,
            evidence: "表单7".to_owned(),
            expires_at: None,
        };
        self.customer(lead, customer::Command::GrantConsent(granted)).await;
        lead
    }

    /// Something that the customer of a lead does.
    pub(crate) async fn customer(&self, lead: LeadId, command: customer::Command) {
        let id = self.customer_of(lead).await;
        self.does(MORNING, Single::<Customer> { id, command }).await;
    }

    /// A customer who said nothing, with these numbers, on the campaign's list.
    pub(crate) async fn silent_lead(&self, numbers: &[&str]) -> LeadId {
        let profile = Profile { time_zone: Some("Asia/Shanghai".to_owned()), ..Profile::default() };
        let identifiers = numbers
            .iter()
            .map(|value| Identifier { kind: IdentifierKind::Phone, value: (*value).to_owned() });
        let register = RegisterCustomer {
            registered: Registered { kind: CustomerKind::Person, profile },
            identifiers: identifiers.collect(),
        };
        let id = CustomerId::from_uuid(self.does(MORNING, register).await);
        let added =
            lead::Added { campaign: self.campaign, customer: id, priority: 0, attributes: BTreeMap::new() };
        LeadId::from_uuid(self.does(MORNING, AddLead { added }).await)
    }

    pub(crate) async fn dial(&self, lead: LeadId, at: Timestamp) -> LeadDialed {
        let created = call::Created::new(Direction::Outbound);
        let judges = self.judges.clone();
        self.does(at, DialLead { lead, created, token: None, agent_guaranteed: true, judges, worth: None })
            .await
    }

    /// Dials, and gives the number that the line would dial.
    pub(crate) async fn number(&self, lead: LeadId, at: Timestamp) -> (CallId, String) {
        let LeadDialed::Dialing { call, .. } = self.dial(lead, at).await else {
            unreachable!("it was not dialed")
        };
        let number = self.dispatcher.number_of(call).await.unwrap().unwrap();
        (call, number.as_str().to_owned())
    }

    pub(crate) async fn end(&self, call: CallId, cause: EndCause, at: Timestamp) {
        let ended = call::Ended { cause, waited_ms: None };
        self.does(at, EndCall { call, ended, policy: Policy::default() }).await;
    }

    pub(crate) async fn customer_of(&self, lead: LeadId) -> CustomerId {
        let added = self.log.read_stream(&StreamId::of(lead), Version::EMPTY, 1).await.unwrap();
        added[0].event.tags.id().unwrap()
    }

    pub(crate) async fn state(&self, id: LeadId) -> (LeadState, Vec<&'static str>) {
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

/// Leads may be tried again at once.
pub(crate) fn without_rest() -> AttemptPolicy {
    AttemptPolicy { retry_after_ms: Millis::ZERO, rests: Vec::new(), ..AttemptPolicy::default() }
}

pub(crate) fn minutes(count: i64) -> Timestamp {
    MORNING.plus(Millis::from_mins(count))
}
