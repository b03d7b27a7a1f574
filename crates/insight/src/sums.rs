//! What is added up: one row for each window and each combination of dimensions. Sums of windows are the sums of
//! their union, so minutes add up to hours and hours to days.

use std::ops::{AddAssign, SubAssign};

/// The thresholds in seconds that service levels are kept for; the usual one is 20.
pub const SERVICE_LEVELS_S: [i64; 4] = [10, 20, 30, 60];

macro_rules! sums {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Counts and lengths of time that figures are made of. All lengths are in milliseconds.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Sums {
            $($(#[doc = $doc])+ pub $name: i64,)+
        }

        impl Sums {
            /// The names, in the order of declaration: the columns of a roll-up.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// The values in the order of [`Sums::NAMES`].
            pub fn values(&self) -> [i64; Self::NAMES.len()] {
                [$(self.$name),+]
            }

            /// Reads values in the order of [`Sums::NAMES`]; those that are missing count as zero.
            pub fn of(values: impl IntoIterator<Item = i64>) -> Self {
                let mut values = values.into_iter();
                Self { $($name: values.next().unwrap_or(0)),+ }
            }

            /// The value of that name.
            pub fn named(&self, name: &str) -> Option<i64> {
                match name {
                    $(stringify!($name) => Some(self.$name),)+
                    _ => None,
                }
            }

            /// Sets the value of that name; gives whether there is one.
            pub fn set(&mut self, name: &str, value: i64) -> bool {
                match name {
                    $(stringify!($name) => self.$name = value,)+
                    _ => return false,
                }
                true
            }
        }

        impl AddAssign for Sums {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)+
            }
        }

        impl SubAssign for Sums {
            fn sub_assign(&mut self, other: Self) {
                $(self.$name -= other.$name;)+
            }
        }
    };
}

sums! {
    /// Calls, phantoms left out.
    calls,
    /// Calls that the customer began.
    inbound,
    /// Calls that we began.
    outbound,
    /// Rows of the source that never were a call; out of every other figure but the next two.
    phantoms,
    /// Entries into a queue, those of phantoms included.
    queue_entries,
    /// How long all entries waited, those of phantoms included.
    queue_entry_wait_ms,
    /// Calls that waited in a queue.
    queued,
    /// How long they waited.
    queue_wait_ms,
    /// Queued calls that an agent answered.
    queue_answered,
    /// How long the answered ones waited.
    queue_answered_wait_ms,
    /// Queued calls that ended unanswered.
    queue_abandoned,
    /// Queued calls answered within 10 s.
    answered_in_10s,
    /// Queued calls answered within 20 s.
    answered_in_20s,
    /// Queued calls answered within 30 s.
    answered_in_30s,
    /// Queued calls answered within 60 s.
    answered_in_60s,
    /// Queued calls that ended unanswered within 10 s.
    abandoned_in_10s,
    /// Queued calls that ended unanswered within 20 s.
    abandoned_in_20s,
    /// Queued calls that ended unanswered within 30 s.
    abandoned_in_30s,
    /// Queued calls that ended unanswered within 60 s.
    abandoned_in_60s,
    /// Calls that an agent answered.
    answered,
    /// Answered calls of which the source does not name the agent.
    answered_unnamed,
    /// Calls that the customer left before an agent answered.
    hung_up,
    /// Answered calls that are over: what handling times are divided by.
    handled,
    /// Conversation of handled calls, without holding.
    talk_ms,
    /// Holding in handled calls.
    hold_ms,
    /// After-call work of handled calls.
    wrap_ms,
    /// Outbound calls that were dialed.
    dials,
    /// Dials, redials of one lead within one hour counted once.
    dial_slots,
    /// Dials that a person answered.
    human_answers,
    /// Dials that a machine answered.
    machine_answers,
    /// Dials that a person answered and no agent took in time.
    dials_abandoned,
    /// Dials that a person answered and an agent took in time.
    dials_passed,
    /// Calls with the person who was wanted.
    right_party,
    /// Dials that reached the person who was wanted.
    dial_right_party,
    /// Calls with a sale.
    sales,
    /// Dials with a sale.
    dial_sales,
    /// Calls in which the customer asked not to be called again.
    do_not_call,
    /// Dials that nobody answered.
    no_answers,
    /// Dials to a busy line.
    busies,
    /// Dials of a number that does not exist.
    invalid_numbers,
    /// Dials that the network or the switch failed.
    failures,
    /// Calls that a rule forbade before the dial.
    suppressed,
    /// Dials that could not lead to anything: invalid number, machine, wrong party, or nobody there in an hour that promised
    /// less than the campaign waits for.
    wasted,
    /// Leads that were put on a list.
    leads,
    /// Leads that were dialed for the first time.
    leads_dialed,
    /// Agents' time available and idle.
    available_ms,
    /// Agents' time paused.
    paused_ms,
    /// Agents' time with an offer or a preview, or ringing.
    ringing_ms,
    /// Agents' time in conversation.
    talking_ms,
    /// Agents' time with a customer on hold.
    holding_ms,
    /// Agents' time in after-call work.
    wrapping_ms,
}

impl Sums {
    /// Whether everything is zero.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// Agents' time on contacts.
    pub fn contact_ms(&self) -> i64 {
        self.talking_ms + self.holding_ms + self.wrapping_ms
    }

    /// Agents' time signed in.
    pub fn signed_in_ms(&self) -> i64 {
        self.contact_ms() + self.available_ms + self.paused_ms + self.ringing_ms
    }
}
