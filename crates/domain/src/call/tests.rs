use trunkline_kernel::{Aggregate as _, Millis, Personal, StoredEvent as _, Tag, Timestamp};

use super::*;
use crate::testing::{explore, given, id};
use crate::words::By;

fn outbound() -> Command {
    Command::Create(created(Direction::Outbound))
}

fn inbound() -> Command {
    Command::Create(created(Direction::Inbound))
}

fn created(direction: Direction) -> Created {
    Created {
        customer: Some(id(1)),
        lead: Some(id(2)),
        campaign: Some(id(3)),
        agent: Some(id(4)),
        ..Created::new(direction)
    }
}

fn bridge(agent: u128) -> Command {
    Command::Bridge(Bridged { agent: Some(id(agent)), waited_ms: None })
}

fn end(cause: EndCause) -> Command {
    Command::End(Ended { cause, waited_ms: None })
}

fn queue() -> Command {
    Command::Queue(Queued { queue: "loans".into(), priority: None })
}

fn said(by: By) -> Dispositioned {
    Dispositioned {
        disposition: "interested".into(),
        right_party: true,
        sale: false,
        do_not_call: false,
        callback_at: None,
        note: None,
        by,
        wrap_ms: None,
    }
}

#[test]
fn an_outbound_call_goes_from_the_dial_to_its_disposition() {
    given::<Call>([
        outbound(),
        Command::Dial(Dialed::default()),
        Command::Ring,
        Command::Answer,
        Command::Classify(Classified { answerer: Answerer::Human }),
        queue(),
        bridge(4),
        Command::Hold,
        Command::Resume,
        end(EndCause::CustomerHangup),
    ])
    .when(Command::Disposition(said(By::Agent)))
    .then([said(By::Agent).into()]);
}

#[test]
fn an_imported_inbound_call_may_queue_or_be_bridged_at_once() {
    given::<Call>([inbound()]).and(queue()).and(bridge(4)).and(end(EndCause::Completed));
    given::<Call>([inbound()]).and(bridge(4)).and(end(EndCause::Completed));
    given::<Call>([inbound()]).and(queue()).and(end(EndCause::Phantom));
}

#[test]
fn only_an_outbound_call_is_dialed_or_suppressed() {
    let suppress =
        || Command::Suppress(Suppressed { rule: "hours".into(), rule_version: "1".into(), judged: None });
    given::<Call>([inbound()]).when(Command::Dial(Dialed::default())).then_refused("CALL_NOT_OUTBOUND");
    given::<Call>([inbound()]).when(suppress()).then_refused("CALL_NOT_OUTBOUND");
    let story = given::<Call>([outbound()]).and(suppress());
    story.when(Command::Dial(Dialed::default())).then_refused("CALL_NOT_CREATED");
    story.when(end(EndCause::Failed)).then_refused("CALL_OVER");
}

#[test]
fn each_step_out_of_turn_is_refused_with_its_own_code() {
    let story = given::<Call>([
        outbound(),
        Command::Dial(Dialed::default()),
        Command::Ring,
        Command::Answer,
        bridge(4),
    ]);
    story.when(Command::Dial(Dialed::default())).then_refused("CALL_NOT_CREATED");
    story.when(Command::Ring).then_refused("CALL_NOT_DIALING");
    story.when(Command::Answer).then_refused("CALL_NOT_RINGING");
    story.when(Command::Classify(Classified { answerer: Answerer::Human })).then_refused("CALL_NOT_ANSWERED");
    story.when(queue()).then_refused("CALL_NOT_QUEUEABLE");
    story.when(bridge(5)).then_refused("CALL_NOT_WAITING");
    story.when(Command::Resume).then_refused("CALL_NOT_HELD");
    story.when(Command::Disposition(said(By::Agent))).then_refused("CALL_NOT_ENDED");
    story.when(outbound()).then_refused("CALL_ALREADY_EXISTS");
    let over = story.and(end(EndCause::AgentHangup));
    over.when(Command::Hold).then_refused("CALL_NOT_BRIDGED");
    over.when(end(EndCause::AgentHangup)).then_refused("CALL_OVER");
    given::<Call>([]).when(Command::Dial(Dialed::default())).then_refused_at("CALL_UNKNOWN", "id");
}

#[test]
fn the_refusal_tells_the_state_and_what_to_do() {
    let refusal = Refusal::NotRinging(CallState::Ended).to_string();
    assert_eq!(
        refusal,
        "the call is not ringing (it is ENDED): report an answer only of a call that is dialed or rings"
    );
}

#[test]
fn a_cause_must_fit_how_far_the_call_has_come() {
    let created = given::<Call>([outbound()]);
    created.when(end(EndCause::AgentHangup)).then_refused_at("CALL_CAUSE_IMPOSSIBLE", "cause");
    created.when(end(EndCause::Machine)).then_refused("CALL_CAUSE_IMPOSSIBLE");
    let answered = created.and(Command::Dial(Dialed::default())).and(Command::Answer);
    answered.when(end(EndCause::NoAnswer)).then_refused("CALL_CAUSE_IMPOSSIBLE");
    answered.clone().and(end(EndCause::Machine));
    let bridged = answered.and(bridge(4));
    bridged.when(end(EndCause::Abandoned)).then_refused("CALL_CAUSE_IMPOSSIBLE");
    bridged.when(end(EndCause::Phantom)).then_refused("CALL_CAUSE_IMPOSSIBLE");
}

