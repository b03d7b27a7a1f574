use trunkline_kernel::{Millis, Timestamp};

use super::*;
use crate::testing::{explore, given};

fn created() -> Created {
    Created {
        name: "spring".into(),
        mode: DialingMode::Progressive,
        product: Some("deposit".into()),
        queue: None,
        script: None,
        attempts: AttemptPolicy::default(),
        hours: CallingHours::default(),
        jurisdiction: "CN".into(),
        purpose: None,
    }
}

fn create() -> Command {
    Command::Create(created())
}

fn pause() -> Command {
    Command::Pause(Paused { reason: None })
}

fn stop() -> Command {
    Command::Stop(Stopped { reason: None })
}

fn change() -> PolicyChanged {
    PolicyChanged { mode: Some(DialingMode::Preview), script: None, attempts: None, hours: None }
}

#[test]
fn a_campaign_runs_pauses_resumes_and_stops_for_good() {
    let running = given::<Campaign>([create()]).when(Command::Start).then([Started {}.into()]);
    let paused = running.when(pause()).then([Paused { reason: None }.into()]);
    let resumed = paused.when(Command::Resume).then([Resumed {}.into()]);
    let stopped = resumed.when(stop()).then([Stopped { reason: None }.into()]);
    for command in [Command::Start, pause(), Command::Resume, stop(), Command::ChangePolicy(change())] {
        stopped.when(command).then_refused("CAMPAIGN_STOPPED");
    }
}

#[test]
fn a_campaign_sells_unless_it_says_otherwise() {
    let purpose =
        |purpose| given::<Campaign>([Command::Create(Created { purpose, ..created() })]).state.purpose();
    assert_eq!(purpose(None), Purpose::Marketing, "as all did before they could say so");
    for said in [Purpose::Marketing, Purpose::Service, Purpose::Survey, Purpose::Collection] {
        assert_eq!(purpose(Some(said)), said);
    }
}

#[test]
fn each_step_out_of_turn_is_refused_with_its_own_code() {
    let draft = given::<Campaign>([create()]);
    draft.when(pause()).then_refused("CAMPAIGN_NOT_RUNNING");
    draft.when(Command::Resume).then_refused("CAMPAIGN_NOT_PAUSED");
    draft.when(create()).then_refused("CAMPAIGN_ALREADY_EXISTS");
    draft.and(Command::Start).when(Command::Start).then_refused("CAMPAIGN_NOT_DRAFT");
    given::<Campaign>([]).when(Command::Start).then_refused("CAMPAIGN_UNKNOWN");
}

#[test]
fn each_outcome_has_one_rest_and_none_of_a_negative_length() {
    let rest = |minutes| OutcomeRest { outcome: AttemptOutcome::Busy, rest_ms: Millis::from_mins(minutes) };
    for rests in [vec![rest(5), rest(6)], vec![rest(-1)]] {
        let attempts = AttemptPolicy { rests, ..AttemptPolicy::default() };
        let created = Created { attempts, ..created() };
        given::<Campaign>([]).when(Command::Create(created)).then_refused("CAMPAIGN_ATTEMPTS_INVALID");
    }
}

#[test]
fn rules_that_permit_no_call_are_refused() {
    let refused = |created, code, field| {
        given::<Campaign>([]).when(Command::Create(created)).then_refused_at(code, field);
    };
    let hours = |from_minute, until_minute, weekdays| CallingHours { from_minute, until_minute, weekdays };
    for hours in
        [hours(60, 60, vec![1]), hours(0, 1441, vec![1]), hours(0, 60, vec![]), hours(0, 60, vec![8])]
    {
        refused(Created { hours, ..created() }, "CAMPAIGN_HOURS_INVALID", "hours");
    }
    let never = AttemptPolicy { attempts_max: 0, ..AttemptPolicy::default() };
    let backwards = AttemptPolicy { retry_after_ms: Millis(-1), ..AttemptPolicy::default() };
    for attempts in [never, backwards] {
        refused(Created { attempts, ..created() }, "CAMPAIGN_ATTEMPTS_INVALID", "attempts");
    }
    let jurisdiction = "China".into();
    refused(Created { jurisdiction, ..created() }, "CAMPAIGN_JURISDICTION_INVALID", "jurisdiction");
    let purpose = Some(Purpose::AutomatedDecision);
    refused(Created { purpose, ..created() }, "CAMPAIGN_PURPOSE_INVALID", "purpose");
    refused(Created { name: " ".into(), ..created() }, "INPUT_EMPTY", "name");
}

#[test]
fn a_change_of_policy_holds_from_then_on_and_must_change_something() {
    let story = given::<Campaign>([create()]);
    let nothing = PolicyChanged { mode: None, ..change() };
    story.when(Command::ChangePolicy(nothing)).then_refused("INPUT_NO_CHANGE");
    let attempts = AttemptPolicy { attempts_max: 9, ..AttemptPolicy::default() };
    let more = PolicyChanged { attempts: Some(attempts.clone()), ..change() };
    let changed = story.when(Command::ChangePolicy(more.clone())).then([more.into()]);
    assert_eq!(changed.state.attempts(), &attempts);
}

#[test]
fn no_history_leaves_the_machine_and_every_step_is_taken() {
    fn pick(_: &Campaign, _: Timestamp, number: u32) -> Command {
        match number % 16 {
            0 | 1 => create(),
            2..5 => Command::ChangePolicy(change()),
            5..8 => Command::Start,
            8..11 => pause(),
            11..15 => Command::Resume,
            _ => stop(),
        }
    }
    explore(pick, Campaign::state);
}
