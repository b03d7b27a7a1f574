//! The rules of the contact centre: aggregates that decide which events a command leads to, and the events
//! themselves. Pure and synchronous: no I/O, no clock, no randomness; time enters with commands.
//!
//! One module an aggregate. Each has its `Event` with a payload type per variant, its state machine where it has
//! one, its `Command`, its `Refusal`, and the aggregate itself.

#[macro_use]
mod macros;

pub mod access;
pub mod access_policy;
pub mod agent;
pub mod alert;
pub mod call;
pub mod campaign;
pub mod command;
pub mod contact;
pub mod customer;
pub mod decision;
pub mod demand;
pub mod dialer;
mod event;
pub mod grant;
pub mod identifier;
pub mod interaction;
pub mod lead;
pub mod limits;
pub mod listing;
pub mod messages;
pub mod model;
pub mod personal;
mod policy;
pub mod recording;
pub mod reservation;
pub mod rights_request;
pub mod routing;
pub mod schema;
pub mod task;
#[cfg(test)]
mod testing;
pub mod token;
pub mod upcast;
pub mod words;

pub use event::{DECLARED, Event, EventDeclaration, decode_as};
pub use messages::RefusalDeclaration;
pub use policy::Policy;
