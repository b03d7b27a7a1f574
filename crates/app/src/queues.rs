//! What is asked of the agents who take the calls of a queue.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use trunkline_domain::routing::{Command, Needs, Refusal, Requested, Routing};
use trunkline_domain::words::Work;
use trunkline_kernel::{AgentId, Aggregate as _, CallId, Id as _, Millis, Timestamp};
use uuid::Uuid;

/// The most queues that are declared.
const QUEUES_MAX: usize = 1_000;

/// A declaration of queues cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidQueues {
    /// It is not of the form.
    #[error("the declaration of queues cannot be read")]
    Form(#[from] toml::de::Error),
    /// Too many.
    #[error("{0} queues are declared; at most {QUEUES_MAX} can")]
    TooMany(usize),
    /// Which queue it is about cannot be told.
    #[error("a queue has no name; `name` takes what the switch calls it")]
    Unnamed,
    /// One queue, twice.
    #[error("the queue {0:?} is declared twice")]
    Twice(String),
    /// It asks for what no request for an agent can ask for.
    #[error("the queue {0:?} asks for what cannot be asked for")]
    Impossible(String, #[source] Refusal),
}

/// What the calls of one queue ask for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Queue {
    name: String,
    #[serde(default)]
    skills: BTreeMap<String, u8>,
    #[serde(default)]
    languages: BTreeSet<String>,
    #[serde(default)]
    teams: BTreeSet<String>,
    any_team_after_ms: Option<Millis>,
    any_skill_after_ms: Option<Millis>,
    #[serde(default)]
    priority: u8,
    #[serde(default = "one")]
    offers: u16,
    /// How long a customer waits for the agent who is responsible.
    owner_patience_ms: Option<Millis>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    #[serde(default)]
    queue: Vec<Queue>,
}

fn one() -> u16 {
    1
}

/// An agent who is wanted for a call of a queue: everything of the request but the call and the customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    needs: Needs,
    priority: u8,
    offers: u16,
    owner_patience: Option<Millis>,
}

impl Wanted {
    /// Anybody, for a call of no special urgency.
    fn anybody() -> Self {
        Self { needs: Needs::default(), priority: 0, offers: one(), owner_patience: None }
    }

    /// Whether a customer waits for the agent who is responsible.
    pub fn prefers_owner(&self) -> bool {
        self.owner_patience.is_some()
    }

    /// The request for this call, for whose customer this agent is responsible.
    pub fn request(&self, call: CallId, owner: Option<AgentId>) -> Requested {
        let preferred = owner.filter(|_| self.prefers_owner());
        Requested {
            offers: self.offers,
            priority: self.priority,
            preferred,
            patience_ms: preferred.and(self.owner_patience),
            ..Requested::of(Work::Call(call), self.needs.clone())
        }
    }
}

impl From<Queue> for Wanted {
    fn from(queue: Queue) -> Self {
        let Queue { name: _, skills, languages, teams, priority, offers, .. } = queue;
        let Queue { any_team_after_ms, any_skill_after_ms, owner_patience_ms: owner_patience, .. } = queue;
        // Licences have a file of their own, which holds for whoever takes the call and however it is offered.
        let licences = BTreeSet::new();
        let needs = Needs { skills, languages, licences, teams, any_team_after_ms, any_skill_after_ms };
        Self { needs, priority, offers, owner_patience }
    }
}

/// What the calls of each queue ask for.
#[derive(Clone, Debug, Default)]
pub struct Queues(BTreeMap<String, Wanted>);

impl Queues {
    /// Reads a declaration; docs/routing.md has the form.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(text: &str) -> Result<Self, InvalidQueues> {
        let Declaration { queue: declared } = toml::from_str(text)?;
        if declared.len() > QUEUES_MAX {
            return Err(InvalidQueues::TooMany(declared.len()));
        }
        let mut queues = BTreeMap::new();
        for queue in declared {
            let name = queue.name.clone();
            if name.trim().is_empty() {
                return Err(InvalidQueues::Unnamed);
            }
            let wanted = Wanted::from(queue);
            check(&wanted).map_err(|refusal| InvalidQueues::Impossible(name.clone(), refusal))?;
            if queues.insert(name.clone(), wanted).is_some() {
                return Err(InvalidQueues::Twice(name));
            }
        }
        Ok(Self(queues))
    }

    /// What the calls of this queue ask for: of one that is not declared, anybody.
    pub fn of(&self, queue: &str) -> Wanted {
        self.0.get(queue).cloned().unwrap_or_else(Wanted::anybody)
    }
}

/// Whether the request would be taken; its limits are the aggregate's.
fn check(wanted: &Wanted) -> Result<(), Refusal> {
    let owner = wanted.owner_patience.map(|_| AgentId::from_uuid(Uuid::nil()));
    let request = wanted.request(CallId::from_uuid(Uuid::nil()), owner);
    Routing::default().decide(Timestamp::from_millis(0), Command::Request(request)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let refused = Queues::read(text).unwrap_err();
        let why = std::error::Error::source(&refused).map(ToString::to_string);
        why.map_or_else(|| refused.to_string(), |why| format!("{refused}: {why}"))
    }

    #[test]
    fn a_queue_asks_for_what_it_declares_and_any_other_for_anybody() {
        let queues = Queues::read(
            "[[queue]]\nname = \"贷款\"\nskills = { loans = 2 }\nlanguages = [\"zh-CN\"]\nteams = [\"华东\"]\n\
             anyTeamAfterMs = 30000\npriority = 3\noffers = 2\nownerPatienceMs = 10000\n",
        );
        let queues = queues.unwrap();
        let (call, owner) = (CallId::from_uuid(Uuid::from_u128(1)), AgentId::from_uuid(Uuid::from_u128(2)));
        let asked = queues.of("贷款").request(call, Some(owner));
        assert_eq!((asked.offers, asked.priority, asked.needs.skills["loans"]), (2, 3, 2));
        assert_eq!((asked.preferred, asked.patience_ms), (Some(owner), Some(Millis(10_000))));
        assert_eq!(asked.needs.any_team_after_ms, Some(Millis(30_000)));
        let nobodys = queues.of("贷款").request(call, None);
        assert_eq!((nobodys.preferred, nobodys.patience_ms), (None, None), "nobody is waited for");
        let other = queues.of("hotline").request(call, Some(owner));
        assert_eq!(other, Requested::of(Work::Call(call), Needs::default()));
    }

    #[test]
    fn what_cannot_be_asked_for_is_told_with_its_queue() {
        let twice = "[[queue]]\nname = \"a\"\n[[queue]]\nname = \"a\"\n";
        assert_eq!(refusal(twice), "the queue \"a\" is declared twice");
        assert!(refusal("[[queue]]\nname = \" \"\n").starts_with("a queue has no name"));
        let many = refusal("[[queue]]\nname = \"a\"\noffers = 51\n");
        assert!(many.contains("\"a\"") && many.contains("`offers`"), "{many}");
        let level = refusal("[[queue]]\nname = \"a\"\nskills = { loans = 6 }\n");
        assert!(level.contains("needs.skills"), "{level}");
        let impatient = refusal("[[queue]]\nname = \"a\"\nownerPatienceMs = -1\n");
        assert!(impatient.contains("\"a\""), "{impatient}");
        let unknown = refusal("[[queue]]\nname = \"a\"\nskils = {}\n");
        assert!(unknown.contains("line 3") && unknown.contains("skils"), "{unknown}");
    }
}
