//! Work and agents: found, offered, accepted once, explained, replayed; on one server and on several.

mod achievements;
mod capacity;
pub(crate) mod centre;
mod demand;
mod messages;
pub(crate) mod models;
mod one_server;
mod several_servers;
mod terms;
