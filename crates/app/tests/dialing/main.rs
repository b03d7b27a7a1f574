//! Which number a lead is dialed on, when, for what, and what becomes of a lead that has none left.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod house;
mod purposes;

use std::sync::Arc;

use trunkline_app::cases::{
    ChangeListings, InTerm, LeadDialed, ListingChange, QueueLead, RecycleLeads, TakeDialer,
};
use trunkline_app::{CommandError, Request, Single};
use trunkline_domain::call::{self, EndCause};
use trunkline_domain::campaign::AttemptPolicy;
use trunkline_domain::customer::{self, Customer};
use trunkline_domain::lead::{self, LeadState};
use trunkline_kernel::{Id as _, LeadId, Millis, PhoneNumber, ServerId, StreamId, Version};
use trunkline_log::Log as _;
use trunkline_routing::{AnswerChances, Answers, Slot};

use house::{House, MOBILE, MORNING, OFFICE, minutes, without_rest};

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

#[tokio::test]
async fn a_lead_that_was_dialed_as_often_as_a_day_permits_rests_until_the_customer_s_next_day() {
    let house = House::with(AttemptPolicy { attempts_per_day_max: 2, ..without_rest() }).await;
    let lead = house.lead(&[MOBILE]).await;
    for attempt in 0..2 {
        let (call, _) = house.number(lead, minutes(2 * attempt)).await;
        house.end(call, EndCause::NoAnswer, minutes(2 * attempt + 1)).await;
    }
    assert_eq!(house.dial(lead, minutes(10)).await, LeadDialed::Barred);
    let held = house.log.read_stream(&StreamId::of(lead), Version::EMPTY, 500).await.unwrap();
    let held = trunkline_domain::decode_as::<lead::Event>(held.last().unwrap()).unwrap();
    // Midnight in Shanghai is 14 hours after ten in the morning.
    let rule = Some("campaign-attempts".to_owned());
    assert_eq!(held[..], [lead::Held { until: minutes(14 * 60), rule }.into()]);
    // It permits the call from midnight on, and the calling hours do from nine.
    assert_eq!(house.dial(lead, minutes(14 * 60)).await, LeadDialed::Barred);
    house.number(lead, minutes(24 * 60)).await;
}

#[tokio::test]
async fn leads_that_ended_without_an_answer_are_brought_back_once_whoever_asks_how_often() {
    let house = House::with(AttemptPolicy { attempts_max: 1, ..without_rest() }).await;
    let (exhausted, sold) = (house.lead(&[MOBILE]).await, house.lead(&[OFFICE]).await);
    let (call, _) = house.number(exhausted, minutes(0)).await;
    house.end(call, EndCause::NoAnswer, minutes(1)).await;
    let finished = lead::Finished { outcome: lead::LeadOutcome::Sale };
    house.does(minutes(1), Single::<lead::Lead> { id: sold, command: lead::Command::Finish(finished) }).await;
    let recycle = || RecycleLeads { campaign: house.campaign, leads: vec![exhausted, sold] };
    house.does(minutes(2), recycle()).await;
    house.does(minutes(3), recycle()).await;
    let (state, names) = house.state(exhausted).await;
    assert_eq!((state, names.iter().filter(|name| **name == "lead.recycled").count()), (LeadState::Ready, 1));
    assert_eq!(house.state(sold).await.0, LeadState::Done);
    let (call, _) = house.number(exhausted, minutes(4)).await;
    house.end(call, EndCause::NoAnswer, minutes(5)).await;
    house.does(minutes(6), recycle()).await;
    assert_eq!(house.state(exhausted).await.0, LeadState::Done, "the campaign permits it once");
}

/// A house whose campaign asks for a chance of 0.2: at ten hardly anybody answers, at seven in the evening many do.
async fn house_of_evenings() -> House {
    let mut house = House::with(AttemptPolicy { answer_chance_min: Some(0.2), ..without_rest() }).await;
    let answers = |hour, answered| {
        let slot = Slot { weekend: false, hour };
        Answers { campaign: house.campaign, slot, dials: 10_000, answered }
    };
    house.judges.chances = Arc::new(AnswerChances::learn(&[answers(10, 500), answers(19, 5_000)]));
    house
}

/// What the last event of a lead was.
async fn last(house: &House, lead: LeadId) -> lead::Event {
    let events = house.log.read_stream(&StreamId::of(lead), Version::EMPTY, 500).await.unwrap();
    trunkline_domain::decode_as(events.last().unwrap()).unwrap().pop().unwrap()
}

/// The slot that the event of a dial has.
async fn slot(house: &House, dialed: LeadDialed) -> call::DialSlot {
    let LeadDialed::Dialing { call, .. } = dialed else { unreachable!("it was not dialed: {dialed:?}") };
    let events = house.log.read_stream(&StreamId::of(call), Version::EMPTY, 500).await.unwrap();
    let mut events = events.iter().flat_map(|event| trunkline_domain::decode_as(event).unwrap());
    events.find_map(|event| if let call::Event::Dialed(dialed) = event { dialed.slot } else { None }).unwrap()
}

