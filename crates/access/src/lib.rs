//! Who asks, and what they may see and do. Pure: no I/O, no clock.

mod door;
mod identity;
mod kind;
mod mask;
mod permission;
mod policy;
mod role;
mod scope;
#[cfg(test)]
mod scope_tests;
mod tally;
mod witness;

pub use door::{Admission, Anonymous, Door, Doorstep, End, Later, Tenure, TurnedAway};
pub use identity::Identity;
pub use kind::{Class, Kind, Show};
pub use mask::mask;
pub use permission::Permission;
pub use policy::{InvalidPolicy, Policy, Rights, Span};
pub use role::{InvalidRole, Role};
pub use scope::{Circle, Lent, Rows, Scope};
pub use tally::{Seen, THINGS_MAX, Tally};
pub use witness::{Asked, Blind, EntryRefusal, Sight, Unrecorded, Witness};
