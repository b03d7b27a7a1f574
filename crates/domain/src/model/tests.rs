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
    let name = Some("match.ubj".to_owned());
    Imported { model: file(digit), name, bytes: 9, objective, trees: 3, columns: 4 }
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

fn measured(digit: char, minute: i64, beyond: bool) -> Measured {
    let at = crate::testing::START.plus(trunkline_kernel::Millis::from_mins(minute));
    let reading = Reading { figure: DriftFigure::Scores, value: 0.3, limit: 0.25, beyond };
    Measured {
        model: file(digit),
        cosine: None,
        since: at,
        until: at,
        decisions: 300,
        compared_with: 500,
        readings: vec![reading],
        columns: Vec::new(),
        auc: None,
    }
}

#[test]
fn what_scores_is_measured_and_newer_figures_cross_what_was_known() {
    let story = given::<Models>([import('a'), import('b'), activate('a')]);
    story.when(Command::Measure(measured('b', 1, true))).then([]);
    let first = measured('a', 1, true);
    let story = story.when(Command::Measure(first.clone())).then([first.clone().into()]);
    story.when(Command::Measure(measured('a', 1, false))).then([]);
    assert_eq!(first.crossings(None).count(), 1);
    let later = measured('a', 2, true);
    assert_eq!(later.crossings(story.state.measured()).count(), 0, "still beyond is no crossing");
    let over = measured('a', 3, false);
    assert_eq!(over.crossings(story.state.measured()).count(), 1, "well again is one");
    let story = story.and(Command::Measure(over)).and(activate('b'));
    assert_eq!(story.state.measured(), None, "what scores now was not measured");
}

#[test]
fn a_few_models_score_beside_the_one_that_decides_until_they_decide_themselves() {
    let shadow = |digit| Command::Shadow { model: hash(digit), features: FEATURES, reason: "new".to_owned() };
    let unshadow = |digit| Command::Unshadow { model: hash(digit), reason: "seen enough".to_owned() };
    let story = given::<Models>(['a', 'b', 'c', 'd', 'e'].map(import)).and(activate('a'));
    story.when(shadow('a')).then_refused_at("MODEL_ALREADY_ACTIVE", "model");
    story.when(unshadow('b')).then_refused_at("MODEL_NOT_SHADOW", "model");
    let later = FeatureSet { agent: 3, ..FEATURES };
    let other = Command::Shadow { model: hash('b'), features: later, reason: "new".to_owned() };
    story.when(other).then_refused_at("MODEL_OTHER_FEATURES", "model");
    let story = story.and(shadow('b')).and(shadow('c')).and(shadow('d'));
    story.when(shadow('b')).then([]);
    story.when(shadow('e')).then_refused("MODEL_SHADOWS_MANY");
    let shadows = |story: &crate::testing::Story<Models>| -> Vec<ModelHash> {
        story.state.shadows().map(|model| model.hash).collect()
    };
    let story = story.and(activate('c')).and(unshadow('d')).and(shadow('a'));
    assert_eq!(shadows(&story), [hash('a'), hash('b')]);
    let story = story.and(roll_back());
    assert_eq!(shadows(&story), [hash('b')], "what scores again scores beside nothing");
}
