use trunkline_kernel::{CallId, Millis, Tag, Timestamp};

use super::*;
use crate::testing::{START, Story, explore, given, id};

const TOKEN: u64 = 7;

fn offer() -> Command {
    let expires_at = START.plus(Millis::from_secs(20));
    Command::Offer(Offered { agent: id(1), work: Work::Call(id(2)), token: TOKEN, expires_at })
}

fn offered() -> Story<Reservation> {
    given([offer()])
}

fn accept() -> Command {
    Command::Accept { token: TOKEN }
}

fn reject() -> Command {
    Command::Reject { token: TOKEN, reason: RejectReason::Busy }
}

fn rescind() -> Command {
    Command::Rescind(Rescinded { reason: RescindReason::TakenByAnother })
}

#[test]
fn an_offer_is_accepted_and_completed() {
    let accepted = offered().when(accept()).then([Accepted {}.into()]);
    accepted.when(Command::Complete { token: TOKEN }).then([Completed {}.into()]);
}

#[test]
fn a_stale_token_is_refused() {
    let story = offered();
    story.when(Command::Accept { token: TOKEN - 1 }).then_refused_at("RESERVATION_TOKEN_STALE", "token");
    let reject = Command::Reject { token: TOKEN + 1, reason: RejectReason::Busy };
    story.when(reject).then_refused("RESERVATION_TOKEN_STALE");
    let accepted = story.and(accept());
    accepted.when(Command::Complete { token: TOKEN + 1 }).then_refused("RESERVATION_TOKEN_STALE");
}

#[test]
fn an_offer_is_answered_before_its_expiry_and_times_out_after_it() {
    let story = offered().later(Millis(19_999));
    story.when(Command::TimeOut).then_refused("RESERVATION_NOT_EXPIRED");
    story.when(accept()).then([Accepted {}.into()]);
    let late = story.later(Millis(1));
    late.when(accept()).then_refused("RESERVATION_EXPIRED");
    late.when(Command::TimeOut).then([TimedOut {}.into()]);
    late.when(offer()).then_refused("RESERVATION_ALREADY_EXISTS");
    given::<Reservation>([])
        .later(Millis::from_secs(20))
        .when(offer())
        .then_refused("RESERVATION_EXPIRY_PAST");
}

#[test]
fn only_one_answer_counts() {
    let rejected = offered().when(reject()).then([Rejected { reason: RejectReason::Busy }.into()]);
    rejected.when(accept()).then_refused("RESERVATION_NOT_PENDING");
    rejected.when(rescind()).then_refused("RESERVATION_OVER");
    offered().when(Command::Complete { token: TOKEN }).then_refused("RESERVATION_NOT_ACCEPTED");
    let gone = offered().and(rescind());
    gone.when(accept()).then_refused("RESERVATION_NOT_PENDING");
    given::<Reservation>([]).when(accept()).then_refused("RESERVATION_UNKNOWN");
}

#[test]
fn every_event_names_the_agent_and_the_work() {
    offered().when(accept()).tagged([Tag::of::<AgentId>(id(1)), Tag::of::<CallId>(id(2))]);
}

#[test]
fn no_history_leaves_the_machine_and_every_step_is_taken() {
    fn pick(state: &Reservation, now: Timestamp, number: u32) -> Command {
        let stale = u64::from(number / 64).is_multiple_of(5);
        let token = if stale { 0 } else { TOKEN };
        match number % 8 {
            0 if state.agent().is_none() => offer(),
            0 | 1 => {
                let expires_at = now.plus(Millis::from_mins(60));
                let work = Work::Task(id(5));
                Command::Offer(Offered { agent: id(1), work, token: TOKEN, expires_at })
            }
            2 | 3 => Command::Accept { token },
            4 => Command::Reject { token, reason: RejectReason::Other },
            5 => Command::TimeOut,
            6 if number.is_multiple_of(3) => Command::Cancel(Cancelled { reason: CancelReason::WorkGone }),
            6 => rescind(),
            _ => Command::Complete { token },
        }
    }
    explore(pick, Reservation::state);
}
