//! What a verification finds.

use std::fmt;
use std::time::Duration;

use trunkline_kernel::Position;

/// What sort of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What an event says, or what the log noted beside it, was changed.
    Edited,
    /// An event that was there is not there.
    Deleted,
    /// An event stands where another was, and the others were moved down.
    Inserted,
    /// Events changed places.
    Reordered,
    /// The end of the log is gone.
    Truncated,
    /// A row is none that the log writes.
    Unreadable,
    /// The versions of a stream do not count up by one.
    Version,
    /// The index of tags does not say what the events say, so that they are not found, or found wrongly, by a tag.
    Index,
    /// The stored tree does not agree with itself.
    Tree,
    /// A head is not believed, or the log is not the one that it vouches for.
    Head,
}

impl Kind {
    /// Its name, for machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Deleted => "deleted",
            Self::Inserted => "inserted",
            Self::Reordered => "reordered",
            Self::Truncated => "truncated",
            Self::Unreadable => "unreadable",
            Self::Version => "version",
            Self::Index => "index",
            Self::Tree => "tree",
            Self::Head => "head",
        }
    }
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The first position that is concerned.
    pub position: Position,
    /// The last position that is concerned.
    pub last: Position,
    /// What sort.
    pub kind: Kind,
    /// In words.
    pub detail: String,
}

impl Finding {
    pub(crate) fn at(position: u64, kind: Kind, detail: impl Into<String>) -> Self {
        Self::over(position, position, kind, detail)
    }

    pub(crate) fn over(first: u64, last: u64, kind: Kind, detail: impl Into<String>) -> Self {
        Self { position: Position(first), last: Position(last), kind, detail: detail.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, last, kind, detail } = self;
        let kind = kind.as_str().to_uppercase();
        if position == last {
            write!(f, "{kind} at position {position}: {detail}")
        } else {
            write!(f, "{kind} at positions {position} to {last}: {detail}")
        }
    }
}

/// Who vouches for what was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vouched {
    /// A head that was given, or that a trusted key has signed, up to this position.
    By(Position),
    /// A head whose key nobody here trusts, up to this position: only the arithmetic was checked.
    Unsigned(Position),
    /// No head at all: only each event's own digest was checked.
    Nobody,
}

/// The outcome of a verification.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The first position that was looked at.
    pub from: Position,
    /// The last position that was looked at.
    pub to: Position,
    /// How many events were looked at.
    pub events: u64,
    /// How many signed heads were held against the log.
    pub heads: u64,
    /// Who vouches for them.
    pub vouched: Vouched,
    /// What is wrong, in the order of the log.
    pub findings: Vec<Finding>,
    /// How many further things are wrong that are not listed.
    pub left_out: u64,
    /// How long it took.
    pub took: Duration,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.findings.is_empty() && self.left_out == 0
    }
}
