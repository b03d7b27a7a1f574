//! All data on one person: everything that the log says about them, opened.

use serde::Serialize;
use serde_json::Value;
use trunkline_kernel::{CustomerId, Position, Subject, Tag, Timestamp};
use trunkline_log::{Direction, Filter, Log, LogError, Query};
use trunkline_vault::{Vault, VaultError};

use super::{Opened, open_payload};

/// Events that are read at once.
const PAGE: usize = 500;
/// The most events of one person that an export holds.
const EVENTS_MAX: usize = 100_000;

/// Why an export cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log failed.
    #[error("the log failed")]
    Log(#[from] LogError),
    /// Keys could not be had.
    #[error("keys could not be had")]
    Vault(#[from] VaultError),
    /// A payload is not JSON, which only a damaged store can bring about.
    #[error("a payload cannot be read")]
    Payload(#[from] serde_json::Error),
}

/// One thing that was recorded about a person.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its place in the log.
    pub position: Position,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it happened in the world.
    pub occurred_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who asked for it.
    pub actor: String,
    /// What it says, with the person's own values readable.
    pub data: Value,
}

/// All data on one person, as RFC 8259 JSON for people and machines.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// Who.
    pub customer: CustomerId,
    /// Up to where the log was read.
    pub position: Position,
    /// Whether there is more than one export holds.
    pub truncated: bool,
    /// Everything that was recorded, oldest first.
    pub events: Vec<Entry>,
    /// What became of the sealed values.
    #[serde(skip)]
    pub opened: Opened,
}

/// Reads everything that concerns a customer: the customer's own history and all that names the customer. Values of
/// other persons stay sealed.
///
/// # Errors
/// When the log or the key store fails.
pub async fn export(log: &dyn Log, vault: &Vault, customer: CustomerId) -> Result<Export, ExportError> {
    let whose = Subject::from(customer);
    let keys = vault.existing(&[whose]).await?;
    let filter = Filter { tags: vec![Tag::of(customer)], ..Filter::default() };
    let (mut from, mut events, mut opened) = (None, Vec::new(), Opened::default());
    loop {
        let query =
            Query { filter: filter.clone(), direction: Direction::Forwards, from, until: None, limit: PAGE };
        let page = log.read(&query).await?;
        for recorded in &page.events {
            let (data, values) = open_payload(recorded, &keys, whose)?;
            opened.opened += values.opened;
            opened.erased += values.erased;
            opened.foreign += values.foreign;
            opened.forged += values.forged;
            events.push(Entry {
                position: recorded.position,
                event_type: recorded.event.event_type.to_string(),
                occurred_at: recorded.event.occurred_at,
                recorded_at: recorded.recorded_at,
                actor: recorded.event.cause.actor.to_string(),
                data,
            });
        }
        let truncated = events.len() >= EVENTS_MAX;
        match page.events.last() {
            Some(last) if page.events.len() == PAGE && !truncated => from = Some(last.position),
            Some(_) | None => {
                return Ok(Export { customer, position: page.head, truncated, events, opened });
            }
        }
    }
}