#[test]
fn the_system_classifies_only_after_the_wrap_limit() {
    let policy = Policy::default();
    let system = || Command::DispositionBySystem { policy };
    let ended = given::<Call>([outbound(), Command::Dial(Dialed::default()), end(EndCause::Busy)]);
    ended.clone().later(Millis(29_999)).when(system()).then_refused("CALL_WRAP_RUNNING");
    let late = ended.later(policy.wrap);
    let classified = late.when(system()).then([Dispositioned {
        disposition: "busy".into(),
        right_party: false,
        ..said(By::System)
    }
    .into()]);
    classified.when(system()).then_refused("CALL_ALREADY_DISPOSITIONED");
    let replaced = classified.when(Command::Disposition(said(By::Agent))).then([said(By::Agent).into()]);
    replaced.when(Command::Disposition(said(By::Agent))).then_refused("CALL_ALREADY_DISPOSITIONED");
    given::<Call>([outbound()]).when(system()).then_refused("CALL_NOT_ENDED");
}

#[test]
fn a_callback_lies_in_the_future_and_a_note_within_its_limit() {
    let story = given::<Call>([outbound(), Command::Dial(Dialed::default()), end(EndCause::NoAnswer)]);
    let callback = |at| Command::Disposition(Dispositioned { callback_at: Some(at), ..said(By::Agent) });
    story.when(callback(story.now)).then_refused_at("CALL_CALLBACK_PAST", "callbackAt");
    story.when(callback(story.now.plus(Millis(1)))).then([Dispositioned {
        callback_at: Some(story.now.plus(Millis(1))),
        ..said(By::Agent)
    }
    .into()]);
    let note = Some(Personal::from("x".repeat(crate::limits::TEXT_BYTES_MAX + 1)));
    let noted = Command::Disposition(Dispositioned { note, ..said(By::Agent) });
    story.when(noted).then_refused_at("INPUT_TOO_LONG", "note");
}

#[test]
fn every_event_names_customer_agent_campaign_and_lead() {
    let parties =
        |agent| [Tag::of::<CustomerId>(id(1)), Tag::of::<LeadId>(id(2)), Tag::of::<CampaignId>(id(3)), agent];
    let bridged = given::<Call>([outbound(), Command::Dial(Dialed::default()), Command::Answer, bridge(9)]);
    bridged.when(end(EndCause::Completed)).tagged(parties(Tag::of::<AgentId>(id(9))));
    given::<Call>([]).when(outbound()).tagged(parties(Tag::of::<AgentId>(id(4))));
}

#[test]
fn a_bridge_to_nobody_named_is_not_laid_to_the_agent_it_was_meant_for() {
    let unnamed = Command::Bridge(Bridged { agent: None, waited_ms: None });
    let story = given::<Call>([inbound(), unnamed]);
    assert_eq!(story.state.agent(), None);
}

#[test]
fn no_history_leaves_the_machine_and_every_step_is_taken() {
    fn pick(_: &Call, now: Timestamp, number: u32) -> Command {
        let rest = number / 16;
        match number % 16 {
            0 => outbound(),
            1 => inbound(),
            2 if rest.is_multiple_of(4) => {
                Command::Suppress(Suppressed { rule: "hours".into(), rule_version: "1".into(), judged: None })
            }
            2 | 3 => Command::Dial(Dialed::default()),
            4 => Command::Ring,
            5 => Command::Answer,
            6 => Command::Classify(Classified { answerer: Answerer::Unknown }),
            7 => queue(),
            8 => bridge(u128::from(rest % 3)),
            9 => Command::Hold,
            10 => Command::Resume,
            11 => {
                let cause = EndCause::ALL[rest as usize % EndCause::ALL.len()];
                Command::End(Ended { cause, waited_ms: Some(Millis(7)) })
            }
            12 => Command::Disposition(said(By::Agent)),
            13 => Command::Disposition(said(By::System)),
            14 => {
                let callback_at = Some(now.plus(Millis::from_secs(i64::from(rest % 3) - 1)));
                Command::Disposition(Dispositioned { callback_at, ..said(By::Agent) })
            }
            _ => Command::DispositionBySystem { policy: Policy::default() },
        }
    }
    explore(pick, Call::state);
}

#[test]
fn an_event_of_another_aggregate_is_not_read() {
    let read = <Call as trunkline_kernel::Aggregate>::Event::decode("agent.held", "{}");
    assert!(read.is_err_and(|error| error.to_string().contains("agent.held")));
    assert_eq!(Call::CATEGORY.as_str(), "call");
}
