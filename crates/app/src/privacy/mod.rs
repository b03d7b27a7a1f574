//! What persons can ask about their own data, carried out: erasure, export, opting out of automated decisions.

mod erase;
mod export;
mod opened;
mod target;

pub use erase::{EraseCustomer, ReceiveRightsRequest, Rights, RightsError};
pub use export::{Entry, Export, ExportError, export};
pub use opened::{Opened, open_payload};
pub use target::{ErasureError, ErasureTarget};
