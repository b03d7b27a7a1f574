//! Idempotency: an append whose events are already in the log is the same append sent again.

use std::collections::HashMap;

use trunkline_kernel::{Digest, EventId, Position, Timestamp, Version};

use crate::prepare::Prepared;
use crate::{AppendError, Appended};

/// Where an event already stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) position: Position,
    pub(crate) version: Version,
    pub(crate) recorded_at: Timestamp,
    pub(crate) digest: Digest,
}

/// The events of some appends that are already in the log.
pub(crate) type FoundEvents = HashMap<EventId, Found>;

/// The first result of an append when all of it is already in the log, unchanged and in one piece. `found` says
/// where an event already stands.
///
/// # Errors
/// [`AppendError::Reused`] when only part of it is there, or with other content.
pub(crate) fn first_result<'f>(
    append: &Prepared,
    found: impl Fn(EventId) -> Option<&'f Found>,
) -> Result<Option<Appended>, AppendError> {
    if !append.iter().any(|(_, event, _)| found(event.id).is_some()) {
        return Ok(None);
    }
    let mut first = None;
    let mut next = None;
    for (_, event, digest) in append.iter() {
        let same = found(event.id)
            .filter(|found| found.digest == digest && next.is_none_or(|next| found.position == next));
        let Some(same) = same else {
            return Err(AppendError::Reused { event: event.id });
        };
        first.get_or_insert(*same);
        next = Some(same.position.plus(1));
    }
    let versions = append.writes.iter().filter_map(|write| {
        let last = found(write.events.last()?.0.id)?;
        Some((write.stream.clone(), last.version))
    });
    let versions = versions.collect();
    Ok(first.map(|first| Appended {
        first: first.position,
        last: Position(first.position.0 + append.events as u64 - 1),
        recorded_at: first.recorded_at,
        versions,
        repeated: true,
    }))
}
