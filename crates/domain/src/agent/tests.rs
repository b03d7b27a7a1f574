use std::collections::BTreeMap;

use trunkline_kernel::{Millis, Personal, Tag, TaskId, Timestamp};

use super::*;
use crate::testing::{START, Story, explore, given, id};

fn register() -> Command {
    Command::Register(registered())
}

fn registered() -> Registered {
    Registered {
        name: "Li Wei".to_owned().into(),
        team: Some("north".into()),
        skills: [("loans".to_owned(), 3)].into(),
        languages: ["zh-CN".to_owned()].into(),
        capacity: 1,
        extension: None,
        licences: BTreeMap::new(),
        shifts: Vec::new(),
    }
}

fn shift() -> Shift {
    Shift {
        time_zone: "Asia/Shanghai".to_owned(),
        weekdays: vec![1, 2],
        from_minute: 540,
        until_minute: 1_080,
    }
}

fn changed(licences: Option<BTreeMap<String, Validity>>, shifts: Option<Vec<Shift>>) -> ProfileChanged {
    let (name, team, skills, languages, capacity, extension) = (None, None, None, None, None, None);
    ProfileChanged { name, team, skills, languages, capacity, extension, licences, shifts }
}

#[test]
fn licences_and_shifts_are_facts_of_an_agent_and_impossible_ones_are_refused() {
    let until = |from: Option<Timestamp>, until| Validity { from, until: Some(until) };
    let licences: BTreeMap<_, _> = [("insurance".to_owned(), until(None, START))].into();
    let night = Shift { from_minute: 1_320, until_minute: 360, ..shift() };
    let change = changed(Some(licences), Some(vec![shift(), night]));
    given::<Agent>([register()]).when(Command::ChangeProfile(change.clone())).then([change.into()]);
    let refused = |change: ProfileChanged, code: &str| {
        given::<Agent>([register()]).when(Command::ChangeProfile(change)).then_refused(code);
    };
    let backwards = [("insurance".to_owned(), until(Some(START), START))].into();
    refused(changed(Some(backwards), None), "INPUT_OUT_OF_RANGE");
    for wrong in [
        Shift { time_zone: "Asia/Atlantis".to_owned(), ..shift() },
        Shift { weekdays: vec![], ..shift() },
        Shift { weekdays: vec![8], ..shift() },
        Shift { from_minute: 1_440, ..shift() },
        Shift { until_minute: 0, ..shift() },
    ] {
        refused(changed(None, Some(vec![wrong])), "AGENT_SHIFT_INVALID");
    }
    let holds = until(Some(START), START.plus(Millis(1)));
    assert!(
        holds.holds(START) && !holds.holds(START.plus(Millis(1))) && !holds.holds(START.plus(Millis(-1)))
    );
}

fn reserve(reservation: u128, work: Work) -> Command {
    Command::Reserve { reservation: id(reservation), work, policy: Policy::default() }
}

fn start(call: u128, token: u64) -> Command {
    Command::StartWork { call: id(call), token: Some(token) }
}

fn wrap(call: u128) -> Command {
    Command::StartWrap { call: id(call), policy: Policy::default() }
}

fn miss(reservation: u128) -> Command {
    Command::MissOffer { reservation: id(reservation), policy: Policy::default() }
}

fn pause() -> Command {
    Command::Pause { reason: PauseReason::Meal }
}

fn available() -> Story<Agent> {
    given([register(), Command::SignIn, Command::MakeAvailable])
}

fn reserved() -> Story<Agent> {
    available().and(reserve(1, Work::Call(id(2))))
}

fn talking() -> Story<Agent> {
    reserved().and(start(2, 1)).and(Command::StartTalking { call: id(2) })
}

#[test]
fn an_agent_signs_in_paused_and_works_through_a_call() {
    let signed_in = given::<Agent>([register()])
        .when(Command::SignIn)
        .then([SignedIn {}.into(), Paused { reason: PauseReason::SignedIn }.into()]);
    assert_eq!(signed_in.state.presence(), Presence::Paused);
    let expires_at = START.plus(Millis::from_secs(20));
    let work = Work::Call(id(2));
    let offer = Reserved { reservation: id(1), work, token: 1, expires_at };
    available().when(reserve(1, work)).then([offer.into()]);
    let until = START.plus(Millis::from_secs(30));
    let wrapping = talking().and(Command::Hold).and(Command::Resume).when(wrap(2)).then([WrapStarted {
        call: id(2),
        until,
    }
    .into()]);
    assert_eq!(wrapping.state.wrap_until(), Some(until));
    let free = wrapping.when(Command::EndWrap).then([WrapEnded {}.into()]);
    assert_eq!(free.state.presence(), Presence::Available);
    assert_eq!(free.state.offer(), None);
}

