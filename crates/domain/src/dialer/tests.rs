use super::*;
use crate::testing::{given, id};

#[test]
fn every_server_that_begins_to_dial_ends_the_term_of_the_one_before() {
    let (one, other) = (id(1), id(2));
    let seat = |server| Command::Seat { server };
    let first = given::<Dialer>([]).when(seat(one)).then([Seated { server: one, term: 1 }.into()]);
    assert!(first.state.permit(1).is_ok() && first.state.permit(0).is_err());
    let second = first.when(seat(other)).then([Seated { server: other, term: 2 }.into()]);
    assert_eq!(second.state.permit(1), Err(Refusal::TakenOver));
    let again = second.when(seat(one)).then([Seated { server: one, term: 3 }.into()]);
    assert!(again.state.permit(3).is_ok(), "whoever comes back begins a new term");
}
