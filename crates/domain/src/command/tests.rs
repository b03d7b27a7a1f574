use serde_json::json;

use super::*;
use crate::testing::given;

fn answered(fingerprint: &str) -> Answered {
    Answered { fingerprint: fingerprint.into(), answer: json!({ "position": 7 }) }
}

#[test]
fn the_first_answer_stands_and_is_given_again() {
    let story = given::<KeyedCommand>([]);
    assert_eq!(story.state.first_answer("a"), Ok(None));
    let story = story.when(Command::Answer(answered("a"))).then([answered("a").into()]);
    assert_eq!(story.state.first_answer("a"), Ok(Some(&json!({ "position": 7 }))));
    story.when(Command::Answer(answered("a"))).then_refused("COMMAND_ALREADY_ANSWERED");
}

#[test]
fn a_key_that_was_used_for_something_else_is_refused() {
    let story = given::<KeyedCommand>([Command::Answer(answered("a"))]);
    assert_eq!(story.state.first_answer("b"), Err(Refusal::KeyReused));
    story.when(Command::Answer(answered("b"))).then_refused_at("IDEMPOTENCY_KEY_REUSED", "idempotencyKey");
}
