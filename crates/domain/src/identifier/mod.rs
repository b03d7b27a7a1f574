//! The claim on an identifier: one phone number, one customer. Each identifier has a small stream of its own,
//! and claiming it is an append to that stream.

mod events;
mod id;

pub use events::*;
pub use id::{IdentifierId, IdentifierKind, InvalidIdentifier};
