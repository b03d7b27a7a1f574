//! What a pairing is worth beside its score, and why agents were set aside, in words for an agent.

use super::{Candidate, Policy, Reason};
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

impl Reason {
    /// Why an agent was set aside, as a short sentence.
    pub fn told(self, language: Language) -> &'static str {
        let (en, zh) = match self {
            Self::Capacity => ("can take no more work now", "当前无法承接更多业务"),
            Self::Shift => ("is out of shift", "不在班次时间内"),
            Self::DoNotPair => ("must not be paired with the customer", "禁止与该客户匹配"),
            Self::Licence => ("has no valid licence of those that are asked for", "缺少所需的有效执业资格"),
            Self::Language => ("speaks none of the languages", "不会所需语言"),
            Self::Skill => ("lacks a skill or its level", "技能或等级不符"),
            Self::Team => ("is in another team", "不属于所需团队"),
            Self::Patience => ("is not the agent whom the customer waits for", "客户正在等待指定坐席"),
        };
        match language {
            Language::En => en,
            Language::Zh => zh,
        }
    }
}
