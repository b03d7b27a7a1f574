//! The read models as the server sees them.

/// How far a read model is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Its name.
    pub name: String,
    /// The position up to which it has everything.
    pub position: u64,
    /// How many events of the log are beyond that.
    pub lag: u64,
    /// How many events it could not fold.
    pub parked: u64,
}
