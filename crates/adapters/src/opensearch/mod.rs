//! The log in OpenSearch or Elasticsearch: a follower that sends what happened, and who read what, through the bulk API
//! with the field names of ECS.
//!
//! At least once, in the order of the log, in bounded batches, from a checkpoint that outlives the process. A document's id is made
//! of its event's, and documents are created and never replaced, so that in the end each is there exactly once.
//! No personal value is in a document: of an event only its envelope is sent, and the record of reads holds ids alone.

mod books;
mod bulk;
mod client;
mod document;
mod shipper;
#[cfg(test)]
mod tests;

pub use client::{Connection, Credentials, InvalidConnection};
pub use document::{Contents, Wanted};
pub use shipper::{Limits, Shipper, ShipperError};
