//! What agents achieved, read again from time to time as the read model has it.

use tokio::time::MissedTickBehavior;
use trunkline_projections::PageRequest;
use trunkline_projections::reads::PAGE_ROWS_MAX;

use super::{Router, Trouble};

impl Router {
    /// Reads what changed until now.
    pub(super) async fn achievements(&self) -> Result<(), Trouble> {
        if !self.parts.features.has_figures() {
            return Ok(());
        }
        loop {
            let since = *self.achieved_until.lock();
            let page = PageRequest::first(PAGE_ROWS_MAX);
            let page = self.parts.reads.achievements_since(since, &page).await?;
            let more = page.has_next;
            let rows = page.rows();
            self.roster.achieved(&rows);
            if let Some(last) = rows.last() {
                *self.achieved_until.lock() = last.position;
            }
            if !more {
                break;
            }
        }
        self.roster.weigh();
        Ok(())
    }

    /// Reads it again every so often.
    pub(super) async fn follow_achievements(&self) {
        let mut again = tokio::time::interval(self.parts.settings.achievements);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            again.tick().await;
            if let Err(error) = self.achievements().await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "what agents achieved cannot be read now; trying again");
            }
        }
    }
}
