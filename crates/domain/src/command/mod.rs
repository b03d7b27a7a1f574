//! A command that carries an idempotency key: the answer it was first given, to be given again. Its stream is
//! named by a UUID made of the actor and the key.

mod events;

pub use events::*;
