use trunkline_kernel::{Millis, Tag, Timestamp};

use super::*;
use crate::testing::{given, id};

fn receive(right: Right) -> Command {
    Command::Receive(Received { customer: id(1), right, source: None })
}

fn verify() -> Command {
    Command::Verify(Verified { evidence: "letter 12".to_owned() })
}

fn done() -> Done {
    Done { removed: Vec::new(), receipt: None }
}

#[test]
fn an_erasure_is_verified_started_and_done() {
    let story = given::<RightsRequest>([receive(Right::Erasure), verify()]);
    let started = story.when(Command::Start).then([Started {}.into()]);
    // What was interrupted is begun again without a word.
    let started = started.when(Command::Start).then([]);
    let finished = started.when(Command::Finish(done())).then([done().into()]);
    assert_eq!(finished.state.state(), RightsRequestState::Done);
    finished.when(Command::Start).then_refused("RIGHTS_REQUEST_NOT_POSSIBLE");
}

#[test]
fn who_asks_must_be_the_person() {
    let story = given::<RightsRequest>([receive(Right::Erasure)]);
    story.when(Command::Start).then_refused("RIGHTS_REQUEST_NOT_VERIFIED");
    story.when(Command::Finish(done())).then_refused("RIGHTS_REQUEST_NOT_VERIFIED");
    let refused = Refused { reason: RefusalReason::NotThePerson };
    let over = story.when(Command::Refuse(refused.clone())).then([refused.into()]);
    over.when(verify()).then_refused("RIGHTS_REQUEST_NOT_POSSIBLE");
}

#[test]
fn a_duty_to_keep_data_is_waited_for() {
    let story = given::<RightsRequest>([receive(Right::Erasure), verify()]);
    let past =
        Restricted { duty: "CN telesales recordings, 5 years".to_owned(), until: Timestamp::from_millis(0) };
    story.when(Command::Restrict(past.clone())).then_refused_at("RIGHTS_REQUEST_DUTY_PAST", "until");
    let until = crate::testing::START.plus(Millis::from_mins(60));
    let runs = Restricted { until, ..past };
    let restricted = story.when(Command::Restrict(runs.clone())).then([runs.into()]);
    restricted.when(Command::Start).then_refused("RIGHTS_REQUEST_RESTRICTED");
    restricted.later(Millis::from_mins(61)).when(Command::Start).then([Started {}.into()]);
}

#[test]
fn every_event_names_the_customer() {
    let story =
        given::<RightsRequest>([]).when(receive(Right::Export)).tagged([Tag::of::<CustomerId>(id(1))]);
    story.when(verify()).tagged([Tag::of::<CustomerId>(id(1))]);
    given::<RightsRequest>([]).when(verify()).then_refused("RIGHTS_REQUEST_UNKNOWN");
}
