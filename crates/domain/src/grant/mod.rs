//! Rights for a time: somebody lets another see and do what they do, or opens everything in an emergency, or has one
//! masked value shown. Each is a short history of its own, so that all of it is in the log.

mod events;
#[cfg(test)]
mod tests;

use trunkline_kernel::{Aggregate, Category, GrantId, Millis, Tag, Timestamp};

use crate::limits;

pub use events::*;

/// What can be asked of a grant.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Let somebody else see and do what one sees and does, until a time.
    Delegate {
        /// What and to whom.
        delegated: Delegated,
        /// How long it may last.
        longest: Millis,
    },
    /// Open everything in an emergency, until a time.
    BreakGlass {
        /// Who, until when, and why.
        broken: GlassBroken,
        /// How long it may last.
        longest: Millis,
    },
    /// Have one masked value shown.
    Reveal {
        /// Which, to whom and why.
        revealed: ValueRevealed,
        /// How many were shown to them in the last hour.
        before: usize,
        /// How many may be.
        most: u32,
    },
    /// End it before its time.
    End(Ended),
}

refusals! {
    /// Why a command to a grant was refused.
    Refusal {
        /// No grant with this id was given.
        Unknown = "GRANT_UNKNOWN" on "id" {
            "there is no such grant",
            "list the grants that are in force and use one of their ids",
            "该授权不存在：请查看当前有效的授权",
        }
        /// A grant with this id was given before.
        AlreadyExists = "GRANT_ALREADY_EXISTS" on "id" {
            "the grant was already given",
            "use a new id for a new grant",
            "该授权已存在：新的授权请使用新的编号",
        }
        /// A grant was to end before it begins.
        UntilPast = "GRANT_UNTIL_PAST" on "until" {
            "the grant would be over before it begins",
            "give a time in the future",
            "授权的截止时间早于当前时间：请填写将来的时间",
        }
        /// A grant was to last longer than the policy permits.
        TooLong = "GRANT_TOO_LONG" on "until" {
            "the grant would last longer than is permitted",
            "give an earlier time, and grant again when it is over",
            "授权时间超过允许的最长期限：请填写更早的截止时间，到期后可再次授权",
        }
        /// Somebody was to get their own rights.
        ToOneself = "GRANT_TO_ONESELF" on "to" {
            "nobody is lent their own rights",
            "name somebody else",
            "不能授权给自己：请指定其他人",
        }
        /// Somebody had as many values shown in an hour as is permitted.
        TooManyReveals = "GRANT_REVEALS_TOO_MANY" {
            "as many values were shown to you within the hour as is permitted",
            "wait a while, or ask a supervisor",
            "一小时内查看明文的次数已达上限：请稍后再试，或联系主管",
        }
        /// The grant is over.
        Over = "GRANT_OVER" {
            "the grant is already over",
            "nothing is left to end",
            "该授权已结束：无需再次结束",
        }
    }
}

/// Rights for a time.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    given: Option<Given>,
}

#[derive(Clone, Debug)]
struct Given {
    /// When it is over; at once for what is shown once.
    until: Option<Timestamp>,
    tags: Vec<Tag>,
    ended: bool,
}

impl Grant {
    fn is_over(given: &Given, now: Timestamp) -> bool {
        given.ended || given.until.is_none_or(|until| until <= now)
    }
}

/// Whether a time is in the future and not too far in it.
fn lasts(now: Timestamp, until: Timestamp, longest: Millis) -> Result<(), Refusal> {
    if until <= now {
        Err(Refusal::UntilPast)
    } else if until > now.plus(longest) {
        Err(Refusal::TooLong)
    } else {
        Ok(())
    }
}

impl Aggregate for Grant {
    const CATEGORY: Category = Category::new("grant");
    type Id = GrantId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match (command, &self.given) {
            (Command::End(_), None) => Err(Refusal::Unknown),
            (Command::End(_), Some(given)) if Self::is_over(given, now) => Err(Refusal::Over),
            (Command::End(ended), Some(_)) => {
                limits::word("reason", &ended.reason)?;
                Ok(vec![ended.into()])
            }
            (_, Some(_)) => Err(Refusal::AlreadyExists),
            (Command::Delegate { delegated, longest }, None) => {
                limits::word("to", &delegated.to)?;
                limits::word("reason", &delegated.reason)?;
                limits::count("roles", delegated.roles.len())?;
                limits::range("roles", !delegated.roles.is_empty())?;
                if delegated.to == delegated.from {
                    return Err(Refusal::ToOneself);
                }
                lasts(now, delegated.until, longest)?;
                Ok(vec![delegated.into()])
            }
            (Command::BreakGlass { broken, longest }, None) => {
                limits::word("reason", &broken.reason)?;
                lasts(now, broken.until, longest)?;
                Ok(vec![broken.into()])
            }
            (Command::Reveal { revealed, before, most }, None) => {
                limits::word("reason", &revealed.reason)?;
                if usize::try_from(most).is_ok_and(|most| before >= most) {
                    return Err(Refusal::TooManyReveals);
                }
                Ok(vec![revealed.into()])
            }
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        let given = |until, tags| Some(Given { until, tags, ended: false });
        match event {
            Event::Delegated(delegated) => {
                self.given = given(Some(delegated.until), delegated.agent.map(Tag::of).into_iter().collect());
            }
            Event::GlassBroken(broken) => self.given = given(Some(broken.until), Vec::new()),
            Event::ValueRevealed(revealed) => self.given = given(None, vec![Tag::of(revealed.customer)]),
            Event::Ended(_) => self.given.iter_mut().for_each(|given| given.ended = true),
        }
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        self.given.iter().flat_map(|given| given.tags.clone()).collect()
    }
}
