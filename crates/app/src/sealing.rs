//! The one place where personal values become sealed: on their way from a decision to the log.

use std::collections::HashMap;

use serde_json::{Value, json};
use smallvec::SmallVec;
use trunkline_domain::personal::{self, Fields};
use trunkline_kernel::{NewEvent, Payload, StreamId, Subject, SubjectKind};
use trunkline_vault::{Forged, Keys, Place, Vault, VaultError};

/// Why events could not be sealed; then nothing of them is appended.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Keys could not be had.
    #[error("keys could not be had")]
    Vault(#[from] VaultError),
    /// A payload is not JSON, or cannot be written as such.
    #[error("a payload cannot be sealed")]
    Payload(#[from] serde_json::Error),
    /// A personal value is nobody's: a test of all events rules that out.
    #[error("a personal value of an event {event_type} is nobody's")]
    Nobody {
        /// The type of the event.
        event_type: String,
    },
    /// The cipher did not take a value.
    #[error("a value cannot be sealed")]
    Cipher(#[from] Forged),
}

/// An event that has personal values, taken apart.
struct Opened<'e> {
    event: &'e mut NewEvent,
    fields: &'static Fields,
    payload: Value,
    /// Whose the values are, one of each kind of subject that the event has values of.
    subjects: SmallVec<[(SubjectKind, Subject); 2]>,
}

/// Seals every personal value of these events under its subject's key; values of who was erased become
/// `{"$erased": true}`. Keys that are not there yet are made, all in one go, and are durable before this returns.
///
/// # Errors
/// See [`SealError`].
pub async fn seal(vault: &Vault, events: Vec<(&StreamId, &mut NewEvent)>) -> Result<(), SealError> {
    let mut opened = Vec::new();
    for (stream, event) in events {
        if let Some(fields) = personal::fields(event.event_type.as_str()) {
            opened.extend(take_apart(stream, event, fields)?);
        }
    }
    if opened.is_empty() {
        return Ok(());
    }
    let mut subjects: Vec<Subject> =
        opened.iter().flat_map(|event| event.subjects.iter().map(|(_, subject)| *subject)).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let keys = vault.keys(&subjects).await?;
    opened.into_iter().try_for_each(|event| put_together(&keys, event))
}

fn take_apart<'e>(
    stream: &StreamId,
    event: &'e mut NewEvent,
    fields: &'static Fields,
) -> Result<Option<Opened<'e>>, SealError> {
    let mut payload: Value = event.payload.read()?;
    let mut subjects = SmallVec::new();
    for found in fields.find(&mut payload).iter().filter(|found| !is_sealed(found.value)) {
        if !subjects.iter().any(|(kind, _)| *kind == found.kind) {
            let nobody = || SealError::Nobody { event_type: event.event_type.to_string() };
            let subject = personal::subject(found.kind, stream, event).ok_or_else(nobody)?;
            subjects.push((found.kind, subject));
        }
    }
    Ok((!subjects.is_empty()).then_some(Opened { event, fields, payload, subjects }))
}

fn put_together(keys: &Keys, opened: Opened<'_>) -> Result<(), SealError> {
    let Opened { event, fields, mut payload, subjects } = opened;
    let subjects: HashMap<SubjectKind, Subject> = subjects.into_iter().collect();
    for found in fields.find(&mut payload) {
        let Some(subject) = subjects.get(&found.kind).copied().filter(|_| !is_sealed(found.value)) else {
            continue;
        };
        *found.value = match keys.get(subject) {
            Some(key) => {
                let place = Place { subject, event: event.id, field: &found.field };
                json!({ "$sealed": key.seal(&place, &serde_json::to_vec(found.value)?)?.0 })
            }
            None => json!({ "$erased": true }),
        };
    }
    event.payload = Payload::of(&payload)?;
    Ok(())
}

/// A personal value is a text or a number; an object stands for a sealed or an erased one.
fn is_sealed(value: &Value) -> bool {
    value.is_object()
}
