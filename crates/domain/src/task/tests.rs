use trunkline_kernel::{CallId, CustomerId, LeadId, Millis, ReservationId, Tag, Timestamp};

use super::*;
use crate::testing::{START, Story, explore, given, id};

fn opened() -> Opened {
    Opened {
        kind: TaskKind::FollowUp,
        title: "send the offer".to_owned().into(),
        customer: Some(id(1)),
        call: Some(id(2)),
        lead: Some(id(3)),
        owner: None,
        team: None,
        due_at: None,
        priority: 0,
    }
}

fn open() -> Command {
    Command::Open(opened())
}

fn assign(agent: u128) -> Command {
    Command::Assign { agent: id(agent), token: None }
}

fn reserve(agent: u128, token: u64) -> Command {
    Command::Reserve(Reserved { agent: id(agent), reservation: id(9), token })
}

fn block() -> Command {
    Command::Block(Blocked { reason: "awaits the contract".to_owned().into() })
}

fn fail() -> Command {
    let error = "no connection".to_owned().into();
    Command::FailAttempt { error, command: id(0), policy: Policy::default() }
}

fn complete() -> Command {
    Command::Complete(Completed { result: None })
}

fn cancel() -> Command {
    Command::Cancel(Cancelled { reason: None })
}

fn flag() -> Command {
    Command::FlagStuck { policy: Policy::default() }
}

fn in_progress() -> Story<Task> {
    given([open(), assign(4), Command::Start])
}

#[test]
fn a_task_is_offered_taken_begun_and_completed() {
    let offered = given::<Task>([open(), reserve(4, 7)]);
    offered.when(Command::Assign { agent: id(4), token: Some(6) }).then_refused("TASK_TOKEN_STALE");
    offered.when(Command::Assign { agent: id(5), token: Some(7) }).then_refused("TASK_TOKEN_STALE");
    offered.when(assign(4)).then_refused_at("TASK_TOKEN_STALE", "token");
    let taken = offered.when(Command::Assign { agent: id(4), token: Some(7) });
    let taken = taken.then([Assigned { agent: id(4) }.into()]);
    let done = taken.and(Command::Start).when(complete()).then([Completed { result: None }.into()]);
    done.when(cancel()).then_refused("TASK_OVER");
}

#[test]
fn a_task_opened_for_somebody_is_assigned_at_once() {
    let owned = Opened { owner: Some(id(4)), ..opened() };
    let story = given::<Task>([]).when(Command::Open(owned.clone()));
    let story = story.then([owned.into(), Assigned { agent: id(4) }.into()]);
    assert_eq!((story.state.state(), story.state.agent()), (TaskState::Assigned, Some(id(4))));
}

#[test]
fn a_failed_attempt_is_retried_three_times_ever_later_and_then_dies() {
    let mut story = in_progress();
    for (attempt, least_wait) in [(1, 15_000), (2, 30_000), (3, 60_000)] {
        let retry_at = story.now.plus(Millis(least_wait));
        let error = "no connection".to_owned().into();
        let failed = story.when(fail()).then([AttemptFailed { error, attempt, retry_at }.into()]);
        let early = failed.later(Millis(least_wait - 1));
        early.when(Command::Start).then_refused("TASK_RETRY_TOO_EARLY");
        story = early.later(Millis(1)).and(Command::Start);
    }
    let died = Died { error: "no connection".to_owned().into(), attempts: 4 };
    let dead = story.when(fail()).then([died.into()]);
    assert_eq!((dead.state.state(), dead.state.failures()), (TaskState::Dead, 4));
}

#[test]
fn sixty_minutes_in_a_state_that_is_no_wait_are_stuck() {
    let story = in_progress().later(Millis(59 * 60_000 + 59_999));
    story.when(flag()).then_refused("TASK_NOT_STUCK");
    let late = story.later(Millis(1));
    let flagged = FlaggedStuck { state: TaskState::InProgress, since: START };
    let stuck = late.when(flag()).then([flagged.into()]);
    stuck.when(flag()).then_refused("TASK_ALREADY_FLAGGED");
    let moved = stuck.when(complete()).then([Unflagged {}.into(), Completed { result: None }.into()]);
    assert!(!moved.state.is_stuck());
    moved.when(flag()).then_refused("TASK_OVER");
}

