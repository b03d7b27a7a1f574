//! Who asks, and what they may see and do. Pure: no I/O, no clock.

mod door;
mod identity;
mod role;
mod witness;

pub use door::{Admission, Anonymous, Door, Doorstep, End, Later, Tenure};
pub use identity::Identity;
pub use role::{InvalidRole, Role};
pub use witness::{Blind, EntryRefusal, Sight, Witness};
