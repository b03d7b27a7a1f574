//! Arguments that many queries share.

use async_graphql::OneofObject;
use trunkline_projections::reads;

use crate::scalars::{DateTime, LogPosition};

/// A moment in the log's own order; exactly one of these.
#[derive(OneofObject)]
pub(crate) enum AsOf {
    /// When the log ended at this position.
    Position(LogPosition),
    /// As it was known at this time: everything recorded until then.
    Time(DateTime),
}

impl AsOf {
    pub(crate) fn moment(self) -> reads::AsOf {
        match self {
            Self::Position(position) => reads::AsOf::Position(position.0),
            Self::Time(time) => reads::AsOf::Time(time.0),
        }
    }
}
