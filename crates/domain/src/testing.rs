//! Given, when, then: how the rules are tested.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Mutex;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use trunkline_kernel::{Aggregate, Id, Millis, Refusal as _, State, StoredEvent, Tag, Timestamp};
use uuid::Uuid;

/// When every story begins: 2026-01-31T09:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_769_850_000_000);

/// The id of that number; small numbers make the parties of a story.
pub(crate) fn id<I: Id>(number: u128) -> I {
    I::from_uuid(Uuid::from_u128(number))
}

/// An aggregate at a moment, brought there by commands.
#[derive(Clone)]
pub(crate) struct Story<A: Aggregate> {
    pub(crate) state: A,
    pub(crate) now: Timestamp,
}

/// What a command led to.
pub(crate) struct Outcome<A: Aggregate> {
    answer: Result<Vec<A::Event>, A::Refusal>,
    tags: Vec<Vec<Tag>>,
    story: Story<A>,
}

/// An aggregate after commands that are in order.
#[track_caller]
pub(crate) fn given<A: Aggregate>(commands: impl IntoIterator<Item = A::Command>) -> Story<A> {
    let story = Story { state: A::default(), now: START };
    commands.into_iter().fold(story, |story, command| story.and(command))
}

impl<A: Aggregate> Story<A> {
    /// Some time passes.
    pub(crate) fn later(mut self, length: Millis) -> Self {
        self.now = self.now.plus(length);
        self
    }

    /// A further command, which is in order.
    #[track_caller]
    pub(crate) fn and(self, command: A::Command) -> Self {
        let outcome = self.when(command);
        if let Err(refusal) = &outcome.answer {
            panic!("a command that leads up to the test was refused: {refusal}");
        }
        outcome.story
    }

    /// The command that the test is about.
    pub(crate) fn when(&self, command: A::Command) -> Outcome<A> {
        let mut story = self.clone();
        let answer = self.state.decide(self.now, command);
        let mut tags = Vec::new();
        for event in answer.iter().flatten() {
            story.state.evolve(self.now, event);
            tags.push(story.state.tags(event));
        }
        Outcome { answer, tags, story }
    }
}

impl<A: Aggregate> Outcome<A> {
    /// It led to exactly these events.
    #[track_caller]
    pub(crate) fn then(self, expected: impl IntoIterator<Item = A::Event>) -> Story<A> {
        match self.answer {
            Ok(events) => assert_eq!(events, expected.into_iter().collect::<Vec<_>>()),
            Err(refusal) => panic!("refused: {refusal}"),
        }
        self.story
    }

    /// It was refused with this code, and nothing happened.
    #[track_caller]
    pub(crate) fn then_refused(self, code: &str) -> Story<A> {
        match self.answer {
            Ok(events) => panic!("not refused with {code}, but: {events:?}"),
            Err(refusal) => assert_eq!(refusal.code(), code, "{refusal}"),
        }
        self.story
    }

    /// It was refused with this code, about this field.
    #[track_caller]
    pub(crate) fn then_refused_at(self, code: &str, field: &str) -> Story<A> {
        let named = self.answer.as_ref().err().and_then(trunkline_kernel::Refusal::field);
        assert_eq!(named, Some(field), "of {code}");
        self.then_refused(code)
    }

    /// Its last event carries exactly these tags, in any order.
    #[track_caller]
    pub(crate) fn tagged(self, expected: impl IntoIterator<Item = Tag>) -> Story<A> {
        let tags: BTreeSet<Tag> = self.tags.last().into_iter().flatten().cloned().collect();
        assert_eq!(tags, expected.into_iter().collect());
        self.story
    }
}

/// How many random histories are tried, and how many commands each has at most.
const HISTORIES: u32 = 400;
const COMMANDS_MAX: usize = 120;
/// How much time passes before each command, chosen by a random number.
const WAITS: [Millis; 6] =
    [Millis::ZERO, Millis::ZERO, Millis(500), Millis(500), Millis::from_secs(40), Millis::from_mins(90)];

