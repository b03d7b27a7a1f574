//! The live half of routing: the pool of agents, what is known of them, and the router that finds one for each piece of
//! work.
//!
//! The algorithms are those of `trunkline-routing`; the rules are the domain's; only `trunkline-app` appends. What lives
//! here follows the log: a [`Roster`] of agents in memory, a [`Router`] with the work that waits, and a [`Pool`] where
//! several servers meet before they write.

mod achievements;
#[cfg(feature = "contract")]
pub mod contract;
mod demand;
mod features;
mod memory;
pub mod models;
mod port;
mod replay;
mod roster;
mod router;
mod scorer;
mod standby;
mod terms;
mod waiting;

pub use demand::{InvalidWatches, Watches};
pub use features::{Features, InvalidFeatures};
pub use memory::MemoryPool;
pub use port::{Claim, Pool, PoolError, Wanted};
pub use replay::{Reading, Unreadable, explain, read_record};
pub use roster::Roster;
pub use router::{Router, RouterParts, RouterSettings, Taker, Undecided, Worths};
pub use scorer::ActiveScorer;
pub use standby::AgentPool;
