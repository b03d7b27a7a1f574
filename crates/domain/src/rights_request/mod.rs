//! A request of a person about their own data: to be erased, to be told everything, not to be judged by programs.

mod events;
#[cfg(test)]
mod tests;

use trunkline_kernel::{Aggregate, Category, CustomerId, RightsRequestId, State as _, Tag, Timestamp};

use crate::limits;

pub use events::*;

machine! {
    /// How far a rights request has come.
    RightsRequestState of "rights request" starts Received {
        /// Somebody asked; who it is has to be checked.
        Received = "RECEIVED" {
            "verified" => Verified,
            "refused" => Refused,
        }
        /// Who asks is who the data is about.
        Verified = "VERIFIED" {
            "restricted" => Restricted,
            "started" => Executing,
            "refused" => Refused,
        }
        /// A duty to keep the data runs: it is stored and not used until it ends.
        Restricted = "RESTRICTED" {
            "restricted" => Restricted,
            "started" => Executing,
        }
        /// It is being carried out.
        Executing = "EXECUTING" {
            "done" => Done,
        }
        /// It was carried out.
        Done = "DONE" {}
        /// It will not be carried out.
        Refused = "REFUSED" {}
    }
}

/// What can be asked of a rights request.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Note that a person asked.
    Receive(Received),
    /// Who asks is who the data is about.
    Verify(Verified),
    /// A duty to keep the data runs.
    Restrict(Restricted),
    /// Begin to carry it out; again when that was interrupted.
    Start,
    /// It was carried out.
    Finish(Done),
    /// It will not be carried out.
    Refuse(Refused),
}

refusals! {
    /// Why a command to a rights request was refused.
    Refusal {
        /// No rights request with this id was received.
        Unknown = "RIGHTS_REQUEST_UNKNOWN" on "id" {
            "there is no such rights request",
            "check the id",
            "不存在该权利请求：请核对编号",
        }
        /// A rights request with this id was received before.
        AlreadyExists = "RIGHTS_REQUEST_ALREADY_EXISTS" on "id" {
            "the rights request was already received",
            "use a new id for a new request",
            "该权利请求已登记：新的请求请使用新的编号",
        }
        /// What is asked is not possible as far as the request has come.
        NotPossible(is: RightsRequestState) = "RIGHTS_REQUEST_NOT_POSSIBLE" {
            "this is not possible as far as the rights request has come",
            "load the request again and see how far it is",
            "权利请求当前的状态不允许此操作：请刷新后查看进度",
        }
        /// Before a request is carried out, who asks must have been verified.
        NotVerified = "RIGHTS_REQUEST_NOT_VERIFIED" {
            "who asks was not verified",
            "verify the person first, or refuse the request",
            "尚未核验申请人身份：请先核验，或驳回请求",
        }
        /// A duty to keep the data still runs.
        StillRestricted = "RIGHTS_REQUEST_RESTRICTED" {
            "a duty to keep the data still runs",
            "carry the request out when the duty has ended",
            "法定保存期限未满：请在期限届满后执行",
        }
        /// The end of a duty to keep data is not in the future.
        DutyPast = "RIGHTS_REQUEST_DUTY_PAST" on "until" {
            "the end of the duty is not in the future",
            "give a later time, or carry the request out",
            "保存期限的截止时间不在将来：请填写更晚的时间，或直接执行",
        }
    }
}

/// A request of a person about their own data.
#[derive(Clone, Debug, Default)]
pub struct RightsRequest {
    state: RightsRequestState,
    received: Option<Received>,
    restricted_until: Option<Timestamp>,
    done: Option<Done>,
}

impl RightsRequest {
    /// How far it has come.
    pub fn state(&self) -> RightsRequestState {
        self.state
    }

    /// Whose data it is about.
    pub fn customer(&self) -> Option<CustomerId> {
        self.received.as_ref().map(|received| received.customer)
    }

    /// What is asked.
    pub fn right(&self) -> Option<Right> {
        self.received.as_ref().map(|received| received.right)
    }

    /// Until when a duty to keep the data runs.
    pub fn restricted_until(&self) -> Option<Timestamp> {
        self.restricted_until
    }

    /// What came of it.
    pub fn done(&self) -> Option<&Done> {
        self.done.as_ref()
    }

    fn emit(&self, event: Event) -> Result<Vec<Event>, Refusal> {
        match RightsRequestState::MACHINE.step(self.state, event.verb()) {
            Ok(_) => Ok(vec![event]),
            Err(_) if self.state == RightsRequestState::Received => Err(Refusal::NotVerified),
            Err(_) => Err(Refusal::NotPossible(self.state)),
        }
    }

    fn start(&self, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        if self.state == RightsRequestState::Executing {
            return Ok(Vec::new());
        }
        let runs = self.state == RightsRequestState::Restricted;
        if runs && self.restricted_until.is_some_and(|until| until > now) {
            return Err(Refusal::StillRestricted);
        }
        self.emit(Started {}.into())
    }
}

impl Aggregate for RightsRequest {
    const CATEGORY: Category = Category::new("rights_request");
    type Id = RightsRequestId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match (&self.received, command) {
            (None, Command::Receive(received)) => {
                limits::word_if_any("source", received.source.as_ref())?;
                Ok(vec![received.into()])
            }
            (None, _) => Err(Refusal::Unknown),
            (Some(_), Command::Receive(_)) => Err(Refusal::AlreadyExists),
            (Some(_), Command::Verify(verified)) => {
                limits::word("evidence", &verified.evidence)?;
                self.emit(verified.into())
            }
            (Some(_), Command::Restrict(restricted)) => {
                limits::word("duty", &restricted.duty)?;
                if restricted.until <= now {
                    return Err(Refusal::DutyPast);
                }
                self.emit(restricted.into())
            }
            (Some(_), Command::Start) => self.start(now),
            (Some(_), Command::Finish(done)) => self.emit(done.into()),
            (Some(_), Command::Refuse(refused)) => self.emit(refused.into()),
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        match event {
            Event::Received(received) => self.received = Some(received.clone()),
            Event::Restricted(restricted) => self.restricted_until = Some(restricted.until),
            Event::Done(done) => self.done = Some(done.clone()),
            Event::Verified(_) | Event::Started(_) | Event::Refused(_) => {}
        }
        self.state = RightsRequestState::MACHINE.step(self.state, event.verb()).unwrap_or(self.state);
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        self.customer().map(Tag::of).into_iter().collect()
    }
}
