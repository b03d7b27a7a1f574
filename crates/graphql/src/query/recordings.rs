//! Recordings.

use async_graphql::{Context, ID, Object};

use crate::error::ApiResult;
use crate::scalars::{LogPosition, parse_id};
use crate::types::Recording;
use crate::view::View;

#[derive(Default)]
pub(crate) struct RecordingQueries;

#[Object]
impl RecordingQueries {
    /// One recording.
    async fn recording(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The recording.")] id: ID,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Option<Recording>> {
        let id = parse_id("id", &id)?;
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        view.recording(Some(id)).await
    }
}
