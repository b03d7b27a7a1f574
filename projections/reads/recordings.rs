//! Recordings.

use trunkline_database::{AssertSqlSafe, Cell};
use trunkline_domain::recording::RecordingState;
use trunkline_kernel::{AgentId, CallId, CustomerId, RecordingId, Timestamp};

use super::page::Listing;
use super::{Page, PageRequest, ReadError, ReadModels};
use crate::recordings::RecordingRow;
use crate::words::As;

/// Which recordings; empty means all.
#[derive(Clone, Debug, Default)]
pub struct RecordingFilter {
    /// Only those of this customer's voice.
    pub customer: Option<CustomerId>,
    /// Only those of this agent's voice.
    pub agent: Option<AgentId>,
    /// Only these states.
    pub states: Vec<RecordingState>,
    /// Only those that a case holds, or only those that none does.
    pub held: Option<bool>,
}

/// What has been kept long enough, as far as the read models know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueRecordings {
    /// Those whose retention is over.
    pub kept_long_enough: Vec<RecordingId>,
    /// Those whose audio never came.
    pub abandoned: Vec<RecordingId>,
}

impl ReadModels {
    /// Recordings by their ids, in no particular order; unknown ones are left out.
    ///
    /// # Errors
    /// When there are more than [`IDS_MAX`](super::IDS_MAX) ids, and when the database fails.
    pub async fn recordings_by_ids(&self, ids: &[RecordingId]) -> Result<Vec<RecordingRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// The recordings of calls, in no particular order.
    ///
    /// # Errors
    /// When there are too many ids, and when the database fails.
    pub async fn recordings_of_calls(&self, calls: &[CallId]) -> Result<Vec<RecordingRow>, ReadError> {
        self.by_column("call_id", calls).await
    }

    /// Recordings in the order of their ids.
    ///
    /// # Errors
    /// When the page is malformed, and when the database fails.
    pub async fn recordings(
        &self,
        filter: &RecordingFilter,
        page: &PageRequest,
    ) -> Result<Page<RecordingRow>, ReadError> {
        let mut list = Listing::by(&["recording_id"]);
        if let Some(customer) = filter.customer {
            list.only("customer_id = {}", customer.value());
        }
        if let Some(agent) = filter.agent {
            list.only("agent_id = {}", agent.value());
        }
        if let Some(held) = filter.held {
            list.only("held = {}", held.value());
        }
        let states: Vec<As<RecordingState>> = filter.states.iter().copied().map(As).collect();
        list.only_in("state", &states);
        list.page(self, page).await
    }

    /// What is due to be erased at `now`: what no case holds and was to be kept until then at most, and what was
    /// announced before `abandoned_before` and never got its audio. At most `limit` of each.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_recordings(
        &self,
        now: Timestamp,
        abandoned_before: Timestamp,
        limit: u32,
    ) -> Result<DueRecordings, ReadError> {
        let mut due = DueRecordings::default();
        let limit = i64::from(limit);
        let mut values = vec![false.value(), now.value(), limit.value()];
        let relation = self.relation("recordings", &mut values);
        let over = include_str!("../recordings/retention_over.sql").replace("/* seen */", &relation);
        for row in self.database.fetch(AssertSqlSafe(over), values).await? {
            due.kept_long_enough.push(row.get("recording_id")?);
        }
        let mut values = vec![false.value(), abandoned_before.value(), limit.value()];
        let relation = self.relation("recordings", &mut values);
        let abandoned = include_str!("../recordings/abandoned.sql").replace("/* seen */", &relation);
        for row in self.database.fetch(AssertSqlSafe(abandoned), values).await? {
            due.abandoned.push(row.get("recording_id")?);
        }
        Ok(due)
    }
}
