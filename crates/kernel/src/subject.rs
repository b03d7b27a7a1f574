//! Data subjects: whose a personal value is.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::{AgentId, CallId, CampaignId, CustomerId, Id, InteractionId, StreamId, TaskId};

/// What sort of thing has personal values of its own. The codes are in every sealed value and are permanent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// A person who may be contacted.
    Customer,
    /// A person who speaks with customers.
    Agent,
    /// A call whose customer is not known.
    Call,
    /// A campaign, where people write about people.
    Campaign,
    /// A task that is about no customer.
    Task,
    /// An interaction whose customer is not known.
    Interaction,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Customer, Self::Agent, Self::Call, Self::Campaign, Self::Task, Self::Interaction];

    /// The permanent noun, the kind of the id.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => CustomerId::KIND,
            Self::Agent => AgentId::KIND,
            Self::Call => CallId::KIND,
            Self::Campaign => CampaignId::KIND,
            Self::Task => TaskId::KIND,
            Self::Interaction => InteractionId::KIND,
        }
    }

    /// The kind of that noun.
    pub fn named(noun: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == noun)
    }

    /// The permanent code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Customer => 1,
            Self::Agent => 2,
            Self::Call => 3,
            Self::Campaign => 4,
            Self::Task => 5,
            Self::Interaction => 6,
        }
    }

    /// The kind of that code.
    pub fn coded(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Whose a personal value is: who has a key of their own, and whose key is destroyed when they are erased.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// What sort of thing.
    pub kind: SubjectKind,
    /// Which.
    pub id: Uuid,
}

impl Subject {
    /// The thing that a stream is the history of, when things of that kind have keys.
    pub fn of_stream(stream: &StreamId) -> Option<Self> {
        let kind = SubjectKind::named(stream.category())?;
        Some(Self { kind, id: Uuid::try_parse(stream.key()).ok()? })
    }
}

macro_rules! subjects {
    ($($id:ident is $kind:ident;)+) => {$(
        impl From<$id> for Subject {
            fn from(id: $id) -> Self {
                Self { kind: SubjectKind::$kind, id: id.uuid() }
            }
        }
    )+};
}

subjects! {
    CustomerId is Customer;
    AgentId is Agent;
    CallId is Call;
    CampaignId is Campaign;
    TaskId is Task;
    InteractionId is Interaction;
}

/// A text that names no data subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a data subject: it takes `customer:UUID`, `agent:UUID` and the like")]
pub struct InvalidSubject;

impl FromStr for Subject {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        let (kind, id) = text.split_once(':').ok_or(InvalidSubject)?;
        let kind = SubjectKind::named(kind).ok_or(InvalidSubject)?;
        Ok(Self { kind, id: Uuid::try_parse(id).map_err(|_| InvalidSubject)? })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.id)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_permanent_noun_and_code() {
        let nouns: Vec<_> = SubjectKind::ALL.iter().map(|kind| (kind.as_str(), kind.code())).collect();
        let permanent =
            [("customer", 1), ("agent", 2), ("call", 3), ("campaign", 4), ("task", 5), ("interaction", 6)];
        assert_eq!(nouns, permanent);
        for kind in SubjectKind::ALL {
            assert_eq!(SubjectKind::coded(kind.code()), Some(kind));
            assert_eq!(SubjectKind::named(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn a_subject_is_written_like_a_tag_and_read_from_a_stream() {
        let customer = CustomerId::from_uuid(Uuid::from_u128(7));
        let subject = Subject::from(customer);
        assert_eq!(subject.to_string().parse(), Ok(subject));
        assert_eq!(Subject::of_stream(&StreamId::of(customer)), Some(subject));
        assert_eq!("planet:7".parse::<Subject>(), Err(InvalidSubject));
    }
}
