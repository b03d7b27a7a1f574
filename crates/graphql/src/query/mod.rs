//! What can be asked.

mod events;

use async_graphql::MergedObject;

pub(crate) use events::EventQueries;

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub(crate) struct Query(EventQueries);
