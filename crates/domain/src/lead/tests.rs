use trunkline_kernel::{Millis, Tag, Timestamp};

use super::*;
use crate::campaign::OutcomeRest;
use crate::testing::{START, Story, explore, given, id};

fn add() -> Command {
    Command::Add(Added { campaign: id(1), customer: id(2), priority: 0, attributes: Default::default() })
}

fn call(number: u128) -> Command {
    Command::Call { call: id(number), number: None, barred: None }
}

fn come_back(number: u128, callback_at: Option<Timestamp>) -> Command {
    let (outcome, attempts) = (AttemptOutcome::NoAnswer, AttemptPolicy::default());
    Command::Return { call: id(number), outcome, attempts, callback_at }
}

fn ready() -> Story<Lead> {
    given([add(), Command::Ready])
}

/// Calls the lead, lets it come back, and waits until it may be called again.
fn attempt(story: Story<Lead>, number: u128) -> Story<Lead> {
    story.and(call(number)).and(come_back(number, None)).later(Millis::from_mins(240)).and(Command::Ready)
}

#[test]
fn a_lead_rests_after_an_attempt_without_result() {
    let story = ready().and(Command::Queue { barred: None }).and(call(3));
    let returned = Returned { call: id(3), outcome: AttemptOutcome::NoAnswer };
    let until = START.plus(Millis::from_mins(240));
    let held = story.when(come_back(3, None)).then([returned.into(), Held::until(until).into()]);
    held.when(Command::Ready).then_refused("LEAD_RESTING");
    held.later(Millis::from_mins(240)).when(Command::Ready).then([Readied {}.into()]);
}

#[test]
fn a_promised_callback_goes_before_the_rule() {
    let at = START.plus(Millis::from_mins(30));
    let returned = Returned { call: id(3), outcome: AttemptOutcome::NoAnswer };
    ready().and(call(3)).when(come_back(3, Some(at))).then([returned.into(), Held::until(at).into()]);
}

#[test]
fn the_last_attempt_exhausts_the_lead() {
    let third = attempt(attempt(ready(), 3), 4).and(call(5));
    assert_eq!(third.state.attempts(), 3);
    let returned = Returned { call: id(5), outcome: AttemptOutcome::NoAnswer };
    let finished = Finished { outcome: LeadOutcome::Exhausted };
    third.when(come_back(5, None)).then([returned.into(), finished.into()]);
}

#[test]
fn how_long_a_lead_rests_depends_on_how_the_attempt_ended() {
    let rests = vec![OutcomeRest { outcome: AttemptOutcome::Busy, rest_ms: Millis::from_mins(5) }];
    let attempts = AttemptPolicy { rests, ..AttemptPolicy::default() };
    for (outcome, minutes) in [(AttemptOutcome::Busy, 5), (AttemptOutcome::NoAnswer, 240)] {
        let attempts = attempts.clone();
        let back = Command::Return { call: id(3), outcome, attempts, callback_at: None };
        let held = Held::until(START.plus(Millis::from_mins(minutes)));
        ready().and(call(3)).when(back).then([Returned { call: id(3), outcome }.into(), held.into()]);
    }
}

#[test]
fn a_lead_that_ended_without_an_answer_comes_back_as_often_as_the_campaign_permits() {
    let attempts = |max| AttemptPolicy { attempts_max: 1, recycles_max: max, ..AttemptPolicy::default() };
    let recycle = |max| Command::Recycle { attempts: attempts(max) };
    let back = |call, max| Command::Return {
        call: id(call),
        outcome: AttemptOutcome::NoAnswer,
        attempts: attempts(max),
        callback_at: None,
    };
    let exhausted = ready().and(call(3)).and(back(3, None));
    exhausted.when(Command::Ready).then_refused("LEAD_OVER");
    exhausted.when(recycle(Some(0))).then_refused("LEAD_RECYCLED_OUT");
    let again = exhausted.when(recycle(None)).then([Recycled { times: 1 }.into()]);
    assert_eq!((again.state.state(), again.state.attempts()), (LeadState::Ready, 1));
    again.when(recycle(None)).then_refused("LEAD_NOT_RECYCLABLE");
    let called = again.when(call(4)).then([Called { call: id(4), attempt: 2, number: None }.into()]);
    let returned = Returned { call: id(4), outcome: AttemptOutcome::NoAnswer };
    let finished = Finished { outcome: LeadOutcome::Exhausted };
    let exhausted = called.when(back(4, None)).then([returned.into(), finished.into()]);
    exhausted.when(recycle(None)).then_refused("LEAD_RECYCLED_OUT");
    exhausted.when(recycle(Some(2))).then([Recycled { times: 2 }.into()]);
}

