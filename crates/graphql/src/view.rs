//! The read models as one request sees them: now, with look-ups gathered into few statements, or as they were.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Context;
use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use futures::future::BoxFuture;
use trunkline_kernel::{
    AgentId, CallId, CampaignId, Clock, CustomerId, InteractionId, LeadId, Position, RecordingId, TaskId,
    Timestamp,
};
use trunkline_log::Log;
use trunkline_projections::agent_availability::{AgentRow, AgentTimeRow};
use trunkline_projections::customer_360::{ConsentRow, CustomerRow, IdentifierRow, InteractionRow};
use trunkline_projections::kpi::{AchievementRow, CallRow};
use trunkline_projections::outreach::{CampaignRow, LeadCountRow, LeadRow};
use trunkline_projections::reads::{AsOf, Subject, TimelineFilter};
use trunkline_projections::recordings::RecordingRow;
use trunkline_projections::task_board::{TaskRow, TransitionRow};
use trunkline_projections::{ReadError, ReadModel, ReadModels};

use crate::access::Seer;
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::page::{Page, connection};
use crate::passes::Passes;
use crate::types::{
    Achievements, Agent, AgentTime, Call, Campaign, Consent, Customer, Identifier, Interaction, Lead,
    LeadCount, Recording, Task, TaskTransition, TimelineConnection, TimelineEntry,
};

/// How long the look-ups of a message are gathered before one statement is sent for all of them.
const GATHER: Duration = Duration::from_micros(500);

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotReached { wanted, reached, .. } => Self::behind(wanted, reached),
            ReadError::Cursor => Self::new(ErrorCode::BadUserInput, "The cursor is not one of this list."),
            ReadError::Limit { what, limit } => {
                Self::new(ErrorCode::BadUserInput, format!("The limit of {what} is {limit}."))
            }
            ReadError::Log(error) => error.into(),
            error @ (ReadError::Fold { .. } | ReadError::Database(_)) => Self::fault(&error),
        }
    }
}

/// The read models that a thing was read from; what hangs on the thing is read from the same ones.
#[derive(Clone)]
pub(crate) struct View(Arc<Inner>);

struct Inner {
    reads: ReadModels,
    passes: Option<Passes>,
    rows: DataLoader<Rows, HashMapCache>,
}

impl View {
    /// A view outside of a request, for one message of a subscription: look-ups are gathered for a moment.
    pub(crate) fn of(reads: ReadModels) -> Self {
        let rows = DataLoader::with_cache(Rows(reads.clone()), tokio::spawn, HashMapCache::default());
        Self(Arc::new(Inner { reads, passes: None, rows: rows.delay(GATHER) }))
    }

    /// The view of a request: look-ups are gathered for as long as a pass over its fields takes.
    pub(crate) fn of_request(reads: ReadModels, passes: Passes) -> Self {
        let within = passes.clone();
        let spawn = move |look_up: BoxFuture<'static, ()>| within.add(look_up);
        let rows = DataLoader::with_cache(Rows(reads.clone()), spawn, HashMapCache::default());
        Self(Arc::new(Inner { reads, passes: Some(passes), rows: rows.delay(Duration::ZERO) }))
    }

    /// A view of other read models, or of the same ones without what was looked up before, for the same request.
    pub(crate) fn beside(&self, reads: ReadModels) -> Self {
        match &self.0.passes {
            Some(passes) => Self::of_request(reads, passes.clone()),
            None => Self::of(reads),
        }
    }

    /// What a subscription's caller sees at this moment, with nothing looked up yet.
    pub(crate) fn of_subscription(ctx: &Context<'_>) -> impl Fn() -> Self + Clone + Send + Sync + use<> {
        let (reads, seer) = (Self::now(ctx).0.reads.clone(), ctx.data_unchecked::<Seer>().clone());
        move || Self::of(reads.seen_by(seer.scope()))
    }

    /// The view of this request.
    pub(crate) fn now(ctx: &Context<'_>) -> Self {
        ctx.data_unchecked::<Self>().clone()
    }

