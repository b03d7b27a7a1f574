use super::*;
use crate::testing::{START, given, id};

fn dial(call: u128) -> Command {
    Command::Dial(Dialed { customer: id(2), call: id(call), campaign: Some(id(1)) })
}

#[test]
fn a_call_is_dialed_once_and_what_became_of_it_is_noted() {
    let dialed = given::<Contact>([dial(3)]);
    dialed.when(dial(3)).then_refused_at("CONTACT_ALREADY_DIALED", "callId");
    let reached = dialed.and(dial(4)).and(Command::Reach(Reached { call: id(3) }));
    let abandoned = reached.and(Command::Abandon(Abandoned { call: id(4) }));
    let dials: Vec<_> =
        abandoned.state.dials().map(|dial| (dial.call, dial.reached, dial.abandoned)).collect();
    assert_eq!(dials, [(id(3), true, false), (id(4), false, true)]);
}

#[test]
fn nothing_is_noted_of_calls_that_were_not_dialed_here() {
    given::<Contact>([dial(3)]).when(Command::Reach(Reached { call: id(9) })).then([]);
    given::<Contact>([]).when(Command::Abandon(Abandoned { call: id(9) })).then([]);
}

#[test]
fn dials_are_remembered_for_as_long_as_a_rule_may_count_them() {
    let year_later = given::<Contact>([dial(3)]).later(REMEMBERED).and(dial(4));
    assert_eq!(year_later.state.dials().count(), 2);
    let later = year_later.later(Millis(1)).and(dial(5));
    assert_eq!(later.state.dials().map(|dial| dial.at).min(), Some(START.plus(REMEMBERED)));
}

#[test]
fn every_event_names_the_customer_and_the_call() {
    let parties = [Tag::of::<CustomerId>(id(2)), Tag::of::<CallId>(id(3))];
    let dialed = given::<Contact>([]).when(dial(3)).tagged(parties.clone());
    dialed.when(Command::Reach(Reached { call: id(3) })).tagged(parties);
}
