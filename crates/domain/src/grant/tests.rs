use trunkline_kernel::CustomerId;

use super::*;
use crate::testing::{given, id};

const HOUR: Millis = Millis::from_mins(60);

fn until(minutes: u32) -> Timestamp {
    crate::testing::START.plus(Millis::from_mins(minutes.into()))
}

fn delegated(until: Timestamp) -> Delegated {
    Delegated {
        from: "agent:a".to_owned(),
        to: "agent:b".to_owned(),
        roles: ["agent".to_owned()].into(),
        agent: Some(id(1)),
        teams: Default::default(),
        until,
        reason: "on leave".to_owned(),
    }
}

fn delegate(delegated: Delegated) -> Command {
    Command::Delegate { delegated, longest: HOUR }
}

fn reveal(revealed: ValueRevealed, before: usize) -> Command {
    Command::Reveal { revealed, before, most: 20 }
}

fn end() -> Command {
    Command::End(Ended { reason: "back again".to_owned() })
}

#[test]
fn rights_are_lent_for_a_time_and_can_be_taken_back() {
    let lent = delegated(until(30));
    let story = given::<Grant>([]).when(delegate(lent.clone())).then([lent.clone().into()]);
    story.when(delegate(lent)).then_refused("GRANT_ALREADY_EXISTS");
    let story = story.when(end()).then([Ended { reason: "back again".to_owned() }.into()]);
    story.when(end()).then_refused("GRANT_OVER");
    given::<Grant>([]).when(end()).then_refused("GRANT_UNKNOWN");
}

#[test]
fn a_grant_begins_now_and_is_bounded() {
    let refused = |lent, code| given::<Grant>([]).when(delegate(lent)).then_refused(code);
    refused(delegated(until(0)), "GRANT_UNTIL_PAST");
    refused(delegated(until(61)), "GRANT_TOO_LONG");
    refused(Delegated { to: "agent:a".to_owned(), ..delegated(until(1)) }, "GRANT_TO_ONESELF");
    refused(Delegated { reason: " ".to_owned(), ..delegated(until(1)) }, "INPUT_EMPTY");
    refused(Delegated { roles: Default::default(), ..delegated(until(1)) }, "INPUT_OUT_OF_RANGE");
    let broken = GlassBroken { by: "user:a".to_owned(), until: until(61), reason: "outage".to_owned() };
    let breaking = Command::BreakGlass { broken, longest: HOUR };
    given::<Grant>([]).when(breaking).then_refused("GRANT_TOO_LONG");
}

#[test]
fn a_value_is_shown_once_and_for_a_reason() {
    let revealed = ValueRevealed {
        to: "agent:a".to_owned(),
        customer: id(1),
        claim: uuid::Uuid::from_u128(2),
        reason: "asked to be called back".to_owned(),
    };
    let shown = || given::<Grant>([]).when(reveal(revealed.clone(), 19));
    shown().tagged([Tag::of::<CustomerId>(id(1))]);
    let story = shown().then([revealed.clone().into()]);
    story.when(end()).then_refused("GRANT_OVER");
    given::<Grant>([]).when(reveal(revealed.clone(), 20)).then_refused("GRANT_REVEALS_TOO_MANY");
    let silent = ValueRevealed { reason: String::new(), ..revealed };
    given::<Grant>([]).when(reveal(silent, 0)).then_refused_at("INPUT_EMPTY", "reason");
}
