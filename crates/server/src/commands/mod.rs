//! One file for each command.

pub(crate) mod config;
pub(crate) mod import;
pub(crate) mod log;
pub(crate) mod migrate;