    /// The view of this request once the read models have reached a position.
    ///
    /// # Errors
    /// `READ_MODEL_BEHIND` when they do not get there in time.
    pub(crate) async fn at_least(ctx: &Context<'_>, position: Option<Position>) -> ApiResult<Self> {
        let view = Self::now(ctx);
        view.reach(position).await?;
        Ok(view)
    }

    /// Waits until the read models have reached a position.
    ///
    /// # Errors
    /// `READ_MODEL_BEHIND` when they do not get there in time.
    pub(crate) async fn reach(&self, position: Option<Position>) -> ApiResult<()> {
        Ok(self.0.reads.reach(position, &ReadModel::ALL).await?)
    }

    /// The read models of one thing as they were.
    ///
    /// # Errors
    /// When the thing has too many events, or the log fails.
    pub(crate) async fn past(ctx: &Context<'_>, subject: Subject, as_of: AsOf) -> ApiResult<Self> {
        let log = ctx.data_unchecked::<Arc<dyn Log>>();
        let now = Self::now(ctx);
        let past = now.0.reads.as_of(&**log, subject, as_of).await?;
        Ok(now.beside(past))
    }

    /// The read models behind it.
    pub(crate) fn reads(&self) -> &ReadModels {
        &self.0.reads
    }

    async fn one<K>(&self, key: Option<K>) -> ApiResult<Option<<Rows as Loader<K>>::Value>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Rows: Loader<K, Error = ApiError>,
    {
        match key {
            Some(key) => self.0.rows.load_one(key).await,
            None => Ok(None),
        }
    }

    pub(crate) async fn customer(&self, id: Option<CustomerId>) -> ApiResult<Option<Customer>> {
        Ok(self.one(id).await?.map(|row| Customer { row, view: self.clone() }))
    }

    pub(crate) async fn agent(&self, id: Option<AgentId>) -> ApiResult<Option<Agent>> {
        Ok(self.one(id).await?.map(|row| Agent { row, view: self.clone() }))
    }

    pub(crate) async fn call(&self, id: Option<CallId>) -> ApiResult<Option<Call>> {
        Ok(self.one(id).await?.map(|row| Call { row, view: self.clone() }))
    }

    pub(crate) async fn lead(&self, id: Option<LeadId>) -> ApiResult<Option<Lead>> {
        Ok(self.one(id).await?.map(|row| Lead { row, view: self.clone() }))
    }

    pub(crate) async fn campaign(&self, id: Option<CampaignId>) -> ApiResult<Option<Campaign>> {
        Ok(self.one(id).await?.map(|row| Campaign { row, view: self.clone() }))
    }

    pub(crate) async fn task(&self, id: Option<TaskId>) -> ApiResult<Option<Task>> {
        Ok(self.one(id).await?.map(|row| Task { row, view: self.clone() }))
    }

    pub(crate) async fn interaction(&self, id: Option<InteractionId>) -> ApiResult<Option<Interaction>> {
        Ok(self.one(id).await?.map(|row| Interaction { row, view: self.clone() }))
    }

    pub(crate) async fn recording(&self, id: Option<RecordingId>) -> ApiResult<Option<Recording>> {
        Ok(self.one(id).await?.map(|row| Recording { row, view: self.clone() }))
    }

