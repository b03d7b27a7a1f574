use serde_json::json;
use trunkline_kernel::{CallId, Tag, TaskId};

use super::*;
use crate::testing::{given, id};

fn made() -> Made {
    Made { works: vec![Work::Call(id(2)), Work::Task(id(3))], record: json!({ "format": 1 }) }
}

#[test]
fn a_decision_is_made_once_and_names_its_work() {
    let story = given::<Decision>([]);
    let tags = [Tag::of::<CallId>(id(2)), Tag::of::<TaskId>(id(3))];
    let story = story.when(Command::Make(made())).tagged(tags);
    story.when(Command::Make(made())).then_refused_at("DECISION_ALREADY_MADE", "id");
}

#[test]
fn a_decision_is_about_some_work_and_not_about_everything() {
    let works = |count| vec![Work::Call(id(2)); count];
    for count in [0, WORKS_MAX + 1] {
        let made = Made { works: works(count), ..made() };
        given::<Decision>([]).when(Command::Make(made)).then_refused_at("INPUT_OUT_OF_RANGE", "works");
    }
}

#[test]
fn what_other_models_said_is_kept_once_and_only_of_what_was_decided() {
    let scores = ShadowScores { model: "a".repeat(64).parse().unwrap(), scores: vec![vec![Some(0.5), None]] };
    let shadowed = Shadowed { shadows: vec![scores.clone()] };
    given::<Decision>([]).when(Command::Shadow(shadowed.clone())).then_refused_at("DECISION_UNKNOWN", "id");
    let story = given::<Decision>([Command::Make(made())]);
    for count in [0, SHADOWS_MAX + 1] {
        let many = Shadowed { shadows: vec![scores.clone(); count] };
        story.when(Command::Shadow(many)).then_refused_at("INPUT_OUT_OF_RANGE", "shadows");
    }
    let story = story.when(Command::Shadow(shadowed.clone())).then([shadowed.clone().into()]);
    story.when(Command::Shadow(shadowed)).then([]);
}
