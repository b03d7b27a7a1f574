//! What refusals say to people, in their language.

use crate::limits::InvalidInput;
use crate::{
    access_policy, agent, alert, call, campaign, command, contact, customer, decision, demand, dialer, grant,
    identifier, interaction, lead, listing, model, recording, reservation, rights_request, routing, task,
    token,
};

/// A language that agents and supervisors read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// The first language of an `Accept-Language` header or a BCP 47 tag that is spoken here; English when
    /// there is none.
    pub fn preferred(header: &str) -> Self {
        let spoken = |tag: &str| {
            let primary = tag.split([';', '-', '_']).next().unwrap_or_default().trim();
            match primary.to_ascii_lowercase().as_str() {
                "zh" => Some(Self::Chinese),
                "en" => Some(Self::English),
                _ => None,
            }
        };
        header.split(',').find_map(spoken).unwrap_or(Self::English)
    }
}

/// The first line of every page made of a declaration; pages without it are somebody else's.
pub(crate) const WRITTEN: &str = "<!-- Written by `cargo xtask schema`. -->";

/// What is declared of a refusal. Its page under `schema/errors` is made of this.
#[derive(Clone, Copy, Debug)]
pub struct RefusalDeclaration {
    /// The stable code, `CALL_NOT_RINGING`.
    pub code: &'static str,
    /// The input field that it is about, when it is about one.
    pub field: Option<&'static str>,
    /// When it happens.
    pub cause: &'static str,
    /// What is wrong, in English.
    pub en: &'static str,
    /// What to do, in English.
    pub remedy: &'static str,
    /// What is wrong and what to do, in Chinese.
    pub zh: &'static str,
}

impl RefusalDeclaration {
    /// What is wrong and what to do.
    pub fn text(&self, language: Language) -> String {
        match language {
            Language::English => format!("{}: {}", self.en, self.remedy),
            Language::Chinese => self.zh.to_owned(),
        }
    }

    /// The page about it, in Markdown.
    pub fn page(&self) -> String {
        let Self { code, cause, en, remedy, zh, .. } = self;
        let cause = cause.trim_start();
        let field = self.field.map_or(String::new(), |field| format!("**Field.** `{field}`\n\n"));
        format!(
            "{WRITTEN}\n# {code}\n\n> {en}: {remedy}\n>\n> {zh}\n\n{field}**Cause.** {cause}\n\n**Remedy.** {}.\n",
            capitalised(remedy)
        )
    }
}

/// The field of a declaration that has none or one.
pub(crate) const fn first(fields: &[&'static str]) -> Option<&'static str> {
    match fields {
        [field, ..] => Some(field),
        [] => None,
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// What the ways in refuse before a command reaches an aggregate.
const AT_THE_EDGE: &[RefusalDeclaration] = &[
    RefusalDeclaration {
        code: "INVALID_VALUE",
        field: None,
        cause: " A value of the input does not have the form of its field, for instance an id of another kind of \
                thing, a telephone number that no numbering plan has, or a time without its zone. `field` names it.",
        en: "the value does not have the form of its field",
        remedy: "give a value as the field's documentation says",
        zh: "字段的值格式不正确：请按字段说明填写",
    },
    RefusalDeclaration {
        code: "COMMAND_TOO_LARGE",
        field: None,
        cause: " What the command would store breaks a limit of the log, for instance the size of an event.",
        en: "the command is too large to be stored",
        remedy: "say less in one command; the message names the limit",
        zh: "内容过大，无法保存：请拆分为多次提交，具体限制见消息",
    },
];

/// Every refusal of every aggregate, and of the ways in to them.
pub const REFUSALS: &[&[RefusalDeclaration]] = &[
    AT_THE_EDGE,
    InvalidInput::DECLARED,
    access_policy::Refusal::DECLARED,
    agent::Refusal::DECLARED,
    alert::Refusal::DECLARED,
    call::Refusal::DECLARED,
    call::over_cti::DECLARED,
    campaign::Refusal::DECLARED,
    command::Refusal::DECLARED,
    contact::Refusal::DECLARED,
    customer::Refusal::DECLARED,
    decision::Refusal::DECLARED,
    demand::Refusal::DECLARED,
    dialer::Refusal::DECLARED,
    grant::Refusal::DECLARED,
    identifier::Refusal::DECLARED,
    interaction::Refusal::DECLARED,
    lead::Refusal::DECLARED,
    listing::Refusal::DECLARED,
    model::Refusal::DECLARED,
    recording::Refusal::DECLARED,
    recording::over_http::DECLARED,
    reservation::Refusal::DECLARED,
    rights_request::Refusal::DECLARED,
    routing::Refusal::DECLARED,
    task::Refusal::DECLARED,
    token::Refusal::DECLARED,
];

/// What the refusal of that code says, when a rule of the domain has that code.
pub fn text(code: &str, language: Language) -> Option<String> {
    REFUSALS
        .iter()
        .copied()
        .flatten()
        .find(|refusal| refusal.code == code)
        .map(|refusal| refusal.text(language))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_is_declared_once_in_capitals_and_speaks_both_languages() {
        let mut codes = BTreeSet::new();
        for refusal in REFUSALS.iter().copied().flatten() {
            let RefusalDeclaration { code, en, remedy, zh, cause, .. } = refusal;
            assert!(codes.insert(code), "{code} is declared twice");
            assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{code} is not in capitals");
            assert!(zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{code} has no Chinese text");
            assert!(
                !en.is_empty() && !remedy.is_empty() && !remedy.ends_with('.'),
                "{code} has a bad English text"
            );
            assert!(cause.trim_end().ends_with('.'), "{code} has a cause that is no sentence");
        }
    }

    #[test]
    fn a_code_is_told_in_the_language_asked_for() {
        let chinese = text("CALL_NOT_RINGING", Language::preferred("zh-CN,zh;q=0.9,en;q=0.8"));
        assert!(chinese.is_some_and(|text| text.contains("振铃")));
        let english = text("CALL_NOT_RINGING", Language::preferred("fr"));
        assert!(english.is_some_and(|text| text.starts_with("the call is not ringing")));
        assert_eq!(text("NOBODY_SAYS_THIS", Language::English), None);
    }
}
