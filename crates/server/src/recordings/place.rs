//! Recordings as a place that holds data of persons.

use std::sync::Arc;

use async_trait::async_trait;
use trunkline_app::privacy::{ErasureError, ErasureTarget};
use trunkline_app::{CommandError, Dispatcher, Request, Single};
use trunkline_domain::recording::{Command, EraseReason, Erased, Recording, RecordingState};
use trunkline_domain::rights_request::{Removal, Removed};
use trunkline_kernel::{Actor, Clock, CustomerId, Position};
use trunkline_projections::reads::RecordingFilter;
use trunkline_projections::recordings::RecordingRow;
use trunkline_projections::{End, PageRequest, ReadModel, ReadModels};
use trunkline_recordings::{Archive, Owner};

/// What a receipt calls it.
const STORE: &str = "recordings";

/// How many recordings are read from the read model at once.
const PAGE: usize = 100;

/// The recordings of customers' voices.
pub(crate) struct Voices {
    pub(crate) archive: Arc<Archive>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) reads: ReadModels,
    pub(crate) clock: Arc<dyn Clock>,
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> ErasureError {
    ErasureError { store: STORE.to_owned(), source: Box::new(source) }
}

impl Voices {
    /// Every recording of a customer's voice that the read model has at this position.
    async fn of(&self, customer: CustomerId, at: Position) -> Result<Vec<RecordingRow>, ErasureError> {
        self.reads.reach(Some(at), &[ReadModel::Recordings]).await.map_err(failed)?;
        let filter = RecordingFilter { customer: Some(customer), ..RecordingFilter::default() };
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit: PAGE, end: End::First, after, before: None };
            let page = self.reads.recordings(&filter, &page).await.map_err(failed)?;
            let more = page.has_next;
            after = page.edges.last().map(|edge| edge.cursor.clone());
            rows.extend(page.edges.into_iter().map(|edge| edge.row));
            if !more {
                return Ok(rows);
            }
        }
    }
}

#[async_trait]
impl ErasureTarget for Voices {
    /// A recording has to be kept while a case holds it or its retention runs.
    async fn keeps(&self, customer: CustomerId) -> Result<bool, ErasureError> {
        let head = self.dispatcher.head().await.map_err(failed)?;
        let now = self.clock.now();
        let kept = |row: &RecordingRow| row.held || row.retained_until.is_some_and(|until| now < until);
        let rows = self.of(customer, head).await?;
        Ok(rows.iter().any(|row| row.state.0 != RecordingState::Erased && kept(row)))
    }

    async fn erase(&self, customer: CustomerId, erased: Position) -> Result<Vec<Removed>, ErasureError> {
        let (mut deleted, mut unreadable) = (0, 0);
        for row in self.of(customer, erased).await? {
            let command = Command::Erase(Erased { reason: EraseReason::PersonErased });
            let request = Request::by(Actor::system("privacy"));
            let erase = Single::<Recording> { id: row.recording_id, command };
            match self.dispatcher.execute(request, &erase).await {
                Ok(_) => {
                    let owner = Owner::Customer(customer);
                    self.archive.remove(row.recording_id, owner).await.map_err(failed)?;
                    deleted += 1;
                }
                // A case has come to hold it since it was asked about. What is stored stays, and nobody can hear it.
                Err(CommandError::Refused(_)) => unreadable += 1,
                Err(error) => return Err(failed(error)),
            }
        }
        let removed = |removal, count| Removed { store: STORE.to_owned(), removal, count };
        let all = [removed(Removal::Deleted, deleted), removed(Removal::Unreadable, unreadable)];
        Ok(all.into_iter().filter(|removed| removed.count > 0).collect())
    }
}