#[test]
fn what_waits_is_not_stuck() {
    let policy = Policy::default();
    let blocked = in_progress().and(block()).later(Millis::from_mins(600));
    blocked.when(flag()).then_refused("TASK_NOT_STUCK");
    assert_eq!(blocked.state.stuck_at(&policy), None);
    let due_at = START.plus(Millis::from_mins(300));
    let planned = given::<Task>([Command::Open(Opened { due_at: Some(due_at), ..opened() })]);
    assert_eq!(planned.state.stuck_at(&policy), Some(due_at.plus(policy.stuck_after)));
    let retried = in_progress().and(fail());
    let retry_at = START.plus(Millis(15_000));
    assert_eq!(retried.state.stuck_at(&policy), Some(retry_at.plus(policy.stuck_after)));
}

#[test]
fn each_step_out_of_turn_is_refused_with_its_own_code() {
    let pending = given::<Task>([open()]);
    pending.when(Command::Start).then_refused("TASK_NOT_ASSIGNED");
    pending.when(complete()).then_refused("TASK_NOT_ASSIGNED");
    pending.when(block()).then_refused("TASK_NOT_ASSIGNED");
    pending.when(Command::Unblock).then_refused("TASK_NOT_BLOCKED");
    pending.when(Command::Release).then_refused("TASK_NOT_TAKEN");
    pending.when(fail()).then_refused("TASK_NOT_IN_PROGRESS");
    pending.when(open()).then_refused("TASK_ALREADY_EXISTS");
    let past = Command::Reschedule(Rescheduled { due_at: START });
    pending.when(past).then_refused_at("TASK_DUE_PAST", "dueAt");
    in_progress().when(reserve(5, 1)).then_refused("TASK_NOT_PENDING");
    in_progress().when(assign(4)).then_refused_at("TASK_ALREADY_ASSIGNED", "agentId");
    in_progress().and(block()).when(assign(5)).then_refused("TASK_NOT_ASSIGNABLE");
    given::<Task>([]).when(Command::Start).then_refused("TASK_UNKNOWN");
    let untitled = Opened { title: String::new().into(), ..opened() };
    given::<Task>([]).when(Command::Open(untitled)).then_refused_at("INPUT_EMPTY", "title");
}

#[test]
fn events_name_what_the_task_is_about_and_everybody_who_has_or_had_it() {
    let about = [Tag::of::<CustomerId>(id(1)), Tag::of::<CallId>(id(2)), Tag::of::<LeadId>(id(3))];
    let with = |agents: &[u128]| {
        let agents: Vec<_> = agents.iter().map(|agent| Tag::of::<AgentId>(id(*agent))).collect();
        about.iter().cloned().chain(agents)
    };
    given::<Task>([]).when(open()).tagged(with(&[]));
    let reserved = given::<Task>([open()]).when(reserve(4, 7));
    let offer = Tag::of::<ReservationId>(id(9));
    let reserved = reserved.tagged(with(&[4]).chain([offer]));
    reserved.when(Command::Release).tagged(with(&[4]));
    let handed = in_progress().when(assign(5)).tagged(with(&[4, 5]));
    handed.when(complete()).tagged(with(&[5]));
}

#[test]
fn no_history_leaves_the_machine_and_every_step_is_taken() {
    fn pick(state: &Task, now: Timestamp, number: u32) -> Command {
        let rest = number / 32;
        match number % 18 {
            0 | 1 => open(),
            2 | 3 => reserve(u128::from(rest % 2), 7),
            4 => Command::Release,
            5..8 => {
                let token = state.offer.map(|(_, token)| token);
                let agent = token.and(state.agent).unwrap_or(id(u128::from(rest % 3)));
                Command::Assign { agent, token }
            }
            8..10 => Command::Start,
            10 => block(),
            11 => Command::Unblock,
            12 | 13 => {
                let policy = Policy { retries_max: 1, ..Policy::default() };
                Command::FailAttempt { error: "busy".to_owned().into(), command: id(0), policy }
            }
            14 if rest.is_multiple_of(6) => complete(),
            14 if rest.is_multiple_of(5) => cancel(),
            14..17 => flag(),
            _ => {
                Command::Reschedule(Rescheduled { due_at: now.plus(Millis::from_mins(i64::from(rest % 9))) })
            }
        }
    }
    explore(pick, Task::state);
}
