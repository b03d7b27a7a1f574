//! What a pairing is worth beside its score, in words for an agent.

use super::{Candidate, Policy};
use crate::score::Language;

/// Why a candidate is worth more than the score says, as short sentences.
pub fn told(policy: &Policy, candidate: &Candidate, language: Language) -> Vec<String> {
    let known = policy.familiarity * candidate.familiarity.clamp(0.0, 1.0);
    let preferred = if candidate.preferred { policy.preferred } else { 0.0 };
    let words = match language {
        Language::En => ["the customer should get this agent", "the agent knows the customer"],
        Language::Zh => ["该客户应由此坐席服务", "坐席熟悉该客户"],
    };
    let amounts = [preferred, known].into_iter().zip(words);
    let sentence = |(amount, why): (f32, &str)| match language {
        Language::En => format!("{why} ({amount:+.3})"),
        Language::Zh => format!("{why}（{amount:+.3}）"),
    };
    amounts.filter(|(amount, _)| *amount > 0.0).map(sentence).collect()
}
