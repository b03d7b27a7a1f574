//! What a campaign calls for, and which rules and which word of the customer hold for it.

use trunkline_app::Single;
use trunkline_app::cases::{BridgeCall, ClassifyResult, LeadDialed, QueueLead, WithdrawConsent};
use trunkline_domain::call::{self, Call, EndCause, Judged, RulingVerdict};
use trunkline_domain::campaign::{AttemptPolicy, CallingHours, Created};
use trunkline_domain::customer;
use trunkline_domain::lead::{BlockReason, Command, Event, Held, LeadState};
use trunkline_domain::words::{By, Channel, Purpose};
use trunkline_kernel::{CallId, LeadId, StreamId, Version};
use trunkline_log::Log as _;

use crate::house::{House, MOBILE, MORNING, OFFICE, minutes, without_rest};

/// A campaign for this that calls around the clock, as often as it likes.
async fn house(purpose: Option<Purpose>) -> House {
    let hours = CallingHours { from_minute: 0, until_minute: 24 * 60, weekdays: (1..=7).collect() };
    let attempts = AttemptPolicy { attempts_max: 9, attempts_per_day_max: 9, ..without_rest() };
    House::of(|created| Created { purpose, hours, attempts, ..created }).await
}

/// What was known when a call was dialed.
async fn judged(house: &House, call: CallId) -> Judged {
    let events = house.log.read_stream(&StreamId::of(call), Version::EMPTY, 500).await.unwrap();
    let mut events = events.iter().flat_map(|event| trunkline_domain::decode_as(event).unwrap());
    let judged = |event| if let call::Event::Dialed(dialed) = event { dialed.judged } else { None };
    events.find_map(judged).unwrap()
}

/// The last event of a lead.
async fn last(house: &House, lead: LeadId) -> Event {
    let events = house.log.read_stream(&StreamId::of(lead), Version::EMPTY, 500).await.unwrap();
    trunkline_domain::decode_as(events.last().unwrap()).unwrap().pop().unwrap()
}

fn withdrawn(purpose: Purpose) -> customer::ConsentWithdrawn {
    customer::ConsentWithdrawn { purpose, channel: Channel::Call, reason: None }
}

/// A customer talks with an agent, who says how it went.
async fn talk(house: &House, lead: LeadId, minute: i64, do_not_call: bool) {
    let (call, _) = house.number(lead, minutes(minute)).await;
    for command in [call::Command::Ring, call::Command::Answer] {
        house.does(minutes(minute), Single::<Call> { id: call, command }).await;
    }
    let bridged = call::Bridged { agent: None, waited_ms: None };
    house.does(minutes(minute), BridgeCall { call, bridged }).await;
    house.end(call, EndCause::Completed, minutes(minute + 1)).await;
    let dispositioned = call::Dispositioned {
        disposition: "spoken".to_owned(),
        right_party: true,
        sale: false,
        do_not_call,
        callback_at: None,
        note: None,
        by: By::Agent,
        wrap_ms: None,
    };
    house.does(minutes(minute + 1), ClassifyResult { call, dispositioned }).await;
}

#[tokio::test]
async fn silence_bars_who_would_sell_and_nobody_who_serves() {
    let selling = house(None).await;
    let lead = selling.silent_lead(&[MOBILE]).await;
    assert_eq!(selling.dial(lead, minutes(0)).await, LeadDialed::Barred);
    assert_eq!(selling.state(lead).await.0, LeadState::DoNotCall);

    let serving = house(Some(Purpose::Service)).await;
    let lead = serving.silent_lead(&[MOBILE]).await;
    let (call, _) = serving.number(lead, minutes(0)).await;
    let judged = judged(&serving, call).await;
    assert_eq!((judged.purpose, judged.consented), (Purpose::Service, false), "silence is no consent");
    let said =
        |rule: &str| judged.rulings.iter().find(|ruling| ruling.rule == rule).map(|ruling| ruling.verdict);
    assert_eq!((said("consent"), said("withdrawal")), (None, Some(RulingVerdict::Permitted)));
}

