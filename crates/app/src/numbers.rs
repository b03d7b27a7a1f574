//! Telephone numbers, opened where one is about to be dialed and nowhere else.

use serde::de::DeserializeOwned;
use trunkline_domain::identifier::IdentifierId;
use trunkline_domain::{call, customer};
use trunkline_kernel::{CallId, CustomerId, EventType, Personal, PhoneNumber, StreamId, Tag, Version};
use trunkline_log::{Direction, Filter, Query};
use trunkline_vault::{Openable as _, SealedValue, Vault, VaultError};

use crate::{ActionError, Dispatcher, Work};

impl Work<'_> {
    /// The number behind a claim of a customer; `None` when the customer has no such number, or was erased.
    ///
    /// # Errors
    /// When the log or the vault fails, or the log holds an event that this build cannot read.
    pub(crate) async fn open_number(
        &self,
        customer: CustomerId,
        claim: IdentifierId,
    ) -> Result<Option<PhoneNumber>, ActionError> {
        let filter = Filter {
            stream: Some(StreamId::of(customer)),
            tags: vec![Tag::of(claim)],
            types: vec![EventType::known("customer.identifier_linked")],
            ..Filter::default()
        };
        let query = Query { filter, direction: Direction::Backwards, from: None, until: None, limit: 1 };
        let dispatcher = self.dispatcher();
        let Some(recorded) = dispatcher.log().read(&query).await?.events.pop() else { return Ok(None) };
        for event in trunkline_domain::decode_as(&recorded)? {
            if let customer::Event::IdentifierLinked(linked) = event {
                let value = open(dispatcher.vault(), &linked.value).await?;
                // It was parsed when it was linked; the numbering plan may have changed since.
                return Ok(value.and_then(|value| serde_json::from_value(value.into()).ok()));
            }
        }
        Ok(None)
    }
}

impl Dispatcher {
    /// The number that a call was made known with, for the line that dials it; `None` when it has none, or its
    /// customer was erased.
    ///
    /// # Errors
    /// As [`Work::open_number`].
    pub async fn number_of(&self, call: CallId) -> Result<Option<PhoneNumber>, ActionError> {
        let first = self.log().read_stream(&StreamId::of(call), Version::EMPTY, 1).await?;
        let Some(recorded) = first.into_iter().next() else { return Ok(None) };
        for event in trunkline_domain::decode_as(&recorded)? {
            if let call::Event::Created(call::Created { number: Some(number), .. }) = event {
                return Ok(open(self.vault(), &number).await?);
            }
        }
        Ok(None)
    }
}

async fn open<T: DeserializeOwned + Clone>(
    vault: &Vault,
    value: &Personal<T>,
) -> Result<Option<T>, VaultError> {
    let sealed = match value {
        Personal::Open(value) => return Ok(Some(value.clone())),
        Personal::Sealed(sealed) => SealedValue::read(&sealed.0),
        Personal::Erased => return Ok(None),
    };
    let subjects: Vec<_> = sealed.iter().map(SealedValue::subject).collect();
    let keys = vault.existing(&subjects).await?;
    Ok(value.opened(&keys).clear().cloned())
}
