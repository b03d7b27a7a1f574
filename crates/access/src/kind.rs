//! The kinds of things that have rows, and the kinds of personal values in them.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $doc:literal])+ $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The permanent name, as policies write it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// A kind of thing that a caller can see all of, a part of, or nothing of.
    Kind {
        /// Customers, with their identifiers, consents and timelines.
        Customers = "customers",
        /// Agents, their presence and their offers of work.
        Agents = "agents",
        /// Campaigns.
        Campaigns = "campaigns",
        /// Leads.
        Leads = "leads",
        /// Calls.
        Calls = "calls",
        /// Interactions.
        Interactions = "interactions",
        /// Tasks and their histories.
        Tasks = "tasks",
        /// Figures: sums without a row behind them.
        Figures = "figures",
        /// Events of the log.
        Events = "events",
    }
}

words! {
    /// A class of personal values: a policy says for each how it is shown.
    Class {
        /// What somebody is called.
        Name = "name",
        /// How somebody can be reached: telephone numbers, addresses of mail and messages.
        Contact = "contact",
        /// What somebody said, or what was written about somebody.
        Words = "words",
        /// What a colleague is called.
        Staff = "staff",
    }
}

/// How a personal value is shown. The greater shows more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// Not at all.
    #[default]
    Withhold,
    /// So that it can be recognised and not used: `138****1234`.
    Mask,
    /// In the clear.
    Clear,
}

impl Show {
    /// The permanent name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Withhold => "withhold",
            Self::Mask => "mask",
            Self::Clear => "clear",
        }
    }
}