#[test]
fn a_pause_asked_for_at_work_begins_after_it() {
    let asked = talking().when(pause()).then([PauseRequested { reason: PauseReason::Meal }.into()]);
    let ended = [WrapEnded {}.into(), Paused { reason: PauseReason::Meal }.into()];
    let paused = asked.clone().and(wrap(2)).when(Command::EndWrap).then(ended);
    assert_eq!(paused.state.presence(), Presence::Paused);
    let cancelled = asked.when(Command::MakeAvailable).then([PauseRequestCancelled {}.into()]);
    cancelled.when(Command::MakeAvailable).then_refused("AGENT_NO_PAUSE_REQUESTED");
    cancelled.and(wrap(2)).when(Command::EndWrap).then([WrapEnded {}.into()]);
}

#[test]
fn the_wrap_limit_ends_the_wrap_and_not_before() {
    let wrapping = talking().and(wrap(2));
    wrapping.clone().later(Millis(29_999)).when(Command::ExpireWrap).then_refused("AGENT_WRAP_RUNNING");
    wrapping.later(Millis(30_000)).when(Command::ExpireWrap).then([WrapEnded {}.into()]);
}

#[test]
fn the_third_missed_offer_in_a_row_pauses_the_agent() {
    let offer = |story: Story<Agent>, number| story.and(reserve(number, Work::Call(id(2))));
    let lapse = |story: Story<Agent>| story.later(Millis::from_secs(20));
    let first = lapse(offer(available(), 1)).when(miss(1));
    let first = first.then([OfferMissed { reservation: id(1), missed: 1 }.into()]);
    let second = lapse(offer(first, 2)).and(miss(2));
    let third = lapse(offer(second.clone(), 3)).when(miss(3)).then([
        OfferMissed { reservation: id(3), missed: 3 }.into(),
        Paused { reason: PauseReason::MissedOffers }.into(),
    ]);
    assert_eq!(third.state.presence(), Presence::Paused);
    let spoke = offer(second, 3).and(start(2, 3)).and(Command::StartTalking { call: id(2) });
    let spoke = spoke.and(wrap(2)).and(Command::EndWrap);
    lapse(offer(spoke, 4)).when(miss(4)).then([OfferMissed { reservation: id(4), missed: 1 }.into()]);
}

#[test]
fn an_offer_is_missed_only_after_its_expiry() {
    reserved().later(Millis(19_999)).when(miss(1)).then_refused("AGENT_OFFER_NOT_EXPIRED");
    reserved().when(miss(9)).then_refused_at("AGENT_OFFER_STALE", "token");
    available().when(miss(1)).then_refused("AGENT_NOT_RESERVED");
}

#[test]
fn a_stale_token_is_refused() {
    let story = reserved().and(Command::ReleaseOffer { reservation: id(1) });
    let story = story.and(reserve(2, Work::Call(id(3))));
    story.when(start(2, 1)).then_refused_at("AGENT_OFFER_STALE", "token");
    story.when(Command::StartWork { call: id(3), token: None }).then_refused("AGENT_OFFER_STALE");
    story.when(start(4, 2)).then_refused("AGENT_WORK_MISMATCH");
    story.when(start(3, 2)).then([WorkStarted { call: id(3) }.into()]);
    available().when(start(3, 1)).then_refused("AGENT_NOT_RESERVED");
    story.later(Millis::from_secs(20)).when(start(3, 2)).then_refused("AGENT_OFFER_EXPIRED");
}

#[test]
fn a_lead_is_previewed_and_then_dialed() {
    let offered = available().and(reserve(1, Work::Lead(id(5))));
    let preview = |lead, token| Command::StartPreview { lead: id(lead), token };
    offered.when(preview(6, 1)).then_refused("AGENT_WORK_MISMATCH");
    offered.when(preview(5, 2)).then_refused("AGENT_OFFER_STALE");
    let looking = offered.when(preview(5, 1)).then([PreviewStarted { lead: id(5) }.into()]);
    looking.later(Millis::from_mins(5)).when(start(7, 1)).then([WorkStarted { call: id(7) }.into()]);
}

#[test]
fn an_agent_may_dial_without_an_offer() {
    let dialing = available().when(Command::StartWork { call: id(2), token: None });
    let dialing = dialing.then([WorkStarted { call: id(2) }.into()]);
    dialing.when(Command::StartTalking { call: id(3) }).then_refused_at("AGENT_CALL_MISMATCH", "callId");
    dialing.when(wrap(3)).then_refused("AGENT_CALL_MISMATCH");
    dialing.when(wrap(2)).then([WrapStarted { call: id(2), until: START.plus(Millis(30_000)) }.into()]);
}

#[test]
fn silence_signs_the_agent_out_whatever_the_work() {
    let lose = |last_heard| Command::LoseHeartbeat { last_heard, policy: Policy::default() };
    let story = talking().later(Millis(119_999));
    story.when(lose(START)).then_refused("AGENT_HEARTBEAT_FRESH");
    let lost = SignedOut { cause: SignOutCause::HeartbeatLost };
    let gone = story.later(Millis(1)).when(lose(START)).then([lost.into()]);
    assert_eq!((gone.state.presence(), gone.state.offer()), (Presence::Offline, None));
    gone.when(lose(START)).then_refused("AGENT_OFFLINE");
}

