//! Events as the log has them.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use trunkline_kernel::{EventId, EventType, Recorded, Tag};
use trunkline_log::Filter;

use crate::error::{ApiError, ApiResult};
use crate::page::STATEMENT_COST;
use crate::scalars::{DateTime, Json, LogPosition, global};
use crate::types::InclusionProof;

/// One event of the log, as it was appended: it never changes.
pub(crate) struct Event(pub Recorded);

/// One event of the log, as it was appended: it never changes.
#[Object]
impl Event {
    /// The event's id, `event:UUID`.
    async fn id(&self) -> ID {
        global::<EventId>(self.0.event.id)
    }

    /// Its place in the whole log.
    async fn position(&self) -> LogPosition {
        self.0.position.into()
    }

    /// The stream that it belongs to, one aggregate's history: `call-UUID`.
    async fn stream(&self) -> &str {
        self.0.stream.as_str()
    }

    /// Its place in the stream; the first event has version 1.
    async fn version(&self) -> u64 {
        self.0.version.0
    }

    /// Its permanent name, `call.bridged`.
    #[graphql(name = "type")]
    async fn event_type(&self) -> &str {
        self.0.event.event_type.as_str()
    }

    /// Which shape of its type the payload has; the first is 1.
    async fn schema_version(&self) -> u16 {
        self.0.event.schema_version.0
    }

    /// Everybody and everything that it concerns, `customer:UUID` and so on.
    async fn tags(&self) -> Vec<&str> {
        self.0.event.tags.iter().map(Tag::as_str).collect()
    }

    /// What it says. Sealed values are `{"$sealed": "…"}`, erased ones `{"$erased": true}`.
    async fn payload(&self) -> ApiResult<Json> {
        self.0.event.payload.read().map(Json).map_err(|error| ApiError::fault(&error))
    }

    /// Who asked for it, `user:li.wei`.
    async fn actor(&self) -> String {
        self.0.event.cause.actor.to_string()
    }

    /// The command that led to it; all events of one command share it.
    async fn command_id(&self) -> ID {
        global(self.0.event.cause.command)
    }

    /// What it is part of, from its first cause on.
    async fn correlation_id(&self) -> ID {
        global(self.0.event.cause.correlation)
    }

    /// The event that led to the command, when there was one.
    async fn causation_id(&self) -> Option<ID> {
        self.0.event.cause.causation.map(global)
    }

    /// The W3C trace that it happened under, 32 hexadecimal digits.
    async fn trace_id(&self) -> Option<String> {
        self.0.event.cause.trace.map(|trace| trace.to_string())
    }

    /// When it happened in the world.
    async fn occurred_at(&self) -> DateTime {
        self.0.event.occurred_at.into()
    }

    /// When the log took it.
    async fn recorded_at(&self) -> DateTime {
        self.0.recorded_at.into()
    }

    /// SHA-256 over the event's canonical form, 64 hexadecimal digits.
    async fn digest(&self) -> String {
        self.0.digest.to_string()
    }

    /// Whether the event still is what its digest says.
    async fn intact(&self) -> bool {
        self.0.is_intact()
    }

    /// That the event is in the notary's tree, under the last signed head; absent until a head has it.
    #[graphql(complexity = "STATEMENT_COST + child_complexity")]
    async fn proof(&self, ctx: &Context<'_>) -> ApiResult<Option<InclusionProof>> {
        InclusionProof::of(ctx, &self.0).await
    }
}

/// Which events: those for which everything given holds.
#[derive(InputObject, Default)]
pub(crate) struct EventFilter {
    /// Only this stream, `call-UUID`.
    pub stream: Option<String>,
    /// Only streams of this category, `call`.
    pub category: Option<String>,
    /// Only events that carry all of these tags, `customer:UUID`.
    pub tags: Option<Vec<String>>,
    /// Only events of one of these types, `call.bridged`.
    pub types: Option<Vec<String>>,
}

/// How many tags or types a filter takes.
const FILTER_WORDS_MAX: usize = 50;

impl EventFilter {
    /// The filter of the log that this one describes.
    ///
    /// # Errors
    /// Names the field that holds what is no stream, category, tag or type.
    pub(crate) fn parse(self) -> ApiResult<Filter> {
        let stream = self
            .stream
            .map(|text| text.parse().map_err(|error| ApiError::input("filter.stream", format!("{error}"))));
        let category = self.category.map(|text| {
            let holds =
                !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let wrong =
                || ApiError::input("filter.category", format!("{text:?} is not a category such as `call`"));
            if holds { Ok(text.clone()) } else { Err(wrong()) }
        });
        let tags = self.tags.unwrap_or_default();
        let types = self.types.unwrap_or_default();
        if tags.len() > FILTER_WORDS_MAX || types.len() > FILTER_WORDS_MAX {
            let message =
                format!("a filter takes {FILTER_WORDS_MAX} tags and {FILTER_WORDS_MAX} types at most");
            return Err(ApiError::input("filter", message));
        }
        let tag = |text: &String| -> ApiResult<Tag> {
            text.parse().map_err(|error| ApiError::input("filter.tags", format!("{error}")))
        };
        let event_type = |text: &String| -> ApiResult<EventType> {
            text.parse().map_err(|error| ApiError::input("filter.types", format!("{error}")))
        };
        Ok(Filter {
            stream: stream.transpose()?,
            category: category.transpose()?,
            tags: tags.iter().map(tag).collect::<ApiResult<_>>()?,
            types: types.iter().map(event_type).collect::<ApiResult<_>>()?,
        })
    }
}

/// The order of a list of events.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Order {
    /// The oldest event first.
    #[default]
    OldestFirst,
    /// The newest event first.
    NewestFirst,
}
