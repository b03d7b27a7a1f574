//! Anything said on any channel, and what was understood of it.

mod events;

pub use events::*;
