//! The scalars and the identifiers of the API.

mod date_time;
mod id;
mod json;
mod position;
mod state;
mod word;

pub(crate) use date_time::DateTime;
pub(crate) use id::{global, id_of, not_an_id, parse_id};
pub(crate) use json::Json;
pub(crate) use position::LogPosition;
pub(crate) use state::StateOf;
pub(crate) use word::{Word, Words};
