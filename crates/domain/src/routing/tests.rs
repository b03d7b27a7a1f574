use trunkline_kernel::{AgentId, CallId, DecisionId, Tag};

use super::*;
use crate::testing::{Story, explore, given, id};

fn requested() -> Requested {
    Requested {
        work: Work::Call(id(2)),
        offers: 2,
        priority: 3,
        needs: Needs::default(),
        preferred: None,
        patience_ms: None,
        barred: Default::default(),
    }
}

fn offer(number: u128) -> Offer {
    Offer { reservation: id(number), agent: id(number + 100) }
}

fn offered(numbers: &[u128]) -> Command {
    let offers = numbers.iter().map(|number| offer(*number)).collect();
    Command::Offer(Offered { decision: id(9), offers })
}

fn assigned(number: u128) -> Assigned {
    let Offer { reservation, agent } = offer(number);
    Assigned { work: Work::Call(id(2)), reservation, agent }
}

fn close(number: u128) -> Command {
    Command::Close { reservation: id(number) }
}

fn waiting() -> Story<Routing> {
    given([Command::Request(requested())])
}

#[test]
fn work_is_offered_and_assigned() {
    let story = waiting().and(offered(&[1, 2]));
    assert_eq!(story.state.pending(), [offer(1), offer(2)]);
    let story = story.when(Command::Assign(assigned(2))).then([assigned(2).into()]);
    assert_eq!((story.state.pending(), story.state.assigned()), ([].as_slice(), Some(offer(2))));
    story.when(offered(&[3])).then_refused("ROUTING_NOT_WAITING");
}

#[test]
fn the_last_offer_to_end_brings_the_work_back() {
    let story = waiting().and(offered(&[1, 2]));
    let story = story.when(close(1)).then([Declined { reservation: id(1) }.into()]);
    story.when(close(1)).then([]);
    let story = story.when(close(2)).then([Lapsed { reservation: id(2) }.into()]);
    assert_eq!(story.state.state(), RoutingState::Waiting);
    story.and(offered(&[3])).when(close(2)).then([]);
}

#[test]
fn work_comes_back_from_an_agent_who_had_it_only_where_one_is_looked_for() {
    let story = waiting().and(offered(&[1])).and(Command::Assign(assigned(1)));
    story.when(close(2)).then([]);
    let story = story.when(close(1)).then([Lapsed { reservation: id(1) }.into()]);
    assert_eq!((story.state.state(), story.state.assigned()), (RoutingState::Waiting, None));
    // It was offered to one agent by hand: nobody has asked for another.
    given::<Routing>([Command::Assign(assigned(1))]).when(close(1)).then([]);
}

#[test]
fn asking_twice_is_asking_once_and_what_is_over_can_be_asked_for_again() {
    waiting().when(Command::Request(requested())).then([]);
    let end = Command::End(Ended { reason: EndReason::WorkGone });
    given::<Routing>([]).when(end.clone()).then([]);
    let over = waiting().and(offered(&[1])).and(end.clone());
    assert_eq!(over.state.pending(), []);
    over.when(end).then([]);
    over.when(offered(&[1])).then_refused("ROUTING_NOT_WAITING");
    over.when(Command::Request(requested())).then([requested().into()]);
}

#[test]
fn what_is_asked_for_is_held_to_its_limits() {
    let refused = |requested, field| {
        let command = Command::Request(requested);
        given::<Routing>([]).when(command).then_refused_at("INPUT_OUT_OF_RANGE", field);
    };
    refused(Requested { offers: 0, ..requested() }, "offers");
    refused(Requested { offers: 51, ..requested() }, "offers");
    refused(Requested { priority: 10, ..requested() }, "priority");
    let needs = Needs { skills: [("loans".to_owned(), 6)].into(), ..Needs::default() };
    refused(Requested { needs, ..requested() }, "needs.skills");
    refused(Requested { patience_ms: Some(trunkline_kernel::Millis(-1)), ..requested() }, "needs");
}

#[test]
fn events_name_the_work_and_what_else_they_are_about() {
    let call = Tag::of::<CallId>(id(2));
    given::<Routing>([]).when(Command::Request(requested())).tagged([call.clone()]);
    let story = waiting().when(offered(&[1])).tagged([call.clone(), Tag::of::<DecisionId>(id(9))]);
    story.when(close(1)).tagged([call.clone(), Tag::of::<ReservationId>(id(1))]);
    let tags = [call, Tag::of::<ReservationId>(id(1)), Tag::of::<AgentId>(id(101))];
    story.when(Command::Assign(assigned(1))).tagged(tags);
}

#[test]
fn no_history_leaves_the_machine_and_every_step_is_taken() {
    fn pick(state: &Routing, _now: Timestamp, number: u32) -> Command {
        let rest = u128::from(number / 64);
        let stands = state.pending().first().or(state.assigned.as_ref()).map(|offer| offer.reservation);
        match number % 8 {
            0 | 1 => Command::Request(requested()),
            2 => offered(&[rest % 5]),
            3 => offered(&[rest % 5, rest % 5 + 5]),
            4 | 5 => Command::Close { reservation: stands.unwrap_or(id(rest)) },
            6 => Command::Assign(assigned(rest % 5)),
            _ => Command::End(Ended { reason: EndReason::Requested }),
        }
    }
    explore(pick, Routing::state);
}
