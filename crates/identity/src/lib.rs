//! Who somebody is: tokens that Trunkline signs itself, and how long each is good for.
//!
//! The [`Doorkeeper`] is what the server asks. It knows two sorts of tokens: [`local`] ones, signed with a key of our
//! own, and those of an OpenID Connect provider. Whatever it finds out becomes a [`trunkline_access::Identity`]; what
//! that identity may do is not decided here.

mod allowance;
mod bearer;
mod claims;
mod doorkeeper;
mod known;
pub mod local;
pub mod oidc;
mod revocations;

pub use allowance::{Allowances, Patience, Place, Rate};
pub use bearer::{Bearer, TOKEN_BYTES_MAX};
pub use doorkeeper::{Doorkeeper, DoorkeeperOptions};
pub use revocations::Revocations;
