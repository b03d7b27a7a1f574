//! Alerts, for auditors.

use std::sync::Arc;

use async_graphql::connection::{Connection, Edge};
use async_graphql::{Context, Object};
use trunkline_kernel::{EventType, Position};
use trunkline_log::{Direction, Filter, Log, Query};

use crate::error::{ApiError, ApiResult};
use crate::page::{self, From, Page};
use crate::types::Alert;

/// The events that alerts are.
pub(crate) fn filter() -> Filter {
    Filter { types: vec![EventType::known("alert.raised")], ..Filter::default() }
}

#[derive(Default)]
pub(crate) struct AlertQueries;

#[Object]
impl AlertQueries {
    /// What the alert rules have found in the record of reads, and how models drift, the newest first.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 20 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<String, Alert>> {
        let page = Page::of(first, after, last, before)?;
        let older = cursor("after", page.after.as_deref())?;
        let newer = cursor("before", page.before.as_deref())?;
        let limit = page.size + 1;
        let query = match page.from {
            From::Start => Query {
                filter: filter(),
                direction: Direction::Backwards,
                from: older,
                until: newer.map(|newer| newer.plus(1)),
                limit,
            },
            From::End => Query {
                filter: filter(),
                direction: Direction::Forwards,
                from: newer,
                until: older.map(|older| Position(older.0.saturating_sub(1))),
                limit,
            },
        };
        let found = ctx.data_unchecked::<Arc<dyn Log>>().read(&query).await?.events;
        let (events, has_previous, has_next) = page.cut(found);
        let mut connection = Connection::new(has_previous, has_next);
        for recorded in events {
            let cursor = recorded.position.to_string();
            connection.edges.extend(Alert::of(recorded)?.map(|alert| Edge::new(cursor, alert)));
        }
        Ok(connection)
    }
}

fn cursor(field: &str, text: Option<&str>) -> ApiResult<Option<Position>> {
    text.map(|text| {
        text.parse().map(Position).map_err(|_| ApiError::input(field, "not a cursor of this list"))
    })
    .transpose()
}
