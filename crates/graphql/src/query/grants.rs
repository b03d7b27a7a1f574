//! Grants that are in force.

use std::sync::Arc;

use async_graphql::{Context, Object};
use trunkline_access::Permission;
use trunkline_app::Authority;

use crate::access::Seer;
use crate::context::Caller;
use crate::error::ApiResult;
use crate::types::Grant;

#[derive(Default)]
pub(crate) struct GrantQueries;

#[Object]
impl GrantQueries {
    /// The delegations and emergency accesses that are in force, as this server knows them: those one gave or has, and
    /// all for who may manage grants.
    async fn grants(&self, ctx: &Context<'_>) -> ApiResult<Vec<Grant>> {
        let actor = &ctx.data_unchecked::<Caller>().identity.actor;
        let all = ctx.data_unchecked::<Seer>().scope().may(Permission::ManageGrants);
        let mut grants = ctx.data_unchecked::<Arc<Authority>>().in_force();
        grants.retain(|grant| all || grant.to == *actor || grant.from.as_ref() == Some(actor));
        Ok(grants.into_iter().map(Grant).collect())
    }
}
