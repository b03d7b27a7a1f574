//! The models of routing.

use std::sync::Arc;

use async_graphql::connection::{Connection, Edge};
use async_graphql::{Context, Object};
use trunkline_domain::model::ModelHash;
use trunkline_pool::Router;
use trunkline_pool::models::{Life, LiveModels};

use crate::error::{ApiError, ApiResult};
use crate::page::{self, From, Page};
use crate::types::Model;

#[derive(Default)]
pub(crate) struct ModelQueries;

#[Object]
impl ModelQueries {
    /// The models that were imported, in the order of their hashes, as this server knows them.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn models(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 20 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<String, Model>> {
        let page = Page::of(first, after, last, before)?;
        let (after, before) =
            (hash("after", page.after.as_deref())?, hash("before", page.before.as_deref())?);
        let within = |life: &Life| {
            let hash = life.model.hash;
            after.is_none_or(|after| after < hash) && before.is_none_or(|before| hash < before)
        };
        let mut lives = live(ctx).map(|models| models.lives()).unwrap_or_default();
        lives.retain(within);
        if page.from == From::End {
            lives.reverse();
        }
        lives.truncate(page.size + 1);
        let (lives, has_previous, has_next) = page.cut(lives);
        let mut connection = Connection::new(has_previous, has_next);
        let edge = |life: Life| Edge::new(life.model.hash.to_string(), Model(life));
        connection.edges.extend(lives.into_iter().map(edge));
        Ok(connection)
    }

    /// One model.
    async fn model(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The SHA-256 of its file; the one that decides when absent.")] hash: Option<String>,
    ) -> ApiResult<Option<Model>> {
        let Some(models) = live(ctx) else { return Ok(None) };
        let named = self::hash("hash", hash.as_deref())?;
        let wanted = named.or_else(|| models.standing().wanted);
        Ok(wanted.and_then(|hash| models.life(hash)).map(Model))
    }
}

fn live<'a>(ctx: &'a Context<'_>) -> Option<&'a Arc<LiveModels>> {
    ctx.data_unchecked::<Arc<Router>>().live_models()
}

fn hash(field: &str, text: Option<&str>) -> ApiResult<Option<ModelHash>> {
    text.map(|text| text.parse().map_err(|_| ApiError::input(field, "not the hash of a model"))).transpose()
}
