//! A customer's timeline.

use async_graphql::connection::Connection;
use async_graphql::{Enum, Object, Union};
use trunkline_domain::words::{Channel, Direction};
use trunkline_projections::customer_360::{TimelineKind, TimelineRow};

use super::{Call, Interaction, Task};
use crate::error::ApiResult;
use crate::scalars::{DateTime, LogPosition, Word};
use crate::view::View;

/// Pages of a timeline.
pub(crate) type TimelineConnection = Connection<String, TimelineEntry>;

/// What sort of thing an entry of a timeline is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimelineSort {
    /// A call.
    Call,
    /// An interaction.
    Interaction,
    /// A task.
    Task,
}

impl TimelineSort {
    pub(super) fn kind(self) -> TimelineKind {
        match self {
            Self::Call => TimelineKind::Call,
            Self::Interaction => TimelineKind::Interaction,
            Self::Task => TimelineKind::Task,
        }
    }
}

/// What an entry of a timeline is about.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "a page of them at most, each answered at once")]
pub(crate) enum TimelineSubject {
    /// A call.
    Call(Call),
    /// An interaction.
    Interaction(Interaction),
    /// A task.
    Task(Task),
}

/// One entry of a customer's timeline.
pub(crate) struct TimelineEntry {
    pub row: TimelineRow,
    pub view: View,
}

/// One entry of a customer's timeline.
#[Object]
impl TimelineEntry {
    /// When it began, in event time.
    async fn occurred_at(&self) -> DateTime {
        self.row.occurred_at.into()
    }

    /// On which channel; absent for tasks.
    async fn channel(&self) -> Option<Word<Channel>> {
        self.row.channel.map(|channel| channel.0.into())
    }

    /// Who began it; absent for tasks.
    async fn direction(&self) -> Option<Word<Direction>> {
        self.row.direction.map(|direction| direction.0.into())
    }

    /// The call, interaction or task.
    async fn subject(&self) -> ApiResult<Option<TimelineSubject>> {
        use trunkline_kernel::Id as _;
        let uuid = self.row.entry_id;
        Ok(match self.row.kind.0 {
            TimelineKind::Call => {
                let id = trunkline_kernel::CallId::from_uuid(uuid);
                self.view.call(Some(id)).await?.map(TimelineSubject::Call)
            }
            TimelineKind::Interaction => {
                let id = trunkline_kernel::InteractionId::from_uuid(uuid);
                self.view.interaction(Some(id)).await?.map(TimelineSubject::Interaction)
            }
            TimelineKind::Task => {
                let id = trunkline_kernel::TaskId::from_uuid(uuid);
                self.view.task(Some(id)).await?.map(TimelineSubject::Task)
            }
        })
    }

    /// The event that began it.
    async fn position(&self) -> LogPosition {
        self.row.position.into()
    }
}
