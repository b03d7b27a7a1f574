//! Carrying out what persons ask for. Every step can be taken twice, so that what was interrupted goes on.

use std::sync::Arc;

use serde::Serialize;
use trunkline_domain::customer::{self, Customer};
use trunkline_domain::rights_request::{
    Command, Done, Receipt, Received, Removal, Removed, Right, RightsRequest, RightsRequestState,
};
use trunkline_domain::{identifier, rights_request};
use trunkline_kernel::{CustomerId, Id as _, Position, RightsRequestId, StreamId, Timestamp, Version};
use trunkline_vault::{Vault, VaultError};
use uuid::Uuid;

use super::{ErasureError, ErasureTarget};
use crate::{Action, ActionError, CommandError, Dispatcher, Outcome, Request, Single, Work};

/// Notes that a customer was erased, and gives up every identifier, so that the person can come back as somebody new.
#[derive(Clone, Copy, Debug)]
pub struct EraseCustomer {
    /// Who.
    pub customer: CustomerId,
    /// The request that led to it.
    pub request: RightsRequestId,
}

impl Action for EraseCustomer {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let claims = work.require::<Customer>(self.customer).await?.identifiers();
        let erase = customer::Command::Erase(customer::Erased { request: self.request });
        let erased = work.run::<Customer>(self.customer, erase).await?;
        for claim in claims.into_iter().filter(|_| !erased.is_empty()) {
            let release = identifier::Command::Release { customer: self.customer };
            work.run::<identifier::Identifier>(claim, release).await?;
        }
        Ok(self.customer.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.customer))
    }
}

/// Notes that a person asked something about their own data.
#[derive(Clone, Debug)]
pub struct ReceiveRightsRequest {
    /// What.
    pub received: Received,
}

impl Action for ReceiveRightsRequest {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        if !work.state::<Customer>(self.received.customer).await?.exists() {
            return Err(ActionError::refused(customer::Refusal::Unknown));
        }
        let id: RightsRequestId = work.new_id();
        work.run::<RightsRequest>(id, Command::Receive(self.received.clone())).await?;
        Ok(id.uuid())
    }
}

/// Why a request was not carried out to its end.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// A command was not carried out.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The key store failed.
    #[error("the key store failed")]
    Vault(#[from] VaultError),
    /// A place could not drop the person's data.
    #[error(transparent)]
    Target(#[from] ErasureError),
    /// The receipt has no JSON form, which a test rules out.
    #[error("the receipt cannot be written")]
    Receipt(#[from] serde_json::Error),
}

/// What a receipt states. Its canonical form is what is signed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    customer: CustomerId,
    erased_at: Timestamp,
    position: Position,
    removed: &'a [Removed],
    request: RightsRequestId,
    version: u8,
}

/// Carries out what persons ask for.
pub struct Rights {
    dispatcher: Arc<Dispatcher>,
    targets: Vec<Arc<dyn ErasureTarget>>,
}

impl std::fmt::Debug for Rights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rights over {} places", self.targets.len())
    }
}

impl Rights {
    /// Over these places, which beside the log hold data of persons.
    pub fn new(dispatcher: Arc<Dispatcher>, targets: Vec<Arc<dyn ErasureTarget>>) -> Self {
        Self { dispatcher, targets }
    }

    fn vault(&self) -> &Vault {
        self.dispatcher.vault()
    }

    /// Carries a verified request out, or goes on where it was interrupted.
    ///
    /// # Errors
    /// The refusal when it cannot be carried out as it stands, and what failed on the way; then executing it again
    /// goes on.
    pub async fn execute(&self, request: Request, id: RightsRequestId) -> Result<Outcome<Uuid>, RightsError> {
        let step = |command| Single::<RightsRequest> { id, command };
        // The key of the whole is that a request is carried out once; its steps have none of their own.
        let again = || Request { idempotency: None, ..request.clone() };
        let stream = StreamId::of(id);
        let found = self.dispatcher.fold::<RightsRequest>(&stream, Version::EMPTY, RightsRequest::default());
        let (_, found) = found.await.map_err(CommandError::from)?;
        if found.state() == RightsRequestState::Done {
            let position = self.dispatcher.head().await.map_err(CommandError::from)?;
            return Ok(Outcome { answer: id.uuid(), position, events: Vec::new(), repeated: true });
        }
        if let (Some(customer), Some(Right::Erasure)) = (found.customer(), found.right()) {
            // What was begun is finished: its key is gone already.
            let begun = found.state() == RightsRequestState::Executing;
            if !begun && self.keeps(customer).await? {
                let refusal = rights_request::Refusal::StillRestricted;
                return Err(CommandError::Refused(refusal.into()).into());
            }
        }
        let started = self.dispatcher.execute(again(), &step(Command::Start)).await?;
        let (Some(customer), Some(right)) = (found.customer(), found.right()) else { return Ok(started) };
        let done = match right {
            Right::Erasure => self.erase(again(), id, customer).await?,
            Right::AutomatedDecisionOptOut => {
                let refused = customer::AutomatedDecisionsRefused { request: Some(id) };
                let command = customer::Command::RefuseAutomatedDecisions(refused);
                self.dispatcher.execute(again(), &Single::<Customer> { id: customer, command }).await?;
                Done { removed: Vec::new(), receipt: None }
            }
            // What is exported is read by who handles the request; that it was is the event.
            Right::Export => Done { removed: Vec::new(), receipt: None },
        };
        Ok(self.dispatcher.execute(again(), &step(Command::Finish(done))).await?)
    }

    /// Whether a place has to keep something of the customer.
    async fn keeps(&self, customer: CustomerId) -> Result<bool, ErasureError> {
        for target in &self.targets {
            if target.keeps(customer).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn erase(
        &self,
        request: Request,
        id: RightsRequestId,
        customer: CustomerId,
    ) -> Result<Done, RightsError> {
        // First the key: from here on nothing of the person can be read anywhere, whatever fails below.
        let destroyed = self.vault().destroy(customer.into()).await?;
        let noted = self.dispatcher.execute(request, &EraseCustomer { customer, request: id }).await?;
        let key = Removed { store: "keys".to_owned(), removal: Removal::Deleted, count: 1 };
        let mut removed = vec![key];
        for target in &self.targets {
            removed.extend(target.erase(customer, noted.position).await?);
        }
        let log = Removed { store: "log".to_owned(), removal: Removal::Unreadable, count: 1 };
        removed.push(log);
        let statement = Statement {
            customer,
            erased_at: destroyed.at,
            position: noted.position,
            removed: &removed,
            request: id,
            version: 1,
        };
        let statement = trunkline_kernel::Payload::of(&statement)?.as_str().to_owned();
        let signed = self.vault().sign(statement.as_bytes())?;
        let receipt = Receipt { statement, signature: signed.signature, public_key: signed.public_key };
        Ok(Done { removed, receipt: Some(receipt) })
    }
}
