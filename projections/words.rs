//! The domain's words as cells of a table.

use std::borrow::Cow;
use std::ops::Deref;

use trunkline_database::{Cell, Kind, Value};
use trunkline_domain::access::{Outcome, Way};
use trunkline_domain::agent::{PauseReason, Presence};
use trunkline_domain::call::{Answerer, CallState, EndCause};
use trunkline_domain::campaign::{CampaignState, DialingMode};
use trunkline_domain::customer::{ConsentState, CustomerKind};
use trunkline_domain::identifier::IdentifierKind;
use trunkline_domain::lead::{AttemptOutcome, BlockReason, LeadOutcome, LeadState};
use trunkline_domain::recording::{
    EraseReason, PauseReason as RecordingPause, RecordingState, RetentionKind,
};
use trunkline_domain::task::{TaskKind, TaskState};
use trunkline_domain::words::{By, Channel, Direction, Purpose};
use trunkline_kernel::State;

/// A closed set of permanent words.
pub trait Word: Copy + Eq + std::fmt::Debug + Send + Sync + 'static {
    /// The permanent word.
    fn word(self) -> &'static str;

    /// The value of that word.
    fn of_word(word: &str) -> Option<Self>;
}

/// A word in a column of text: the value itself, reached by dereferencing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct As<T>(pub T);

impl<T> Deref for As<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for As<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Word> Cell for As<T> {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value {
        Value::Text(Cow::Borrowed(self.0.word()))
    }

    fn read(value: Value) -> Option<Self> {
        Cow::<'static, str>::read(value).and_then(|word| T::of_word(&word)).map(Self)
    }
}

macro_rules! words {
    ($($word:ty)*) => {$(
        impl Word for $word {
            fn word(self) -> &'static str {
                self.as_str()
            }

            fn of_word(word: &str) -> Option<Self> {
                Self::named(word)
            }
        }
    )*};
}

macro_rules! states {
    ($($state:ty)*) => {$(
        impl Word for $state {
            fn word(self) -> &'static str {
                self.name()
            }

            fn of_word(word: &str) -> Option<Self> {
                <$state as State>::named(word)
            }
        }
    )*};
}

words! {
    Answerer AttemptOutcome BlockReason By Channel CustomerKind DialingMode Direction EndCause EraseReason
    IdentifierKind LeadOutcome Outcome PauseReason Purpose RecordingPause RetentionKind TaskKind Way
}
states! { CallState CampaignState ConsentState LeadState Presence RecordingState TaskState }
