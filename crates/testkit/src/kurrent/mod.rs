//! A KurrentDB server inside the test process, for the adapter `KurrentLog`, because no real one can run
//! beside these tests. It speaks the public gRPC protocol: `Streams/Append`, `Streams/Read` of one stream
//! (forwards, backwards, and as a subscription), `Gossip/Read` and `ServerFeatures/GetSupportedMethods`, with
//! KurrentDB's rules for expected revisions and for appends repeated with the same event ids. What it lacks
//! (`$all`, batch append, persistent subscriptions, deletion, users, TLS) it refuses as unimplemented.
//!
//! It keeps its data in memory across [`KurrentServer::stop`] and [`KurrentServer::start_again`], and it
//! misbehaves on demand: see [`Fault`].

mod faults;
mod ledger;
mod server;
mod service;
mod store;
mod wire;

pub use faults::Fault;
use faults::Faults;
pub use ledger::{REAL_SERVER, TestLedger};
pub use server::KurrentServer;
