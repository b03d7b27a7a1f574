use trunkline_kernel::{AgentId, CallId, CustomerId, Tag};

use super::*;
use crate::testing::{given, id};
use crate::words::{Channel, Direction, Insight};

fn recorded() -> Recorded {
    Recorded {
        customer: id(1),
        channel: Channel::Chat,
        direction: Direction::Inbound,
        agent: Some(id(2)),
        call: Some(id(3)),
        subject: None,
        text: Some("how much?".to_owned().into()),
        attributes: Default::default(),
    }
}

fn annotated(intent: &str) -> Annotated {
    Annotated { insight: Insight { intent: Some(intent.into()), ..Insight::default() } }
}

#[test]
fn an_interaction_is_recorded_once_and_understood_as_often_as_wanted() {
    let story = given::<Interaction>([]).when(Command::Record(recorded())).then([recorded().into()]);
    story.when(Command::Record(recorded())).then_refused("INTERACTION_ALREADY_EXISTS");
    let story = story.when(Command::Annotate(annotated("price"))).then([annotated("price").into()]);
    story.when(Command::Annotate(annotated("order"))).then([annotated("order").into()]);
    given::<Interaction>([]).when(Command::Annotate(annotated("price"))).then_refused("INTERACTION_UNKNOWN");
}

#[test]
fn what_is_too_long_is_refused_by_its_field() {
    let text = Some("x".repeat(limits::TEXT_BYTES_MAX + 1).into());
    let long = Command::Record(Recorded { text, ..recorded() });
    given::<Interaction>([]).when(long).then_refused_at("INPUT_TOO_LONG", "text");
    let story = given::<Interaction>([Command::Record(recorded())]);
    story.when(Command::Annotate(annotated(""))).then_refused_at("INPUT_EMPTY", "intent");
}

#[test]
fn every_event_names_customer_agent_and_call() {
    let parties = [Tag::of::<CustomerId>(id(1)), Tag::of::<AgentId>(id(2)), Tag::of::<CallId>(id(3))];
    let story = given::<Interaction>([]).when(Command::Record(recorded())).tagged(parties.clone());
    story.when(Command::Annotate(annotated("price"))).tagged(parties);
}