#[test]
fn what_a_customer_has_decided_is_not_asked_again() {
    let recycle = || Command::Recycle { attempts: AttemptPolicy::default() };
    for outcome in LeadOutcome::ALL {
        let ended = ready().and(Command::Finish(Finished { outcome: *outcome }));
        match outcome {
            LeadOutcome::Exhausted | LeadOutcome::Unreachable => {
                ended.when(recycle()).then([Recycled { times: 1 }.into()]);
            }
            LeadOutcome::Sale | LeadOutcome::Declined | LeadOutcome::CampaignStopped => {
                ended.when(recycle()).then_refused("LEAD_NOT_RECYCLABLE");
            }
        }
    }
    let blocked = ready().and(Command::Block(Blocked { reason: BlockReason::Requested }));
    blocked.when(recycle()).then_refused("LEAD_NOT_RECYCLABLE");
    ready().when(recycle()).then_refused("LEAD_NOT_RECYCLABLE");
}

#[test]
fn the_numbers_of_a_customer_take_turns_and_one_that_there_is_not_is_left_out() {
    let (mobile, office, home) = (id(11), id(12), id(13));
    let numbers = [mobile, office, home];
    let next = |story: &Story<Lead>| story.state.next_number(numbers);
    let tried = |story: Story<Lead>, call, outcome| {
        let number = next(&story);
        let attempts = AttemptPolicy { attempts_max: 9, rests: Vec::new(), ..AttemptPolicy::default() };
        let returned = Command::Return { call: id(call), outcome, attempts, callback_at: None };
        let story = story.and(Command::Call { call: id(call), number, barred: None }).and(returned);
        story.later(Millis::from_mins(240)).and(Command::Ready)
    };
    let story = ready();
    assert_eq!(next(&story), Some(mobile), "the customer's first");
    let story = tried(story, 1, AttemptOutcome::NoAnswer);
    assert_eq!(next(&story), Some(office));
    let story = tried(story, 2, AttemptOutcome::InvalidNumber);
    assert_eq!((next(&story), story.state.is_invalid(office)), (Some(home), true));
    let story = tried(story, 3, AttemptOutcome::Callback);
    assert_eq!(next(&story), Some(home), "where the customer asked for the call");
    let story = tried(story, 4, AttemptOutcome::Busy);
    assert_eq!(next(&story), Some(mobile), "tried once, the other twice");
    let story = tried(tried(story, 5, AttemptOutcome::Machine), 6, AttemptOutcome::NoAnswer);
    assert_eq!(story.state.next_number([office]), None, "none that exists");
    assert_eq!(story.state.next_number([]), None);
}

#[test]
fn what_bars_a_call_blocks_the_lead_when_queueing_and_again_when_dialing() {
    let barred = || Some(Bar::ForGood(BlockReason::NoConsent));
    let blocked = Event::from(Blocked { reason: BlockReason::NoConsent });
    let story = ready().when(Command::Queue { barred: barred() }).then([blocked.clone()]);
    story.when(Command::Ready).then_refused("LEAD_OVER");
    let queued = ready().and(Command::Queue { barred: None });
    queued.when(Command::Call { call: id(3), number: None, barred: barred() }).then([blocked]);
    given::<Lead>([add()]).when(Command::Queue { barred: barred() }).then_refused("LEAD_NOT_READY");
}

#[test]
fn a_rule_that_bars_a_call_for_a_time_lets_the_lead_rest_until_then() {
    let at = START.plus(Millis::from_mins(90));
    let barred = || Some(Bar::Until { at, rule: "cn-telesales-hours".to_owned() });
    let held = Event::from(Held { until: at, rule: Some("cn-telesales-hours".to_owned()) });
    ready().when(Command::Queue { barred: barred() }).then([held.clone()]);
    let queued = ready().and(Command::Queue { barred: None });
    let resting = queued.when(Command::Call { call: id(3), number: None, barred: barred() }).then([held]);
    assert_eq!(resting.state.attempts(), 0, "it was not dialed");
    resting.when(Command::Ready).then_refused("LEAD_RESTING");
    resting.later(Millis::from_mins(90)).when(Command::Ready).then([Readied {}.into()]);
}

