//! The notary, for auditors.

use async_graphql::connection::{Connection, Edge};
use async_graphql::{Context, Object};
use trunkline_registry::{Books, NumberedHead, RegistryError};

use crate::error::{ApiError, ApiResult};
use crate::page::{self, From, Page, STATEMENT_COST};
use crate::scalars::LogPosition;
use crate::types::{ConsistencyProof, TreeHead, books};

/// Pages of heads; the cursor is the number of the head.
pub(crate) type TreeHeadConnection = Connection<String, TreeHead>;

#[derive(Default)]
pub(crate) struct NotaryQueries;

#[Object]
impl NotaryQueries {
    /// The signed heads of the Merkle tree over the log, the newest first.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn tree_heads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 20 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> ApiResult<TreeHeadConnection> {
        let page = Page::of(first, after, last, before)?;
        let books = books(ctx)?;
        let limit = u32::try_from(page.size + 1).unwrap_or(u32::MAX);
        let older = cursor("after", page.after.as_deref())?;
        let newer = cursor("before", page.before.as_deref())?;
        let mut found = match page.from {
            // Numbers in the databases are signed.
            From::Start => books.heads_before(older.unwrap_or(u64::MAX >> 1), limit).await?,
            From::End => books.heads_after(newer.unwrap_or(0), limit).await?,
        };
        found.retain(|head| {
            older.is_none_or(|older| head.number < older) && newer.is_none_or(|newer| head.number > newer)
        });
        let (heads, has_previous, has_next) = page.cut(found);
        let mut connection = Connection::new(has_previous, has_next);
        for head in heads {
            connection.edges.push(Edge::new(head.number.to_string(), TreeHead::of(&head.signed)?));
        }
        Ok(connection)
    }

    /// One signed head: the newest of this size, or the newest of all; absent when there is none.
    async fn tree_head(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many events it vouches for; the newest head when absent.")] size: Option<
            LogPosition,
        >,
    ) -> ApiResult<Option<TreeHead>> {
        let books = books(ctx)?;
        let head = match size {
            Some(LogPosition(size)) => books.head_of_size(size.0).await?,
            None => books.last_head().await?,
        };
        head.map(|head| TreeHead::of(&head.signed)).transpose()
    }

    /// That the log only grew between two heads.
    #[graphql(complexity = "STATEMENT_COST + child_complexity")]
    async fn consistency_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size of the earlier head.")] from: LogPosition,
        #[graphql(desc = "The size of the later head; the newest head when absent.")] to: Option<LogPosition>,
    ) -> ApiResult<ConsistencyProof> {
        let books = books(ctx)?;
        let earlier = head_of(books, "from", from).await?;
        let later = match to {
            Some(to) => head_of(books, "to", to).await?,
            None => books.last_head().await?.ok_or(RegistryError::NoHead(0))?,
        };
        ConsistencyProof::of(books, &earlier, &later).await
    }
}

async fn head_of(books: &Books, field: &str, size: LogPosition) -> ApiResult<NumberedHead> {
    let found = books.head_of_size(size.0.0).await?;
    found.ok_or_else(|| ApiError::input(field, RegistryError::NoHead(size.0.0).to_string()))
}

fn cursor(field: &str, text: Option<&str>) -> ApiResult<Option<u64>> {
    text.map(|text| text.parse().map_err(|_| ApiError::input(field, "not a cursor of this list"))).transpose()
}
