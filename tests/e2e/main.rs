//! Scenarios against the real binary and real databases, over the public API: one module a subject.

mod binary;
mod commands;
mod durability;
mod import;
mod tidy;
