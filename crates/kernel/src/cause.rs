//! Why an event happened: who asked, with which command, as part of what.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{CommandId, CorrelationId, EventId, TraceId};

/// The longest actor key in bytes.
const ACTOR_KEY_BYTES_MAX: usize = 120;

/// What sort of party an actor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person who speaks with customers; the key is the agent's id.
    Agent,
    /// Any other person; the key is the subject of their token.
    User,
    /// Another program that speaks through the public API.
    Service,
    /// Trunkline itself: a process manager, an import, a migration.
    System,
}

impl ActorKind {
    /// The permanent name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::User => "user",
            Self::Service => "service",
            Self::System => "system",
        }
    }
}

/// Who asked: `kind:key`, for instance `user:li.wei` or `system:import`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    kind: ActorKind,
    key: String,
}

/// A text that does not name an actor.
#[derive(Debug, thiserror::Error)]
#[error(
    "{text:?} is not an actor: it takes `agent:`, `user:`, `service:` or `system:` and then 1 to \
     {ACTOR_KEY_BYTES_MAX} bytes without white space"
)]
pub struct InvalidActor {
    text: String,
}

impl Actor {
    /// Names an actor.
    ///
    /// # Errors
    /// When the key is empty, too long or has white space.
    pub fn new(kind: ActorKind, key: &str) -> Result<Self, InvalidActor> {
        let holds = !key.is_empty()
            && key.len() <= ACTOR_KEY_BYTES_MAX
            && !key.chars().any(|c| c.is_whitespace() || c.is_control());
        if holds {
            Ok(Self { kind, key: key.to_owned() })
        } else {
            let text = format!("{}:{key}", kind.as_str());
            Err(InvalidActor { text: text.chars().take(ACTOR_KEY_BYTES_MAX).collect() })
        }
    }

    /// Trunkline itself, in the part named.
    pub fn system(part: &'static str) -> Self {
        Self { kind: ActorKind::System, key: part.to_owned() }
    }

    /// What sort of party.
    pub fn kind(&self) -> ActorKind {
        self.kind
    }

    /// The name within the kind.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.key)
    }
}

impl FromStr for Actor {
    type Err = InvalidActor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = |name: &str| match name {
            "agent" => Some(ActorKind::Agent),
            "user" => Some(ActorKind::User),
            "service" => Some(ActorKind::Service),
            "system" => Some(ActorKind::System),
            _ => None,
        };
        let parts = text.split_once(':').and_then(|(name, key)| Some((kind(name)?, key)));
        match parts {
            Some((kind, key)) => Self::new(kind, key),
            None => Err(InvalidActor { text: text.chars().take(ACTOR_KEY_BYTES_MAX).collect() }),
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Why something happened. One cause is shared by all events of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Who asked.
    pub actor: Actor,
    /// The command; the same again when a client repeats it.
    pub command: CommandId,
    /// What this is part of, from its first cause on.
    pub correlation: CorrelationId,
    /// The event that led to the command, when a process manager sent it.
    pub causation: Option<EventId>,
    /// The distributed trace it ran under.
    pub trace: Option<TraceId>,
}