#[test]
fn each_step_out_of_turn_is_refused_with_its_own_code() {
    let offline = given::<Agent>([register()]);
    for command in [Command::MakeAvailable, pause(), Command::Hold, Command::SignOut, miss(1), wrap(1)] {
        offline.when(command).then_refused("AGENT_OFFLINE");
    }
    offline.when(register()).then_refused("AGENT_ALREADY_EXISTS");
    let free = available();
    free.when(Command::SignIn).then_refused("AGENT_ALREADY_SIGNED_IN");
    free.when(Command::MakeAvailable).then_refused("AGENT_ALREADY_AVAILABLE");
    free.when(Command::Hold).then_refused("AGENT_NOT_TALKING");
    free.when(Command::Resume).then_refused("AGENT_NOT_HOLDING");
    free.when(wrap(1)).then_refused("AGENT_NOT_IN_CALL");
    free.when(Command::EndWrap).then_refused("AGENT_NOT_WRAPPING");
    free.when(Command::StartTalking { call: id(1) }).then_refused("AGENT_NOT_RINGING");
    free.when(Command::StartPreview { lead: id(1), token: 1 }).then_refused("AGENT_NOT_RESERVED");
    talking().when(Command::SignOut).then_refused("AGENT_BUSY");
    talking().when(reserve(2, Work::Call(id(2)))).then_refused("AGENT_NOT_AVAILABLE");
    let never = Policy { offer: Millis::ZERO, ..Policy::default() };
    let lapsed = Command::Reserve { reservation: id(1), work: Work::Task(id(2)), policy: never };
    free.when(lapsed).then_refused("AGENT_OFFER_EXPIRY_PAST");
    given::<Agent>([]).when(Command::SignIn).then_refused("AGENT_UNKNOWN");
}

#[test]
fn a_profile_is_held_to_its_limits() {
    let refused = |registered, code, field| {
        given::<Agent>([]).when(Command::Register(registered)).then_refused_at(code, field);
    };
    refused(Registered { name: Personal::from(" ".to_owned()), ..registered() }, "INPUT_EMPTY", "name");
    refused(Registered { capacity: 0, ..registered() }, "INPUT_OUT_OF_RANGE", "capacity");
    let skills = [("loans".to_owned(), 6)].into();
    refused(Registered { skills, ..registered() }, "INPUT_OUT_OF_RANGE", "skills");
    let languages = (0..201).map(|n| n.to_string()).collect();
    refused(Registered { languages, ..registered() }, "INPUT_TOO_MANY", "languages");
    let nothing = changed(None, None);
    let story = given::<Agent>([register()]);
    story.when(Command::ChangeProfile(nothing.clone())).then_refused("INPUT_NO_CHANGE");
    let moved = ProfileChanged { team: Some("south".into()), ..nothing };
    story.when(Command::ChangeProfile(moved.clone())).then([moved.into()]);
}

#[test]
fn events_name_the_offer_its_work_and_the_call() {
    let task = Tag::of::<TaskId>(id(2));
    let offer = Tag::of::<ReservationId>(id(1));
    let story = available().when(reserve(1, Work::Task(id(2)))).tagged([task.clone(), offer.clone()]);
    story.later(Millis::from_mins(1)).when(miss(1)).tagged([task, offer.clone()]);
    let call = Tag::of::<CallId>(id(2));
    reserved().when(start(2, 1)).tagged([call.clone(), offer]);
    talking().when(Command::Hold).tagged([call.clone()]);
    talking().and(wrap(2)).when(Command::EndWrap).tagged([call]);
}

#[test]
fn no_history_leaves_the_machine_and_every_step_is_taken() {
    fn pick(state: &Agent, now: Timestamp, number: u32) -> Command {
        let rest = number / 64;
        let stale = rest.is_multiple_of(9);
        let token = if stale { 0 } else { state.last_token };
        let reservation = state.offer().map_or(id(1), |offer| offer.reservation);
        let offered = state.offer().map(|offer| offer.work);
        let call = state.call().unwrap_or(id(2));
        let policy = Policy::default();
        match number % 20 {
            0 => register(),
            1 | 2 => Command::SignIn,
            3..6 => Command::MakeAvailable,
            6 => pause(),
            7 | 8 => {
                let work = if rest.is_multiple_of(2) { Work::Call(id(2)) } else { Work::Lead(id(3)) };
                reserve(u128::from(rest), work)
            }
            9 => Command::MissOffer { reservation, policy },
            10 => Command::ReleaseOffer { reservation },
            11 => Command::StartPreview { lead: id(3), token },
            12 | 13 => match offered {
                Some(_) => Command::StartWork { call: id(2), token: Some(token) },
                None => Command::StartWork { call: id(4), token: None },
            },
            14 => Command::StartTalking { call },
            15 => Command::Hold,
            16 => Command::Resume,
            17 => Command::StartWrap { call, policy },
            18 if rest.is_multiple_of(2) => Command::EndWrap,
            18 => Command::ExpireWrap,
            _ if rest.is_multiple_of(4) => Command::LoseHeartbeat { last_heard: START, policy },
            _ if rest % 4 == 1 => Command::SignOut,
            _ => Command::LoseHeartbeat { last_heard: now, policy },
        }
    }
    explore(pick, Agent::presence);
}
