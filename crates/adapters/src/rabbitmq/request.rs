//! A message that asks for an agent: read once, at the edge.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use trunkline_domain::routing::{Needs, Requested};
use trunkline_domain::words::Work;
use trunkline_kernel::{AgentId, Millis};

/// Why a message is not carried out, by a stable code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn new(code: &str, reason: impl Into<String>) -> Self {
        Self { code: code.to_owned(), reason: reason.into() }
    }
}

/// The body of a message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    work: Work,
    #[serde(default = "one")]
    offers: u16,
    #[serde(default)]
    priority: u8,
    #[serde(default)]
    skills: BTreeMap<String, u8>,
    #[serde(default)]
    languages: BTreeSet<String>,
    #[serde(default)]
    licences: BTreeSet<String>,
    #[serde(default)]
    teams: BTreeSet<String>,
    any_team_after_ms: Option<Millis>,
    any_skill_after_ms: Option<Millis>,
    preferred_agent: Option<AgentId>,
    patience_ms: Option<Millis>,
    #[serde(default)]
    barred_agents: BTreeSet<AgentId>,
}

fn one() -> u16 {
    1
}

/// What a message asks for.
pub(super) fn read(body: &[u8], bytes_max: usize) -> Result<Requested, Refusal> {
    if body.len() > bytes_max {
        let reason = format!("the message has {} bytes; at most {bytes_max} are read", body.len());
        return Err(Refusal::new("MESSAGE_TOO_LARGE", reason));
    }
    let body: Body = serde_json::from_slice(body).map_err(|error| {
        Refusal::new("MESSAGE_UNREADABLE", format!("the message is not a request for an agent: {error}"))
    })?;
    let needs = Needs {
        skills: body.skills,
        languages: body.languages,
        licences: body.licences,
        teams: body.teams,
        any_team_after_ms: body.any_team_after_ms,
        any_skill_after_ms: body.any_skill_after_ms,
    };
    Ok(Requested {
        work: body.work,
        offers: body.offers,
        priority: body.priority,
        needs,
        preferred: body.preferred_agent,
        patience_ms: body.patience_ms,
        barred: body.barred_agents,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CALL: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn code(body: &[u8]) -> String {
        read(body, 200).unwrap_err().code
    }

    #[test]
    fn a_request_says_what_and_who() {
        let body = json!({ "work": { "call": CALL }, "priority": 3, "skills": { "loans": 2 } });
        let requested = read(body.to_string().as_bytes(), 200).unwrap();
        assert_eq!(requested.work, Work::Call(CALL.parse().unwrap()));
        assert_eq!((requested.offers, requested.priority, requested.needs.skills["loans"]), (1, 3, 2));
    }

    #[test]
    fn what_is_no_request_is_refused_with_the_reason() {
        for body in ["", "{}", "not json", r#"{"work":{"call":"me"}}"#] {
            assert_eq!(code(body.as_bytes()), "MESSAGE_UNREADABLE", "{body}");
        }
        let misspelt = json!({ "work": { "call": CALL }, "prioriti": 3 }).to_string();
        assert!(read(misspelt.as_bytes(), 200).unwrap_err().reason.contains("prioriti"));
        assert_eq!(code(&[b' '; 201]), "MESSAGE_TOO_LARGE");
    }
}