    pub(crate) async fn recordings_of(&self, id: CallId) -> ApiResult<Vec<Recording>> {
        let rows = self.one(Some(RecordingsOf(id))).await?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| Recording { row, view: self.clone() }).collect())
    }

    pub(crate) async fn identifiers(&self, id: CustomerId) -> ApiResult<Vec<Identifier>> {
        let rows = self.one(Some(IdentifiersOf(id))).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Identifier).collect())
    }

    pub(crate) async fn consents(&self, id: CustomerId) -> ApiResult<Vec<Consent>> {
        let rows = self.one(Some(ConsentsOf(id))).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Consent).collect())
    }

    pub(crate) async fn lead_counts(&self, id: CampaignId) -> ApiResult<Vec<LeadCount>> {
        let rows = self.one(Some(LeadCountsOf(id))).await?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| LeadCount { state: row.state.0.into(), leads: row.leads }).collect())
    }

    pub(crate) async fn agent_times(
        &self,
        ctx: &Context<'_>,
        id: AgentId,
        at: Option<Timestamp>,
    ) -> ApiResult<Vec<AgentTime>> {
        let now = ctx.data_unchecked::<Arc<dyn Clock>>().now();
        let at = match at {
            Some(at) => last_moment_of_day(at).min(now),
            // One second is as fine as a day's sums are asked for, and lets the agents of a list share a look-up.
            None => now.floor(trunkline_kernel::Millis::from_secs(1)),
        };
        let rows = self.one(Some(TimesOf(id, at))).await?.unwrap_or_default();
        Ok(rows.into_iter().map(AgentTime).collect())
    }

    pub(crate) async fn achievements(&self, id: AgentId) -> ApiResult<Option<Achievements>> {
        Ok(self.one(Some(AchievementsOf(id))).await?.map(Achievements))
    }

    pub(crate) async fn task_history(&self, id: TaskId) -> ApiResult<Vec<TaskTransition>> {
        let rows = self.one(Some(HistoryOf(id))).await?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| TaskTransition { row, view: self.clone() }).collect())
    }

    pub(crate) async fn timeline(
        &self,
        id: CustomerId,
        filter: &TimelineFilter,
        page: &Page,
    ) -> ApiResult<TimelineConnection> {
        let found = self.0.reads.timeline(id, filter, &page.request()).await?;
        Ok(connection(found, |row| TimelineEntry { row, view: self.clone() }))
    }
}

fn last_moment_of_day(at: Timestamp) -> Timestamp {
    const DAY: trunkline_kernel::Millis = trunkline_kernel::Millis::from_mins(24 * 60);
    Timestamp::from_micros(at.floor(DAY).plus(DAY).micros() - 1)
}

/// Reads rows by many keys at once.
struct Rows(ReadModels);

#[derive(Clone, PartialEq, Eq, Hash)]
struct IdentifiersOf(CustomerId);
#[derive(Clone, PartialEq, Eq, Hash)]
struct ConsentsOf(CustomerId);
#[derive(Clone, PartialEq, Eq, Hash)]
struct LeadCountsOf(CampaignId);
#[derive(Clone, PartialEq, Eq, Hash)]
struct TimesOf(AgentId, Timestamp);
#[derive(Clone, PartialEq, Eq, Hash)]
struct AchievementsOf(AgentId);
#[derive(Clone, PartialEq, Eq, Hash)]
struct RecordingsOf(CallId);
#[derive(Clone, PartialEq, Eq, Hash)]
struct HistoryOf(TaskId);

macro_rules! by_id {
    ($($id:ident => $row:ident by $key:ident from $read:ident;)+) => {$(
        impl Loader<$id> for Rows {
            type Value = $row;
            type Error = ApiError;

            async fn load(&self, ids: &[$id]) -> ApiResult<HashMap<$id, $row>> {
                let rows = self.0.$read(ids).await?;
                Ok(rows.into_iter().map(|row| (row.$key, row)).collect())
            }
        }
    )+};
}

by_id! {
    CustomerId => CustomerRow by customer_id from customers_by_ids;
    AgentId => AgentRow by agent_id from agents_by_ids;
    CallId => CallRow by call_id from calls_by_ids;
    LeadId => LeadRow by lead_id from leads_by_ids;
    CampaignId => CampaignRow by campaign_id from campaigns_by_ids;
    TaskId => TaskRow by task_id from tasks_by_ids;
    InteractionId => InteractionRow by interaction_id from interactions_by_ids;
    RecordingId => RecordingRow by recording_id from recordings_by_ids;
}