#[tokio::test]
async fn a_no_to_the_campaign_s_purpose_bars_and_a_no_to_another_does_not() {
    let house = house(Some(Purpose::Service)).await;
    let (sold, served) = (house.silent_lead(&[MOBILE]).await, house.silent_lead(&[OFFICE]).await);
    let refuse = |purpose| customer::Command::WithdrawConsent(withdrawn(purpose));
    house.customer(sold, refuse(Purpose::Marketing)).await;
    house.customer(served, refuse(Purpose::Service)).await;
    house.number(sold, minutes(0)).await;
    assert_eq!(house.dial(served, minutes(0)).await, LeadDialed::Barred);
    let Event::Blocked(blocked) = last(&house, served).await else { panic!("it was not blocked") };
    assert_eq!(blocked.reason, BlockReason::Requested);
}

#[tokio::test]
async fn a_withdrawal_takes_the_leads_of_campaigns_of_its_purpose_out_of_the_queue() {
    let house = house(Some(Purpose::Survey)).await;
    let lead = house.silent_lead(&[MOBILE]).await;
    house
        .does(minutes(0), Single::<trunkline_domain::lead::Lead> { id: lead, command: Command::Ready })
        .await;
    house.does(minutes(0), QueueLead { lead, judges: house.judges.clone() }).await;
    let customer = house.customer_of(lead).await;
    let withdraw = |purpose| WithdrawConsent { customer, withdrawn: withdrawn(purpose), leads: vec![lead] };
    house.does(minutes(1), withdraw(Purpose::Marketing)).await;
    assert_eq!(house.state(lead).await.0, LeadState::Queued);
    house.does(minutes(2), withdraw(Purpose::Survey)).await;
    assert_eq!(house.state(lead).await.0, LeadState::DoNotCall);
}

#[tokio::test]
async fn who_asks_not_to_be_called_again_is_not_called_for_that_purpose_either() {
    let house = house(Some(Purpose::Service)).await;
    let lead = house.silent_lead(&[MOBILE]).await;
    talk(&house, lead, 0, true).await;
    let stream = StreamId::of(house.customer_of(lead).await);
    let events = house.log.read_stream(&stream, Version::EMPTY, 500).await.unwrap();
    let events = events.iter().flat_map(|event| trunkline_domain::decode_as(event).unwrap());
    let refused: Vec<Purpose> = events
        .filter_map(|event| {
            if let customer::Event::ConsentWithdrawn(said) = event { Some(said.purpose) } else { None }
        })
        .collect();
    assert_eq!(refused, [Purpose::Marketing, Purpose::Service]);
}

#[tokio::test]
async fn debts_are_collected_until_ten_at_night_and_sales_end_at_nine() {
    // In minutes after ten in the morning in Shanghai.
    let (half_past_nine, half_past_ten, eight, nine) = (690, 750, 22 * 60, 23 * 60);
    let collecting = house(Some(Purpose::Collection)).await;
    let lead = collecting.silent_lead(&[MOBILE]).await;
    let (call, _) = collecting.number(lead, minutes(half_past_nine)).await;
    collecting.end(call, EndCause::NoAnswer, minutes(half_past_nine + 1)).await;
    assert_eq!(collecting.dial(lead, minutes(half_past_ten)).await, LeadDialed::Barred);
    let rule = Some("cn-collection-hours".to_owned());
    assert_eq!(last(&collecting, lead).await, Held { until: minutes(eight), rule }.into());

    let selling = house(Some(Purpose::Marketing)).await;
    let lead = selling.lead(&[MOBILE]).await;
    assert_eq!(selling.dial(lead, minutes(half_past_nine)).await, LeadDialed::Barred);
    let rule = Some("cn-telesales-hours".to_owned());
    assert_eq!(last(&selling, lead).await, Held { until: minutes(nine), rule }.into());
}

#[tokio::test]
async fn a_debtor_is_spoken_with_three_times_a_day_and_not_again_before_midnight() {
    let house = house(Some(Purpose::Collection)).await;
    let lead = house.silent_lead(&[MOBILE]).await;
    let (call, _) = house.number(lead, MORNING).await;
    house.end(call, EndCause::NoAnswer, minutes(1)).await;
    for conversation in 1..=3 {
        talk(&house, lead, 10 * conversation, false).await;
    }
    assert_eq!(house.dial(lead, minutes(60)).await, LeadDialed::Barred);
    let rule = Some("cn-collection-calls".to_owned());
    assert_eq!(last(&house, lead).await, Held { until: minutes(14 * 60), rule }.into());
}
