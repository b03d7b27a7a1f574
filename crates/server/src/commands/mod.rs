//! One file for each command.

pub(crate) mod access;
pub(crate) mod asker;
pub(crate) mod audit;
pub(crate) mod compliance;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod dnc;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod log;
pub(crate) mod migrate;
pub(crate) mod model;
pub(crate) mod privacy;
pub(crate) mod projections;
pub(crate) mod recordings;
pub(crate) mod replay;
pub(crate) mod routing;
pub(crate) mod simulate;
pub(crate) mod token;
