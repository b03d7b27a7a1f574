use trunkline_kernel::{CallId, CustomerId, Millis, Tag};

use super::*;
use crate::testing::{START, Story, explore, given, id};

const YEAR: Millis = Millis::from_mins(365 * 24 * 60);

fn announce() -> Command {
    let kind = RetentionKind::LongTerm;
    Command::Announce(Announced { call: id(1), customer: Some(id(2)), agent: None, kind })
}

fn audio() -> Sealed {
    Sealed {
        key: "k1".to_owned(),
        media_type: "audio/wav".to_owned(),
        bytes: 3,
        stored_bytes: 83,
        sha256: "00".repeat(32),
        stored_sha256: "01".repeat(32),
        chunk_bytes: 65_536,
        parts: 1,
        agent: Some(id(3)),
    }
}

fn seal() -> Command {
    Command::Seal(audio())
}

fn pause() -> Command {
    Command::Pause(Paused { reason: PauseReason::Payment })
}

fn retain(until: Timestamp) -> Command {
    Command::Retain(Retained { until })
}

fn erase(reason: EraseReason) -> Command {
    Command::Erase(Erased { reason })
}

fn hold(case: &str) -> Command {
    Command::Hold(Held { case: case.to_owned() })
}

fn release(case: &str) -> Command {
    Command::Release(Released { case: case.to_owned() })
}

fn after<const N: usize>(commands: [Command; N]) -> Story<Recording> {
    given(commands)
}

/// A recording that has to be kept for a year from the start of the story.
fn kept() -> Story<Recording> {
    after([announce(), Command::Start, seal(), retain(START.plus(YEAR))])
}

#[test]
fn a_call_is_recorded_with_a_pause_sealed_written_down_and_kept() {
    let running = after([announce(), Command::Start]);
    let paused = running.when(pause()).then([Paused { reason: PauseReason::Payment }.into()]);
    let sealed = paused.and(Command::Resume).when(seal()).then([audio().into()]);
    let text =
        Transcribed { engine: "whisper 3".to_owned(), language: Some("zh".to_owned()), interaction: None };
    let written = sealed.when(Command::Transcribe(text.clone())).then([text.clone().into()]);
    let until = START.plus(YEAR);
    let kept = written.when(retain(until)).then([Retained { until }.into()]);
    assert_eq!((kept.state.state(), kept.state.until()), (RecordingState::Retained, Some(until)));
    kept.when(Command::Transcribe(text.clone())).then([text.into()]);
}

#[test]
fn audio_comes_once_and_its_agent_is_the_one_who_spoke() {
    let sealed = after([announce()]).when(seal()).then([audio().into()]);
    assert_eq!(sealed.state.agent(), Some(id(3)));
    sealed.when(seal()).then_refused("RECORDING_ALREADY_SEALED");
    sealed.when(pause()).then_refused("RECORDING_STEP_ILLEGAL");
    given::<Recording>([]).when(seal()).then_refused("RECORDING_UNKNOWN");
    after([announce()]).when(announce()).then_refused("RECORDING_ALREADY_EXISTS");
    let unnamed = Command::Seal(Sealed { media_type: " ".to_owned(), ..audio() });
    after([announce()]).when(unnamed).then_refused_at("INPUT_EMPTY", "mediaType");
}

#[test]
fn what_is_not_sealed_is_neither_kept_nor_written_down() {
    let story = after([announce(), Command::Start]);
    story.when(retain(START)).then_refused("RECORDING_NOT_SEALED");
    let text = Transcribed { engine: "whisper 3".to_owned(), language: None, interaction: None };
    story.when(Command::Transcribe(text)).then_refused("RECORDING_NOT_SEALED");
}

#[test]
fn retention_is_extended_and_never_shortened() {
    let story = kept();
    story.when(retain(START)).then_refused_at("RECORDING_RETENTION_SHORTENED", "until");
    story.when(retain(START.plus(YEAR))).then([]);
    let longer = START.plus(YEAR).plus(YEAR);
    story.when(retain(longer)).then([Retained { until: longer }.into()]);
}