/// Tries random histories, the same in every run, and shows that
/// - no command leads to a step that the machine does not declare,
/// - events outside the machine do not move it,
/// - events written and read again replay to the same state,
/// - every declared step is taken in some history.
///
/// `pick` makes a command from a random number and may look at the state, so that tokens and ids often fit.
pub(crate) fn explore<A, S>(pick: fn(&A, Timestamp, u32) -> A::Command, state: fn(&A) -> S)
where
    A: Aggregate,
    S: State,
{
    let taken = Mutex::new(Vec::new());
    let config = Config { cases: HISTORIES, failure_persistence: None, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let outcome = TestRunner::new_with_rng(config, random).run(
        &vec((0..WAITS.len(), any::<u32>()), 1..COMMANDS_MAX),
        |choices| {
            let mut history = History { state: A::default(), events: Vec::new(), taken: Vec::new() };
            let mut now = START;
            for (wait, number) in choices {
                now = now.plus(WAITS[wait]);
                let command = pick(&history.state, now, number);
                history.command(now, command, state)?;
            }
            history.check_replay()?;
            taken.lock().unwrap().extend(history.taken);
            Ok(())
        },
    );
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let taken = taken.into_inner().unwrap();
    for step in S::MACHINE.transitions {
        let reached = taken.contains(&(step.from, step.on, step.to));
        assert!(reached, "no history took {:?} --{}--> {:?}", step.from, step.on, step.to);
    }
}

struct History<A: Aggregate, S> {
    state: A,
    events: Vec<(Timestamp, A::Event)>,
    taken: Vec<(S, &'static str, S)>,
}

impl<A: Aggregate, S: State> History<A, S> {
    fn command(
        &mut self,
        now: Timestamp,
        command: A::Command,
        state: fn(&A) -> S,
    ) -> Result<(), TestCaseError> {
        let Ok(events) = self.state.decide(now, command) else { return Ok(()) };
        for event in events {
            let before = state(&self.state);
            self.state.evolve(now, &event);
            let after = state(&self.state);
            let event_type = event.event_type();
            let verb = event_type.as_str().split_once('.').map_or("", |(_, verb)| verb);
            match S::MACHINE.transitions.iter().find(|step| step.on == verb) {
                Some(known) => {
                    let step = (before, known.on, after);
                    let declared = S::MACHINE.step(before, known.on);
                    proptest::prop_assert_eq!(declared, Ok(after), "undeclared step {:?}", step);
                    if !self.taken.contains(&step) {
                        self.taken.push(step);
                    }
                }
                None => proptest::prop_assert_eq!(before, after, "{} moved the machine", verb),
            }
            self.events.push((now, event));
        }
        Ok(())
    }

    fn check_replay(&self) -> Result<(), TestCaseError> {
        let mut replayed = A::default();
        for (at, event) in &self.events {
            let payload = event.payload().map_err(|error| TestCaseError::fail(error.to_string()))?;
            let event_type = event.event_type();
            let read = A::Event::decode(event_type.as_str(), payload.as_str())
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            proptest::prop_assert_eq!(&read, event);
            replayed.evolve(*at, &read);
        }
        proptest::prop_assert_eq!(told(&replayed), told(&self.state));
        Ok(())
    }
}

fn told<T: Debug>(state: &T) -> String {
    format!("{state:?}")
}

#[test]
fn machines_step_on_declared_events_only_and_reach_every_state() {
    fn check<S: State>(category: &str, declared: &[crate::EventDeclaration]) {
        for step in S::MACHINE.transitions {
            let name = format!("{category}.{}", step.on);
            assert!(declared.iter().any(|event| event.name == name), "{name} is no event");
            let same: Vec<_> =
                S::MACHINE.transitions.iter().filter(|s| s.from == step.from && s.on == step.on).collect();
            assert_eq!(same.len(), 1, "{:?} has two steps on {}", step.from, step.on);
        }
        for state in S::ALL {
            let entered = S::MACHINE.initial == *state
                || S::MACHINE.transitions.iter().any(|step| step.to == *state && step.from != *state);
            assert!(entered, "nothing leads to {state:?}");
            assert_eq!(S::named(state.name()), Some(*state));
            assert!(state.meaning().ends_with('.'), "{state:?} has no meaning");
        }
    }
    check::<crate::agent::Presence>("agent", crate::agent::Event::DECLARED);
    check::<crate::call::CallState>("call", crate::call::Event::DECLARED);
    check::<crate::campaign::CampaignState>("campaign", crate::campaign::Event::DECLARED);
    check::<crate::customer::ConsentState>("customer", crate::customer::Event::DECLARED);
    check::<crate::lead::LeadState>("lead", crate::lead::Event::DECLARED);
    check::<crate::model::ModelState>("model", crate::model::Event::DECLARED);
    check::<crate::recording::RecordingState>("recording", crate::recording::Event::DECLARED);
    check::<crate::reservation::ReservationState>("reservation", crate::reservation::Event::DECLARED);
    check::<crate::rights_request::RightsRequestState>(
        "rights_request",
        crate::rights_request::Event::DECLARED,
    );
    check::<crate::routing::RoutingState>("routing", crate::routing::Event::DECLARED);
    check::<crate::task::TaskState>("task", crate::task::Event::DECLARED);
}