/// The rows of each key; every key has a list, an empty one when there are no rows.
fn grouped<K: Clone + Eq + Hash, R>(keys: &[K], rows: Vec<R>, key: impl Fn(&R) -> K) -> HashMap<K, Vec<R>> {
    let mut groups: HashMap<K, Vec<R>> = keys.iter().map(|key| (key.clone(), Vec::new())).collect();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

impl Loader<IdentifiersOf> for Rows {
    type Value = Vec<IdentifierRow>;
    type Error = ApiError;

    async fn load(&self, keys: &[IdentifiersOf]) -> ApiResult<HashMap<IdentifiersOf, Vec<IdentifierRow>>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let mut rows = self.0.identifiers_of(&ids).await?;
        rows.sort_by_key(|row| row.position);
        Ok(grouped(keys, rows, |row| IdentifiersOf(row.customer_id)))
    }
}

impl Loader<ConsentsOf> for Rows {
    type Value = Vec<ConsentRow>;
    type Error = ApiError;

    async fn load(&self, keys: &[ConsentsOf]) -> ApiResult<HashMap<ConsentsOf, Vec<ConsentRow>>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let mut rows = self.0.consents_of(&ids).await?;
        rows.sort_by_key(|row| (row.purpose.0, row.channel.0));
        Ok(grouped(keys, rows, |row| ConsentsOf(row.customer_id)))
    }
}

impl Loader<LeadCountsOf> for Rows {
    type Value = Vec<LeadCountRow>;
    type Error = ApiError;

    async fn load(&self, keys: &[LeadCountsOf]) -> ApiResult<HashMap<LeadCountsOf, Vec<LeadCountRow>>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let mut rows = self.0.lead_counts(&ids).await?;
        rows.sort_by_key(|row| row.state.0);
        Ok(grouped(keys, rows, |row| LeadCountsOf(row.campaign_id)))
    }
}

impl Loader<TimesOf> for Rows {
    type Value = Vec<AgentTimeRow>;
    type Error = ApiError;

    async fn load(&self, keys: &[TimesOf]) -> ApiResult<HashMap<TimesOf, Vec<AgentTimeRow>>> {
        let mut by_time: HashMap<Timestamp, Vec<AgentId>> = HashMap::new();
        for TimesOf(agent, at) in keys {
            by_time.entry(*at).or_default().push(*agent);
        }
        let mut found = grouped(keys, Vec::new(), |_: &AgentTimeRow| keys[0].clone());
        // One request asks for one day, or for a few under aliases.
        for (at, agents) in by_time {
            let mut rows = self.0.agent_times(&agents, at).await?;
            rows.sort_by_key(|row| row.presence.0);
            for row in rows {
                found.entry(TimesOf(row.agent_id, at)).or_default().push(row);
            }
        }
        Ok(found)
    }
}

impl Loader<AchievementsOf> for Rows {
    type Value = AchievementRow;
    type Error = ApiError;

    async fn load(&self, keys: &[AchievementsOf]) -> ApiResult<HashMap<AchievementsOf, AchievementRow>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.0.achievements_of(&ids).await?;
        Ok(rows.into_iter().map(|row| (AchievementsOf(row.agent_id), row)).collect())
    }
}

impl Loader<RecordingsOf> for Rows {
    type Value = Vec<RecordingRow>;
    type Error = ApiError;

    async fn load(&self, keys: &[RecordingsOf]) -> ApiResult<HashMap<RecordingsOf, Vec<RecordingRow>>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let mut rows = self.0.recordings_of_calls(&ids).await?;
        rows.sort_by_key(|row| (row.announced_at, row.recording_id));
        Ok(grouped(keys, rows, |row| RecordingsOf(row.call_id)))
    }
}

impl Loader<HistoryOf> for Rows {
    type Value = Vec<TransitionRow>;
    type Error = ApiError;

    async fn load(&self, keys: &[HistoryOf]) -> ApiResult<HashMap<HistoryOf, Vec<TransitionRow>>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let mut rows = self.0.task_transitions_of(&ids).await?;
        rows.sort_by_key(|row| row.version);
        Ok(grouped(keys, rows, |row| HistoryOf(row.task_id)))
    }
}
