use std::collections::BTreeMap;

use super::*;
use crate::features::{Declaration, Encoder, Feature, Schema};

fn schema(of: &str, columns: &[&str]) -> Schema {
    let feature = |name: &&str| Feature { name: (*name).to_owned(), encoder: Encoder::Plain };
    let features = columns.iter().map(feature).collect();
    Declaration { of: of.to_owned(), version: 1, features }.try_into().unwrap()
}

fn table(rows: &[&[f32]]) -> Table {
    let mut table = Table::new(rows[0].len());
    rows.iter().for_each(|row| table.push(row));
    table
}

fn cosine(weights: &[(&str, f32)]) -> Result<Cosine, InvalidCosine> {
    let weights: BTreeMap<String, f32> = weights.iter().map(|(name, w)| ((*name).to_owned(), *w)).collect();
    Cosine::new(
        &schema("customer", &["age", "fund", "loan"]),
        &schema("agent", &["loan", "fund", "load"]),
        &weights,
    )
}

#[test]
fn the_cosine_is_of_the_shared_columns() {
    let agents = table(&[&[1.0, 0.0, 9.0], &[0.0, 2.0, 9.0], &[3.0, 4.0, 0.0], &[0.0, 0.0, 1.0]]);
    let scores = cosine(&[]).unwrap().score(&[50.0, 4.0, 3.0], &agents, &[0, 1, 2, 3]);
    for (score, exact) in scores.iter().zip([0.6, 0.8, 1.0, 0.0]) {
        assert!((score - exact).abs() < 1e-6, "{score} and {exact}");
    }
    let weighed = cosine(&[("fund", 0.0)]).unwrap().score(&[50.0, 4.0, 3.0], &agents, &[2, 1]);
    assert!((weighed[0] - 1.0).abs() < 1e-6 && weighed[1] == 0.0, "{weighed:?}");
}

#[test]
fn a_wide_cosine_is_what_it_is_by_hand() {
    let names: Vec<String> = (0..19).map(|n| format!("x{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let both = schema("customer", &names);
    let scorer = Cosine::new(&both, &both, &BTreeMap::new()).unwrap();
    let c: Vec<f32> = (0..19_u8).map(|n| f32::from(n) * 0.7 - 5.0).collect();
    let a: Vec<f32> = (0..19_u8).map(|n| f32::from(n % 5) - 1.5).collect();
    let sum = |f: &dyn Fn(usize) -> f64| (0..19).map(f).sum::<f64>();
    let exact = sum(&|n| f64::from(c[n] * a[n]))
        / (sum(&|n| f64::from(c[n]).powi(2)) * sum(&|n| f64::from(a[n]).powi(2))).sqrt();
    let score = scorer.score(&c, &table(&[&a]), &[0])[0];
    assert!((f64::from(score) - exact).abs() < 1e-6);
}

#[test]
fn what_is_missing_counts_as_nothing() {
    let agents = table(&[&[f32::NAN, 2.0, f32::NAN]]);
    let score = cosine(&[]).unwrap().score(&[f32::NAN, 4.0, f32::NAN], &agents, &[0])[0];
    assert!((score - 1.0).abs() < 1e-6);
}

#[test]
fn the_terms_of_a_cosine_add_up_to_it() {
    let scorer = cosine(&[("loan", 2.0)]).unwrap();
    let (customer, agent) = ([1.0, 2.0, 3.0], [0.5, -1.0, 4.0]);
    let explanation = scorer.explain(&customer, &agent);
    let term = &explanation.terms[0];
    let score = f64::from(scorer.score(&customer, &table(&[&agent]), &[0])[0]);
    let sum: f64 = term.contributions.iter().map(|part| part.amount).sum();
    assert!((sum - score).abs() < 1e-6 && (term.score - score).abs() < 1e-6);
    let words = explanation.sentences(Language::En, 5);
    assert_eq!(words.len(), 2);
    assert!(words[0].starts_with("the match in loan speaks for") || words[0].contains("fund"), "{words:?}");
}

#[test]
fn impossible_cosines_are_refused() {
    assert_eq!(cosine(&[("age", 1.0)]).unwrap_err(), InvalidCosine::UnknownColumn("age".into()));
    assert_eq!(cosine(&[("loan", -1.0)]).unwrap_err(), InvalidCosine::Weight("loan".into()));
    let apart = Cosine::new(&schema("customer", &["a"]), &schema("agent", &["b"]), &BTreeMap::new());
    assert_eq!(apart.unwrap_err(), InvalidCosine::NothingShared);
}

#[test]
fn a_blend_adds_its_parts_and_explains_each() {
    let part = |column: &str, weight, unit| {
        let weights = BTreeMap::from([(column.to_owned(), 0.0)]);
        let both = schema("customer", &["fund", "loan"]);
        Part { scorer: std::sync::Arc::new(Cosine::new(&both, &both, &weights).unwrap()), weight, unit }
    };
    let blend = Blend::new(vec![part("fund", 3.0, 1.0), part("loan", 1.0, 2.0)]).unwrap();
    // Without `fund` the vectors point the same way (1), without `loan` the opposite way (-1).
    let (customer, agent) = ([1.0, 1.0], [-2.0, 5.0]);
    let score = blend.score(&customer, &table(&[&agent]), &[0])[0];
    assert!((score - (0.75 - 0.25 / 2.0)).abs() < 1e-6, "{score}");
    let terms = blend.explain(&customer, &agent).terms;
    let sum: f64 = terms.iter().map(|term| term.weight * term.score).sum();
    assert!((sum - f64::from(score)).abs() < 1e-6);
    assert_ne!(terms[0].hash, terms[1].hash);
    assert_eq!(Blend::new(vec![]).unwrap_err(), InvalidBlend::Empty);
    assert_eq!(Blend::new(vec![part("fund", 0.0, 1.0)]).unwrap_err(), InvalidBlend::Empty);
    assert_eq!(Blend::new(vec![part("fund", f32::NAN, 1.0)]).unwrap_err(), InvalidBlend::Weight(0));
    assert_eq!(Blend::new(vec![part("fund", 1.0, 0.0)]).unwrap_err(), InvalidBlend::Unit(0));
}

#[test]
fn another_declaration_is_another_hash() {
    let (plain, weighed) = (cosine(&[]).unwrap(), cosine(&[("loan", 2.0)]).unwrap());
    assert_ne!(plain.hash(), weighed.hash());
    assert_eq!(plain.hash(), cosine(&[]).unwrap().hash());
}
