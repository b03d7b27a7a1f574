//! Every limit of the log, with its name and default.

use crate::LogError;

/// What the log takes at most. Each field is a setting `log.<name>` of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLimits {
    /// Appends under way at once, waiting ones included; more are answered [`LogError::Busy`]. Default 10,000.
    pub queue_max: usize,
    /// Appends gathered into one commit. Default 1,024.
    pub batch_appends_max: usize,
    /// Events in one commit; one append is never split. Default 2,000.
    pub batch_events_max: usize,
    /// Bytes of payloads in one commit; one append is never split. Default 8 MiB.
    pub batch_bytes_max: usize,
    /// Bytes of one event's payload. Default 1 MiB.
    pub event_bytes_max: usize,
    /// Tags of one event. Default 32.
    pub tags_per_event_max: usize,
    /// Events of one append. Default 1,000.
    pub events_per_append_max: usize,
    /// Streams that one append writes or checks. Default 200.
    pub streams_per_append_max: usize,
    /// Events of one page. Default 10,000.
    pub page_max: usize,
    /// Event types, and tags, that one read can ask for. Default 64.
    pub filter_terms_max: usize,
    /// Streams whose version is kept in memory. Default 200,000, about 30 MB.
    pub streams_cached_max: usize,
    /// How often one commit is tried again after a lost connection or a failed serialization, after pauses
    /// of 20 ms, 40 ms and so on. Default 8, about 5 s in all.
    pub retries_max: u32,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self {
            queue_max: 10_000,
            batch_appends_max: 1_024,
            batch_events_max: 2_000,
            batch_bytes_max: 8 * 1024 * 1024,
            event_bytes_max: 1024 * 1024,
            tags_per_event_max: 32,
            events_per_append_max: 1_000,
            streams_per_append_max: 200,
            page_max: 10_000,
            filter_terms_max: 64,
            streams_cached_max: 200_000,
            retries_max: 8,
        }
    }
}

impl LogLimits {
    /// Refuses a read that asks for more than the limits.
    pub(crate) fn admit(&self, query: &crate::Query) -> Result<(), LogError> {
        self.admit_page(query.limit)?;
        let terms = query.filter.tags.len().max(query.filter.types.len());
        if terms > self.filter_terms_max {
            let reason = format!(
                "the filter has {terms} tags or types, `log.filter_terms_max` is {}",
                self.filter_terms_max
            );
            return Err(LogError::Invalid { reason });
        }
        Ok(())
    }

    /// Refuses a page longer than the limit: a shorter one would look like the end of the log.
    pub(crate) fn admit_page(&self, limit: usize) -> Result<(), LogError> {
        if limit > self.page_max {
            let reason = format!("the page has {limit} events, `log.page_max` is {}", self.page_max);
            return Err(LogError::Invalid { reason });
        }
        Ok(())
    }
}
