//! The log itself, for auditors.

use std::sync::Arc;

use async_graphql::connection::{Connection, Edge};
use async_graphql::{Context, Object};
use trunkline_kernel::{Position, Recorded, Timestamp};
use trunkline_log::{Direction, Log, Query};

use crate::error::{ApiError, ApiResult};
use crate::page::{self, From, Page};
use crate::scalars::{DateTime, LogPosition};
use crate::types::{Event, EventFilter, Order};
use crate::view::View;

/// Pages of events; the cursor is the position.
pub(crate) type EventConnection = Connection<String, Event>;

#[derive(Default)]
pub(crate) struct EventQueries;

#[Object]
impl EventQueries {
    /// The events of the log. `first`/`after` reads onwards in the order asked for, `last`/`before` reads back
    /// from the end.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which events; all when absent.")] filter: Option<EventFilter>,
        #[graphql(desc = "Only events recorded at or after this time.")] since: Option<DateTime>,
        #[graphql(desc = "Only events recorded before this time.")] until: Option<DateTime>,
        #[graphql(desc = "The order of the list; the oldest first when absent.")] order: Option<Order>,
        #[graphql(desc = "How many from the start, 1 to 100; 20 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> ApiResult<EventConnection> {
        let page = Page::of(first, after, last, before)?;
        let order = order.unwrap_or_default();
        let log = ctx.data_unchecked::<Arc<dyn Log>>();
        let bounds = Bounds::of(&**log, &page, order, since, until).await?;
        let filter = filter.unwrap_or_default().parse()?;
        let found = seen(&View::now(ctx), &**log, bounds.query(filter, &page, order)).await?;
        let (events, has_previous, has_next) = page.cut(found);
        let mut connection = Connection::new(has_previous, has_next);
        connection.edges = events
            .into_iter()
            .map(|recorded| Edge::new(recorded.position.to_string(), Event(recorded)))
            .collect();
        Ok(connection)
    }

    /// The position of the last event of the log.
    async fn log_head(&self, ctx: &Context<'_>) -> ApiResult<LogPosition> {
        Ok(ctx.data_unchecked::<Arc<dyn Log>>().head().await?.into())
    }

    /// The last position that was recorded at or before a time; 0 when there is none.
    async fn log_position_at(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The time.")] time: DateTime,
    ) -> ApiResult<LogPosition> {
        Ok(ctx.data_unchecked::<Arc<dyn Log>>().position_at(time.0).await?.into())
    }
}

/// How many events are looked at for one page by a caller who does not see all of them.
const LOOKED_AT_MAX: usize = 10_000;

/// The events of a page that the caller sees, as many as were asked for.
async fn seen(view: &View, log: &dyn Log, mut query: Query) -> ApiResult<Vec<Recorded>> {
    if view.reads().sees_every_event() {
        return Ok(log.read(&query).await?.events);
    }
    let wanted = std::mem::replace(&mut query.limit, LOOKED_AT_PAGE);
    let (mut found, mut looked_at) = (Vec::new(), 0);
    while looked_at < LOOKED_AT_MAX {
        let events = log.read(&query).await?.events;
        let last = events.last().map(|event| event.position);
        let whole = events.len() < LOOKED_AT_PAGE;
        looked_at += events.len();
        let seen = view.reads().sees_events(&events.iter().collect::<Vec<_>>()).await?;
        found.extend(events.into_iter().zip(seen).filter(|(_, seen)| *seen).map(|(event, _)| event));
        if whole || found.len() >= wanted {
            found.truncate(wanted);
            return Ok(found);
        }
        query.from = last;
    }
    let message = "Too few of these events are yours; ask for one stream or tag, or for a shorter time.";
    Err(ApiError::input("filter", message))
}

/// How many of them are read at once.
const LOOKED_AT_PAGE: usize = 500;

/// The positions between which to read, both excluded.
struct Bounds {
    low: Option<Position>,
    high: Option<Position>,
}

impl Bounds {
    async fn of(
        log: &dyn Log,
        page: &Page,
        order: Order,
        since: Option<DateTime>,
        until: Option<DateTime>,
    ) -> ApiResult<Self> {
        let after = cursor("after", page.after.as_deref())?;
        let before = cursor("before", page.before.as_deref())?;
        let (mut low, mut high) = match order {
            Order::OldestFirst => (after, before),
            Order::NewestFirst => (before, after),
        };
        if let Some(DateTime(since)) = since {
            let earlier = log.position_at(Timestamp::from_micros(since.micros().saturating_sub(1))).await?;
            low = Some(low.map_or(earlier, |low| low.max(earlier)));
        }
        if let Some(DateTime(until)) = until {
            let end =
                log.position_at(Timestamp::from_micros(until.micros().saturating_sub(1))).await?.plus(1);
            high = Some(high.map_or(end, |high| high.min(end)));
        }
        Ok(Self { low, high })
    }

    /// The page of the log, one event longer than the page asked for.
    fn query(&self, filter: trunkline_log::Filter, page: &Page, order: Order) -> Query {
        let forwards = (order == Order::OldestFirst) == (page.from == From::Start);
        let limit = page.size + 1;
        if forwards {
            let until = self.high.map(|high| Position(high.0.saturating_sub(1)));
            Query { filter, direction: Direction::Forwards, from: self.low, until, limit }
        } else {
            let until = self.low.map(|low| low.plus(1));
            Query { filter, direction: Direction::Backwards, from: self.high, until, limit }
        }
    }
}

fn cursor(field: &str, text: Option<&str>) -> ApiResult<Option<Position>> {
    text.map(|text| {
        text.parse().map(Position).map_err(|_| ApiError::input(field, "not a cursor of this list"))
    })
    .transpose()
}