#[test]
fn it_is_erased_when_its_time_is_over_and_not_before() {
    for reason in [EraseReason::RetentionOver, EraseReason::PersonErased] {
        kept().when(erase(reason)).then_refused("RECORDING_RETENTION_RUNNING");
        let over = kept().later(YEAR);
        let gone = over.when(erase(reason)).then([Erased { reason }.into()]);
        gone.when(erase(reason)).then([]);
        gone.when(hold("2026-17")).then_refused("RECORDING_ERASED");
    }
    let endless = after([announce(), seal()]);
    endless.when(erase(EraseReason::RetentionOver)).then_refused("RECORDING_RETENTION_RUNNING");
    endless
        .when(erase(EraseReason::PersonErased))
        .then([Erased { reason: EraseReason::PersonErased }.into()]);
}

#[test]
fn what_should_never_have_been_recorded_is_erased_at_once() {
    kept().when(erase(EraseReason::Unlawful)).then([Erased { reason: EraseReason::Unlawful }.into()]);
}

#[test]
fn only_what_has_no_audio_is_abandoned() {
    kept().when(erase(EraseReason::Abandoned)).then_refused("RECORDING_ALREADY_SEALED");
    let abandoned = Erased { reason: EraseReason::Abandoned };
    after([announce(), Command::Start]).when(erase(EraseReason::Abandoned)).then([abandoned.into()]);
}

#[test]
fn nothing_erases_what_a_case_holds() {
    let held = kept().and(hold("2026-17")).and(hold("2026-18")).later(YEAR);
    for reason in EraseReason::ALL {
        held.when(erase(*reason)).then_refused("RECORDING_HELD");
    }
    held.when(hold("2026-17")).then_refused_at("RECORDING_ALREADY_HELD", "case");
    held.when(release("2026-19")).then_refused_at("RECORDING_NOT_HELD", "case");
    let still = held.and(release("2026-17"));
    still.when(erase(EraseReason::RetentionOver)).then_refused("RECORDING_HELD");
    let erased = Erased { reason: EraseReason::RetentionOver };
    still.and(release("2026-18")).when(erase(EraseReason::RetentionOver)).then([erased.into()]);
}

#[test]
fn the_cases_that_hold_it_are_bounded() {
    let full = (0..HOLDS_MAX).fold(kept(), |story, number| story.and(hold(&format!("case {number}"))));
    full.when(hold("one more")).then_refused("RECORDING_HOLDS_TOO_MANY");
    kept().when(hold("")).then_refused_at("INPUT_EMPTY", "case");
}

#[test]
fn every_event_names_call_customer_and_agent() {
    let parties = [Tag::of::<CallId>(id(1)), Tag::of::<CustomerId>(id(2))];
    given::<Recording>([]).when(announce()).tagged(parties.clone());
    let spoke = Tag::of::<AgentId>(id(3));
    after([announce()]).when(seal()).tagged(parties.into_iter().chain([spoke]));
}

#[test]
fn no_history_leaves_the_machine_and_every_step_is_taken() {
    fn pick(state: &Recording, now: Timestamp, number: u32) -> Command {
        match number % 16 {
            _ if state.announced().is_none() => announce(),
            0 | 1 => Command::Start,
            2 => pause(),
            3 | 4 => Command::Resume,
            5 => seal(),
            6 | 7 => Command::Transcribe(Transcribed {
                engine: "whisper 3".to_owned(),
                language: None,
                interaction: None,
            }),
            8 => retain(now.plus(Millis::from_mins(30))),
            9 => hold("2026-17"),
            10 | 11 => release("2026-17"),
            12 if number.is_multiple_of(5) => erase(EraseReason::PersonErased),
            13 if number.is_multiple_of(5) => erase(EraseReason::RetentionOver),
            14 if number.is_multiple_of(7) => erase(EraseReason::Abandoned),
            15 if number.is_multiple_of(11) => erase(EraseReason::Unlawful),
            _ => pause(),
        }
    }
    explore(pick, Recording::state);
}