#[test]
fn a_call_that_the_customer_asked_for_is_known_as_such_until_it_was_made() {
    let at = START.plus(Millis::from_mins(90));
    let asked = ready().and(call(3)).and(come_back(3, Some(at)));
    assert!(!asked.state.was_requested(), "this attempt did not end with a wish");
    let callback = |call, outcome, callback_at| Command::Return {
        call: id(call),
        outcome,
        attempts: AttemptPolicy::default(),
        callback_at,
    };
    let asked = ready().and(call(3)).and(callback(3, AttemptOutcome::Callback, Some(at)));
    assert!(asked.state.was_requested());
    let made = asked.later(Millis::from_mins(90)).and(Command::Ready).and(call(4));
    assert!(!made.and(callback(4, AttemptOutcome::NoAnswer, None)).state.was_requested());
}

#[test]
fn each_step_out_of_turn_is_refused_with_its_own_code() {
    let added = given::<Lead>([add()]);
    added.when(call(3)).then_refused("LEAD_NOT_CALLABLE");
    added.when(Command::Unqueue).then_refused("LEAD_NOT_QUEUED");
    added.when(come_back(3, None)).then_refused("LEAD_NOT_IN_CALL");
    added.when(Command::Hold(Held::until(START.plus(Millis(1))))).then_refused("LEAD_NOT_HOLDABLE");
    added.when(add()).then_refused("LEAD_ALREADY_EXISTS");
    ready().when(Command::Ready).then_refused("LEAD_NOT_WAITING");
    ready().when(Command::Hold(Held::until(START))).then_refused_at("LEAD_HOLD_PAST", "until");
    ready().and(call(3)).when(come_back(4, None)).then_refused_at("LEAD_CALL_MISMATCH", "callId");
    given::<Lead>([]).when(Command::Ready).then_refused("LEAD_UNKNOWN");
}

#[test]
fn every_event_names_campaign_and_customer_and_the_call_it_is_about() {
    let parties = [Tag::of::<CampaignId>(id(1)), Tag::of::<CustomerId>(id(2))];
    given::<Lead>([]).when(add()).tagged(parties.clone());
    let with_call = parties.into_iter().chain([Tag::of::<CallId>(id(3))]);
    let story = ready().when(call(3)).tagged(with_call.clone());
    story.when(Command::Finish(Finished { outcome: LeadOutcome::Sale })).tagged(with_call);
}

#[test]
fn no_history_leaves_the_machine_and_every_step_is_taken() {
    fn pick(state: &Lead, now: Timestamp, number: u32) -> Command {
        let rest = number / 32;
        let barred = match rest % 16 {
            0 => Some(Bar::ForGood(BlockReason::List)),
            8 => Some(Bar::Until { at: now.plus(Millis::from_mins(9)), rule: "hours".to_owned() }),
            _ => None,
        };
        let present = state.call.unwrap_or(id(9));
        match number % 16 {
            0 | 1 => add(),
            2..5 => Command::Ready,
            5 | 6 => Command::Queue { barred },
            7 => Command::Unqueue,
            8..11 => Command::Call { call: id(u128::from(rest % 4)), number: None, barred },
            11 | 12 => {
                let attempts = AttemptPolicy { attempts_max: 5, ..AttemptPolicy::default() };
                let outcome = AttemptOutcome::ALL[rest as usize % AttemptOutcome::ALL.len()];
                Command::Return { call: present, outcome, attempts, callback_at: None }
            }
            13 | 14 => Command::Hold(Held::until(now.plus(Millis::from_mins(i64::from(rest % 9))))),
            _ if rest % 4 == 1 => {
                let outcome = LeadOutcome::ALL[(rest / 4) as usize % LeadOutcome::ALL.len()];
                Command::Finish(Finished { outcome })
            }
            _ if rest % 4 == 3 => {
                let attempts = AttemptPolicy { recycles_max: Some(9), ..AttemptPolicy::default() };
                Command::Recycle { attempts }
            }
            _ if rest % 4 == 2 => Command::Block(Blocked { reason: BlockReason::Complaint }),
            _ => Command::Unqueue,
        }
    }
    explore(pick, Lead::state);
}
