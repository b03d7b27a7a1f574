//! Work and agents: found, offered, accepted once, explained, replayed; on one server and on several.

mod centre;
mod models;
mod one_server;
mod several_servers;
