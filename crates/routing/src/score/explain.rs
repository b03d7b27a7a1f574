//! Why a score is what it is, in numbers for an auditor and in words for an agent.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// What contributions add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scale {
    /// The score itself.
    Score,
    /// Log-odds, of which the score is the probability.
    LogOdds,
}

/// What one feature added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contribution {
    /// The feature; `customer.` or `agent.` before it says whose, unless it is of both.
    pub feature: String,
    /// How much it added; negative when it took away.
    pub amount: f64,
}

/// One scorer's part of a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Term {
    /// The scorer.
    pub hash: crate::Hash,
    /// What its score is multiplied with in the whole.
    pub weight: f64,
    /// Its score.
    pub score: f64,
    /// What the contributions are in.
    pub scale: Scale,
    /// What a customer and an agent of whom nothing is known have; base and contributions add up to the score,
    /// in the scale.
    pub base: f64,
    /// What each feature added; features that added nothing are left out.
    pub contributions: Vec<Contribution>,
}

/// Why a score is what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Each scorer's part.
    pub terms: Vec<Term>,
}

/// A language in which agents are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// Chinese.
    Zh,
}

impl Explanation {
    /// The weightiest reasons, at most `most`, as short sentences.
    pub fn sentences(&self, language: Language, most: usize) -> Vec<String> {
        let mut reasons: Vec<(f64, &str)> = self
            .terms
            .iter()
            .flat_map(|term| term.contributions.iter().map(move |part| (term.weight, part)))
            .map(|(weight, part)| (weight * part.amount, part.feature.as_str()))
            .collect();
        let weight = |amount: f64| if amount.is_nan() { 0.0 } else { amount.abs() };
        reasons.sort_by(|a, b| {
            weight(b.0).partial_cmp(&weight(a.0)).unwrap_or(Ordering::Equal).then_with(|| a.1.cmp(b.1))
        });
        reasons.into_iter().take(most).map(|(amount, feature)| sentence(language, amount, feature)).collect()
    }
}

fn sentence(language: Language, amount: f64, feature: &str) -> String {
    let (whose, name) = match feature.split_once('.') {
        Some((whose @ ("customer" | "agent"), name)) => (whose, name),
        Some(_) | None => ("both", feature),
    };
    match language {
        Language::En => {
            let effect = if amount < 0.0 { "speaks against" } else { "speaks for" };
            let of = match whose {
                "customer" => "the customer's ",
                "agent" => "the agent's ",
                _ => "the match in ",
            };
            format!("{of}{name} {effect} this pairing ({amount:+.3})")
        }
        Language::Zh => {
            let effect = if amount < 0.0 { "不利于" } else { "有利于" };
            let of = match whose {
                "customer" => "客户的",
                "agent" => "坐席的",
                _ => "双方匹配项",
            };
            format!("{of}{name}{effect}本次匹配（{amount:+.3}）")
        }
    }
}
