use super::*;

fn schema(features: &[(&str, Encoder)]) -> Result<Schema, InvalidSchema> {
    let features =
        features.iter().map(|(name, encoder)| Feature { name: (*name).to_owned(), encoder: encoder.clone() });
    Declaration { of: "customer".to_owned(), version: 1, features: features.collect() }.try_into()
}

fn one_hot(categories: &[&str]) -> Encoder {
    Encoder::OneHot { categories: categories.iter().map(ToString::to_string).collect() }
}

fn encoded(encoder: Encoder, value: Option<Value>) -> Vec<f32> {
    let schema = schema(&[("x", encoder)]).unwrap();
    schema.encode(&value.map(|value| ("x".to_owned(), value)).into_iter().collect())
}

#[test]
fn each_encoder_gives_the_numbers_that_it_says() {
    let number = |x| Some(Value::Number(x));
    assert_eq!(encoded(Encoder::Plain, number(2.5)), [2.5]);
    assert_eq!(encoded(Encoder::Plain, Some(Value::Flag(true))), [1.0]);
    assert_eq!(encoded(Encoder::Log, number(std::f64::consts::E - 1.0)), [1.0]);
    assert_eq!(encoded(Encoder::Log, number(1.0 - std::f64::consts::E)), [-1.0]);
    let standardised = Encoder::Standardised { mean: 10.0, deviation: 2.0 };
    assert_eq!(encoded(standardised.clone(), number(13.0)), [1.5]);
    assert_eq!(encoded(standardised, number(1e9)), [10.0]);
    let bucket = Encoder::Bucket { edges: vec![1.0, 7.0, 30.0, 90.0] };
    assert_eq!(encoded(bucket.clone(), number(0.5)), [0.0]);
    assert_eq!(encoded(bucket.clone(), number(7.0)), [0.5]);
    assert_eq!(encoded(bucket, number(1e6)), [1.0]);
    let text = Some(Value::Text("retail".to_owned()));
    assert_eq!(encoded(one_hot(&["bank", "retail"]), text), [0.0, 1.0]);
    assert_eq!(encoded(one_hot(&["1", "2"]), number(2.0)), [0.0, 1.0]);
}

#[test]
fn what_is_missing_is_missing_and_no_infinity_comes_through() {
    assert!(encoded(Encoder::Plain, None)[0].is_nan());
    assert!(encoded(Encoder::Log, Some(Value::Text("many".to_owned())))[0].is_nan());
    assert!(encoded(Encoder::Bucket { edges: vec![1.0] }, None)[0].is_nan());
    assert!(encoded(Encoder::Plain, Some(Value::Number(f64::INFINITY)))[0].is_nan());
    assert_eq!(encoded(Encoder::Plain, Some(Value::Number(1e300))), [f32::MAX]);
    assert_eq!(encoded(one_hot(&["a", "b"]), None), [0.0, 0.0]);
}

#[test]
fn hashing_is_the_same_for_ever_and_spreads() {
    let of = |text: &str| encoded(Encoder::Hashing { slots: 16 }, Some(Value::Text(text.to_owned())));
    assert_eq!(of("fund-7"), of("fund-7"));
    assert_eq!(of("fund-7").iter().map(|x| x.abs()).sum::<f32>(), 1.0);
    let slots: BTreeSet<_> =
        (0..200).map(|n| of(&format!("fund-{n}")).iter().position(|x| *x != 0.0)).collect();
    assert_eq!(slots.len(), 16);
}

#[test]
fn columns_are_named_and_a_schema_survives_being_written_down() {
    let schema = schema(&[("value", Encoder::Log), ("industry", one_hot(&["bank", "retail"]))]).unwrap();
    assert_eq!(schema.columns(), ["value", "industry=bank", "industry=retail"]);
    assert_eq!(schema.column("industry=retail"), Some(2));
    let text = serde_json::to_string(&schema).unwrap();
    assert_eq!(serde_json::from_str::<Schema>(&text).unwrap(), schema);
    let toml =
        "of = \"agent\"\nversion = 3\n[[features]]\nname = \"load\"\nencoder = \"bucket\"\nedges = [1.0]";
    assert_eq!(toml::from_str::<Schema>(toml).unwrap().version(), 3);
}

#[test]
fn impossible_declarations_are_refused_with_the_reason() {
    let twice = schema(&[("x", Encoder::Plain), ("x", Encoder::Log)]);
    assert_eq!(twice, Err(InvalidSchema::Twice("x".to_owned())));
    for encoder in [
        Encoder::Standardised { mean: 0.0, deviation: 0.0 },
        Encoder::Bucket { edges: vec![2.0, 1.0] },
        Encoder::Bucket { edges: vec![] },
        one_hot(&[]),
        Encoder::Hashing { slots: 0 },
    ] {
        let refused = schema(&[("x", encoder)]);
        assert!(matches!(refused, Err(InvalidSchema::Encoder { .. })), "{refused:?}");
    }
    let wide: Vec<_> = (0..5).map(|_| Encoder::Hashing { slots: 1_024 }).collect();
    let named: Vec<_> = wide.into_iter().zip(["a", "b", "c", "d", "e"]).map(|(e, name)| (name, e)).collect();
    assert!(matches!(schema(&named), Err(InvalidSchema::TooWide(_))));
}

#[test]
fn small_samples_are_drawn_to_the_team_and_large_ones_stand() {
    let team: Vec<Sample> =
        [(10, 100), (30, 100), (20, 100), (40, 100)].map(|(hits, n)| Sample::rate(hits, n)).into();
    let shrinkage = Shrinkage::of(&team).unwrap();
    assert!((shrinkage.mean - 0.25).abs() < 1e-12);
    // By hand: within = Σ 100 p(1-p) / 396 = 70 / 396; apart = 100 (.15² + .05² + .05² + .15²) = 5;
    // between = (5 - 3 · 70/396) / (400 - 100) = 4.469697 / 300; k = 0.1767677 / 0.01489899 = 11.8644.
    assert!((shrinkage.strength - 11.864_406_8).abs() < 1e-6, "{}", shrinkage.strength);
    assert!((shrinkage.shrunk(Sample::rate(1, 1)) - (0.25 + 0.75 / 12.864_406_8)).abs() < 1e-6);
    assert!((shrinkage.shrunk(Sample::rate(400, 1_000)) - 0.4).abs() < 0.002);
    assert!((shrinkage.shrunk(Sample::default()) - 0.25).abs() < 1e-12);
}

#[test]
fn agents_who_do_not_differ_all_get_the_teams_mean() {
    let team = [Sample::rate(20, 100), Sample::rate(21, 100), Sample::rate(19, 100)];
    let shrinkage = Shrinkage::of(&team).unwrap();
    assert!(shrinkage.strength.is_infinite());
    assert!((shrinkage.shrunk(Sample::rate(5, 5)) - 0.2).abs() < 1e-12);
    assert_eq!(Shrinkage::of(&[Sample::default()]), None);
    let one = Shrinkage::of(&[Sample::rate(1, 1)]).unwrap();
    assert!((one.shrunk(Sample::rate(1, 1)) - 1.0).abs() < 1e-12);
}
