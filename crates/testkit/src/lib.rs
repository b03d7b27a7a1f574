//! What tests share: private servers, waiting with a deadline, a clock that stands still, a connection that can
//! be cut, a GraphQL client and the real binary.

#[cfg(feature = "kurrentdb")]
pub mod kurrent;
#[cfg(feature = "opensearch")]
pub mod opensearch;

mod cable;
mod client;
mod clock;
mod daytime;
mod process;
mod subscription;
mod wait;

pub use cable::Cable;
pub use client::{Answer, Client};
pub use clock::{START_OF_TESTS, clock, moment};
pub use daytime::{time_zone_of_day, time_zone_of_night};
pub use process::{Serving, TrunklineProcess, trunkline_binary};
pub use subscription::Subscription;
pub use trunkline_private_servers::{Durability, Postgres, RabbitMq, Redis, unique_name};
pub use wait::{PATIENCE, wait_for, wait_for_within};
