//! Scenarios against the real binary and real databases, over the public API: one module a subject.

mod acknowledged;
mod audit;
mod binary;
mod canary;
mod commands;
mod compliance;
mod demo;
mod durability;
mod graphql;
mod hardening;
mod identity;
mod import;
mod kurrent;
mod notary;
mod operations;
mod place;
mod privacy;
mod recordings;
mod routing;
mod search;
mod servers;
mod simulate;
mod telephony;
mod tidy;
mod transport;
