use super::*;
use crate::testing::given;

const FEATURES: FeatureSet = FeatureSet { customer: 1, agent: 2 };

fn hash(digit: char) -> ModelHash {
    digit.to_string().repeat(64).parse().unwrap()
}

fn file(digit: char) -> ModelFile {
    ModelFile { hash: hash(digit), format: ModelFormat::Json, features: FEATURES }
}

fn imported(digit: char) -> Imported {
    let objective = "binary:logistic".to_owned();
    Imported { model: file(digit), bytes: 9, objective, trees: 3, columns: 4 }
}

fn import(digit: char) -> Command {
    Command::Import(imported(digit))
}

fn activate(digit: char) -> Command {
    Command::Activate { model: hash(digit), features: FEATURES, cosine: None, reason: "better".to_owned() }
}

fn blend(digit: char, cosine: f64) -> Command {
    let reason = "steadier".to_owned();
    Command::Activate { model: hash(digit), features: FEATURES, cosine: Some(cosine), reason }
}

fn roll_back() -> Command {
    Command::RollBack { reason: "worse".to_owned() }
}

fn state(models: &Models, digit: char) -> ModelState {
    models.find(hash(digit)).unwrap().0
}

#[test]
fn one_model_scores_and_rolling_back_brings_the_one_before() {
    let story = given::<Models>([import('a'), import('b'), import('c'), activate('a'), activate('b')]);
    story.when(activate('b')).then_refused_at("MODEL_ALREADY_ACTIVE", "model");
    let story = story.and(activate('c'));
    let order: Vec<_> = story.state.fallbacks().map(|scoring| scoring.model.hash).collect();
    assert_eq!(order, [hash('c'), hash('b'), hash('a')]);
    let rolled = RolledBack { model: file('c'), restored: Some(hash('b')), reason: "worse".to_owned() };
    let story = story.when(roll_back()).then([rolled.into()]);
    let states = ['a', 'b', 'c'].map(|digit| state(&story.state, digit));
    assert_eq!(states, [ModelState::Replaced, ModelState::Active, ModelState::Withdrawn]);
    let story = story.and(roll_back()).and(roll_back());
    assert_eq!(story.state.active(), None);
    story.when(roll_back()).then_refused("MODEL_NONE_ACTIVE");
}

#[test]
fn a_model_that_scores_again_stands_in_line_once() {
    let story = given::<Models>([import('a'), import('b'), activate('a'), activate('b'), activate('a')]);
    let order: Vec<_> = story.state.fallbacks().map(|scoring| scoring.model.hash).collect();
    assert_eq!(order, [hash('a'), hash('b')]);
    let story = story.and(roll_back());
    assert_eq!(
        (state(&story.state, 'a'), state(&story.state, 'b')),
        (ModelState::Withdrawn, ModelState::Active)
    );
}

#[test]
fn a_model_is_known_once_and_only_with_its_features_it_scores() {
    let story = given::<Models>([import('a')]);
    story.when(import('a')).then([]);
    story.when(activate('b')).then_refused_at("MODEL_UNKNOWN", "model");
    let later = FeatureSet { agent: 3, ..FEATURES };
    let command =
        Command::Activate { model: hash('a'), features: later, cosine: None, reason: "new".to_owned() };
    story.when(command).then_refused_at("MODEL_OTHER_FEATURES", "model");
    let anew = Imported { model: ModelFile { features: later, ..file('a') }, ..imported('a') };
    let story = story.when(Command::Import(anew.clone())).then([anew.into()]);
    story.when(activate('a')).then_refused("MODEL_OTHER_FEATURES");
    let silent =
        Command::Activate { model: hash('a'), features: later, cosine: None, reason: " ".to_owned() };
    story.when(silent).then_refused_at("INPUT_EMPTY", "reason");
}

#[test]
fn a_hash_is_read_in_one_spelling_only() {
    assert_eq!(hash('7').to_string(), "7".repeat(64));
    for text in ["", "7f", &"7".repeat(63), &"F".repeat(64), &"é".repeat(32)] {
        assert_eq!(text.parse::<ModelHash>(), Err(InvalidHash), "{text}");
    }
}

#[test]
fn rolling_back_brings_the_blend_before_whether_of_the_same_model_or_of_another() {
    let story = given::<Models>([import('a'), import('b'), blend('a', 0.3), activate('b'), blend('a', 0.5)]);
    story.when(blend('a', 0.5)).then_refused_at("MODEL_ALREADY_ACTIVE", "model");
    for impossible in [0.0, 1.0, -0.5, f64::NAN] {
        story.when(blend('b', impossible)).then_refused_at("INPUT_OUT_OF_RANGE", "cosine");
    }
    let scoring = |story: &crate::testing::Story<Models>| {
        story.state.active().map(|scoring| (scoring.model.hash, scoring.cosine))
    };
    assert_eq!(scoring(&story), Some((hash('a'), Some(0.5))));
    let story = story.and(roll_back());
    assert_eq!(scoring(&story), Some((hash('b'), None)));
    assert_eq!(state(&story.state, 'a'), ModelState::Replaced, "its other blend would score again");
    let story = story.and(roll_back());
    assert_eq!(scoring(&story), Some((hash('a'), Some(0.3))));
    let story = story.and(activate('a')).and(roll_back());
    assert_eq!(
        (scoring(&story), state(&story.state, 'a')),
        (Some((hash('a'), Some(0.3))), ModelState::Active)
    );
    let ever: Vec<_> = story.state.blends().map(|scoring| scoring.cosine).collect();
    assert_eq!(ever, [Some(0.5), Some(0.3)]);
}
