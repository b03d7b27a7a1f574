//! Scenarios against the real binary and real databases, over the public API: one module a subject.

mod tidy;