#[tokio::test]
async fn a_lead_waits_once_for_an_hour_in_which_somebody_is_likely_to_answer() {
    let house = house_of_evenings().await;
    let lead = house.lead(&[MOBILE]).await;
    assert_eq!(house.dial(lead, minutes(20)).await, LeadDialed::Waits);
    let held = lead::Held { until: minutes(9 * 60), rule: Some(lead::BETTER_HOUR.to_owned()) };
    assert_eq!(last(&house, lead).await, held.into());
    let evening = house.dial(lead, minutes(9 * 60)).await;
    let expected = call::DialSlot { hour: 19, weekend: false, chance: Some(0.5), least: Some(0.2) };
    assert_eq!(slot(&house, evening).await, expected);

    // Late on a Friday evening the next day is a Saturday, of which nothing is known: it is dialed as it is.
    let other = house.lead(&[OFFICE]).await;
    let late = slot(&house, house.dial(other, minutes(10 * 60)).await).await;
    assert_eq!((late.hour, late.chance), (20, None));
}

#[tokio::test]
async fn a_promised_call_waits_for_no_better_hour_and_who_refuses_to_be_scored_is_not() {
    let house = house_of_evenings().await;
    let lead = house.lead(&[MOBILE]).await;
    let dialed = house.dial(lead, minutes(9 * 60)).await;
    let LeadDialed::Dialing { call, .. } = dialed else { panic!("{dialed:?}") };
    let returned = lead::Command::Return {
        call,
        outcome: lead::AttemptOutcome::Callback,
        attempts: AttemptPolicy::default(),
        callback_at: Some(minutes(3 * 24 * 60)),
    };
    house.does(minutes(9 * 60 + 1), Single::<lead::Lead> { id: lead, command: returned }).await;
    let promised = slot(&house, house.dial(lead, minutes(3 * 24 * 60)).await).await;
    assert!(promised.is_poor(), "{promised:?}");

    let refusing = house.lead(&[OFFICE]).await;
    let customer = house.customer_of(refusing).await;
    let refused = customer::AutomatedDecisionsRefused { request: None };
    let command = customer::Command::RefuseAutomatedDecisions(refused);
    house.does(minutes(0), Single::<Customer> { id: customer, command }).await;
    let unscored = slot(&house, house.dial(refusing, minutes(0)).await).await;
    assert_eq!((unscored.hour, unscored.chance), (10, None));
}

#[tokio::test]
async fn who_hangs_up_while_waiting_too_long_was_abandoned_and_is_no_wrong_party() {
    let house = House::new().await;
    for (seconds, outcome) in [(2, lead::AttemptOutcome::Undecided), (3, lead::AttemptOutcome::Abandoned)] {
        let lead = house.lead(&[if seconds == 2 { MOBILE } else { OFFICE }]).await;
        let (call, _) = house.number(lead, minutes(0)).await;
        for command in [call::Command::Ring, call::Command::Answer] {
            house.does(minutes(1), Single::<call::Call> { id: call, command }).await;
        }
        house.end(call, EndCause::CustomerHangup, minutes(1).plus(Millis::from_secs(seconds))).await;
        let events = house.log.read_stream(&StreamId::of(lead), Version::EMPTY, 500).await.unwrap();
        let mut events = events.iter().flat_map(|event| trunkline_domain::decode_as(event).unwrap());
        let returned =
            events.find_map(
                |event| if let lead::Event::Returned(returned) = event { Some(returned) } else { None },
            );
        assert_eq!(returned, Some(lead::Returned { call, outcome }));
    }
}

#[tokio::test]
async fn a_server_that_was_asleep_while_another_began_to_dial_does_nothing_any_more() {
    let house = House::new().await;
    let lead = house.lead(&[MOBILE]).await;
    let (one, other) =
        (ServerId::from_uuid(uuid::Uuid::from_u128(1)), ServerId::from_uuid(uuid::Uuid::from_u128(2)));
    let first = house.does(minutes(0), TakeDialer { server: one }).await;
    let hold = Single::<lead::Lead> { id: lead, command: lead::Command::Ready };
    house.does(minutes(1), InTerm { term: first, action: &hold }).await;
    let second = house.does(minutes(2), TakeDialer { server: other }).await;
    let queue = QueueLead { lead, judges: house.judges.clone() };
    let request = Request::by("system:test".parse().unwrap());
    let late = house.dispatcher.execute(request, &InTerm { term: first, action: &queue }).await;
    let code = if let Err(CommandError::Refused(refused)) = late { refused.code } else { String::new() };
    assert_eq!(code, "DIALER_TAKEN_OVER");
    assert_eq!(house.state(lead).await.0, LeadState::Ready);
    house.does(minutes(3), InTerm { term: second, action: &queue }).await;
    assert_eq!(house.state(lead).await.0, LeadState::Queued);
}
