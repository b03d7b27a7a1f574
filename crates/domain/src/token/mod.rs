//! An access token that Trunkline signed itself: who it was made for, and whether it was revoked.

mod events;
#[cfg(test)]
mod tests;

use trunkline_kernel::{Actor, Aggregate, Category, Tag, Timestamp, TokenId};

use crate::limits;

pub use events::*;

/// What can be asked of a token.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Note that it is handed out.
    Issue(Issued),
    /// Let nobody in with it any more.
    Revoke {
        /// Why.
        reason: Option<String>,
    },
}

refusals! {
    /// Why a command to a token was refused.
    Refusal {
        /// No token with this id was issued.
        Unknown = "TOKEN_UNKNOWN" on "id" {
            "there is no such token",
            "check its id; `trunkline token list` shows those that were issued",
            "该令牌不存在：请检查编号，可用 `trunkline token list` 查看已签发的令牌",
        }
        /// A token with this id was issued before.
        AlreadyIssued = "TOKEN_ALREADY_ISSUED" on "id" {
            "the token was issued before",
            "use a new id for a new token",
            "该令牌已签发：新的令牌请使用新的编号",
        }
        /// The subject of a token has to name an actor.
        SubjectInvalid = "TOKEN_SUBJECT_INVALID" on "subject" {
            "the subject does not name an actor",
            "give agent:, user: or service: and then a name without white space, for instance user:li.wei",
            "主体无效：请填写 agent:、user: 或 service: 加上不含空白的名称，例如 user:li.wei",
        }
        /// A token was to be issued with an end that has passed.
        ExpiryPast = "TOKEN_EXPIRY_PAST" on "expiresAt" {
            "the token would be over before it is used",
            "give an end that lies ahead",
            "令牌的到期时间已过：请填写未来的时间",
        }
        /// The token was to be revoked and is revoked.
        AlreadyRevoked = "TOKEN_ALREADY_REVOKED" {
            "the token is revoked already",
            "there is nothing more to do",
            "令牌已被吊销：无需再次操作",
        }
        /// The token was to be revoked and has ended by itself.
        Over = "TOKEN_OVER" {
            "the token has ended by itself",
            "there is nothing more to do",
            "令牌已到期：无需吊销",
        }
    }
}

/// An access token that Trunkline signed itself.
#[derive(Clone, Debug, Default)]
pub struct Token {
    expires_at: Option<Timestamp>,
    revoked: bool,
}

impl Aggregate for Token {
    const CATEGORY: Category = Category::new("token");
    type Id = TokenId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match (command, self.expires_at) {
            (Command::Issue(_), Some(_)) => Err(Refusal::AlreadyIssued),
            (Command::Issue(issued), None) => {
                check(&issued)?;
                if issued.expires_at <= now { Err(Refusal::ExpiryPast) } else { Ok(vec![issued.into()]) }
            }
            (Command::Revoke { .. }, None) => Err(Refusal::Unknown),
            (Command::Revoke { .. }, Some(_)) if self.revoked => Err(Refusal::AlreadyRevoked),
            (Command::Revoke { .. }, Some(expires_at)) if expires_at <= now => Err(Refusal::Over),
            (Command::Revoke { reason }, Some(expires_at)) => {
                limits::plain_text("reason", reason.as_ref())?;
                Ok(vec![Revoked { expires_at, reason }.into()])
            }
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        match event {
            Event::Issued(issued) => self.expires_at = Some(issued.expires_at),
            Event::Revoked(_) => self.revoked = true,
        }
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        Vec::new()
    }
}

fn check(issued: &Issued) -> Result<(), Refusal> {
    if issued.subject.parse::<Actor>().is_err() {
        return Err(Refusal::SubjectInvalid);
    }
    if issued.roles.is_empty() {
        return Err(limits::InvalidInput::Empty("roles").into());
    }
    limits::count("roles", issued.roles.len())?;
    limits::count("teams", issued.teams.len())?;
    issued.roles.iter().try_for_each(|role| limits::word("roles", role))?;
    Ok(issued.teams.iter().try_for_each(|team| limits::word("teams", team))?)
}
