//! The notary's books: what it has put into the tree and signed, and what it does with that.
//!
//! The notary follows the log like any follower: it reads in order from its checkpoint, and tiles, heads and
//! checkpoint commit together. What is true of them is arithmetic, in [`trunkline_notary`]. Here are the tables
//! ([`Books`]), the follower that signs ([`Notary`]), the key's file ([`KeyFile`]), publication ([`publish`]) and
//! the verification of a whole log against all of that ([`verify()`]).

mod books;
mod classify;
mod error;
mod follow;
mod heads;
mod index;
mod judge;
mod keys;
mod lease;
mod merge;
pub mod publish;
mod scan;
mod settings;
mod stats;
mod verdict;
mod verify;

pub use books::Books;
pub use error::RegistryError;
pub use follow::Notary;
pub use heads::NumberedHead;
pub use keys::{KeyError, KeyFile};
pub use settings::Settings;
pub use stats::{Standing, Stats};
pub use verdict::{Finding, Kind, Verdict, Vouched};
pub use verify::{Progress, Scope, verify};
