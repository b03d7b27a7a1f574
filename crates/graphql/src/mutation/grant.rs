//! What can be done about rights: lend them, take them in an emergency, end them; and have a masked value shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use trunkline_access::{Permission, Role, Tally};
use trunkline_app::cases::New;
use trunkline_app::{Authority, Refused};
use trunkline_domain::customer;
use trunkline_domain::grant::{
    Command, Delegated, Ended, GlassBroken, Grant as GrantAggregate, Refusal, ValueRevealed,
};
use trunkline_domain::identifier::IdentifierId;
use trunkline_kernel::{Actor, Clock, CustomerId, GrantId, Millis, Refusal as _};

use super::carry_out::{Done, carry_out, single, told};
use super::edge::Fields;
use super::payload::{GrantPayload, RevealPayload};
use crate::access::Seer;
use crate::context::Caller;
use crate::error::ApiResult;
use crate::opener::text;
use crate::scalars::{DateTime, Word};
use crate::types::RoleWord;
use crate::view::View;

/// Whom to lend one's rights to.
#[derive(InputObject)]
pub(crate) struct DelegateAccessInput {
    /// Who gets them, as an actor: `agent:UUID` or `user:subject`.
    to: String,
    /// Which of one's roles; all when absent.
    roles: Option<Vec<Word<RoleWord>>>,
    /// When it is over; `access.delegation_longest_days` from now at most.
    until: DateTime,
    /// Why. It stands in the audit trail.
    reason: String,
    /// Repeat a request with the same key and it is carried out once.
    idempotency_key: Option<String>,
}

/// An emergency.
#[derive(InputObject)]
pub(crate) struct BreakGlassInput {
    /// For how many minutes; `access.emergency_longest_minutes` at most.
    minutes: u32,
    /// Why. It stands in the audit trail, and somebody is told at once.
    reason: String,
    /// Repeat a request with the same key and it is carried out once.
    idempotency_key: Option<String>,
}

/// Which grant is to end.
#[derive(InputObject)]
pub(crate) struct EndGrantInput {
    /// The grant.
    id: ID,
    /// Why. It stands in the audit trail.
    reason: String,
    /// Repeat a request with the same key and it is carried out once.
    idempotency_key: Option<String>,
}

/// Which masked value is to be shown.
#[derive(InputObject)]
pub(crate) struct RevealIdentifierInput {
    /// The customer.
    id: ID,
    /// The identifier, by its claim.
    claim: ID,
    /// Why. It stands in the audit trail.
    reason: String,
    /// Repeat a request with the same key and it is recorded once.
    idempotency_key: Option<String>,
}

#[derive(Default)]
pub(crate) struct GrantMutations;

#[Object]
impl GrantMutations {
    /// Lets somebody else see and do what one sees and does oneself, for a time. What was lent to oneself is not lent
    /// on.
    async fn delegate_access(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom, what, and how long.")] input: DelegateAccessInput,
    ) -> ApiResult<GrantPayload> {
        let identity = &ctx.data_unchecked::<Caller>().identity;
        let authority = ctx.data_unchecked::<Arc<Authority>>();
        let mut fields = Fields::default();
        let to = fields.take("to", input.to.parse::<Actor>());
        let roles: BTreeSet<Role> = match input.roles {
            Some(roles) => roles.into_iter().map(|role| role.0.role()).collect(),
            None => identity.roles.clone(),
        };
        if let Some(role) = roles.iter().find(|role| !identity.is(**role)) {
            fields.refuse("roles", format!("{role} is not among your own roles"));
        }
        let command = to.map(|to| Command::Delegate {
            delegated: Delegated {
                from: identity.actor.to_string(),
                to: to.to_string(),
                roles: roles.iter().map(ToString::to_string).collect(),
                agent: identity.agent,
                teams: identity.teams.clone(),
                until: input.until.0,
                reason: input.reason,
            },
            longest: authority.limits().delegation_longest,
        });
        let action = command.map(|command| New::<GrantAggregate> { command });
        noted(ctx, carry_out(ctx, input.idempotency_key, None, fields, action).await?).await
    }

    /// Shows oneself every row and every value in the clear for a short time, in an emergency. What one may do does not
    /// grow. It raises an alert, and stands in the audit trail with everything that is then read.
    async fn break_glass(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How long, and why.")] input: BreakGlassInput,
    ) -> ApiResult<GrantPayload> {
        let by = ctx.data_unchecked::<Caller>().identity.actor.to_string();
        let now = ctx.data_unchecked::<Arc<dyn Clock>>().now();
        let longest = ctx.data_unchecked::<Arc<Authority>>().limits().emergency_longest;
        let until = now.plus(Millis::from_mins(input.minutes.into()));
        let broken = GlassBroken { by: by.clone(), until, reason: input.reason };
        let action = New::<GrantAggregate> { command: Command::BreakGlass { broken, longest } };
        let done = carry_out(ctx, input.idempotency_key, None, Fields::default(), Some(action)).await?;
        if done.id.is_some() {
            tracing::warn!(by, until = %until, "break-glass access was taken");
        }
        noted(ctx, done).await
    }

    /// Ends a delegation or an emergency access before its time: one's own, or anybody's for who may manage grants.
    async fn end_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: EndGrantInput,
    ) -> ApiResult<GrantPayload> {
        let caller = ctx.data_unchecked::<Caller>();
        let actor = &caller.identity.actor;
        let may_all = ctx.data_unchecked::<Seer>().scope().may(Permission::ManageGrants);
        let own = |id: GrantId| {
            let in_force = ctx.data_unchecked::<Arc<Authority>>().in_force();
            in_force
                .iter()
                .any(|grant| grant.id == id && (grant.to == *actor || grant.from.as_ref() == Some(actor)))
        };
        if let Some(id) = crate::scalars::id_of::<GrantId>(&input.id)
            && !may_all
            && !own(id)
        {
            let errors = vec![told(Refusal::Unknown.into(), caller.language)];
            ctx.data_unchecked::<Arc<Tally>>().refused(Refusal::Unknown.code());
            return Ok(GrantPayload(Done { errors, ..Done::default() }));
        }
        let end = |_: &mut Fields| Some(Command::End(Ended { reason: input.reason }));
        noted(ctx, single::<GrantAggregate>(ctx, input.idempotency_key, &input.id, end).await?).await
    }

    /// Shows one masked identifier of a customer in the clear, for a reason. That it was shown, to whom and why is in
    /// the log before the value is given; more than `access.reveals_per_hour_max` in an hour are refused.
    async fn reveal_identifier(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, which, and why.")] input: RevealIdentifierInput,
    ) -> ApiResult<RevealPayload> {
        let caller = ctx.data_unchecked::<Caller>();
        let authority = ctx.data_unchecked::<Arc<Authority>>();
        let mut fields = Fields::default();
        let ids: Option<(CustomerId, IdentifierId)> =
            fields.id("id", &input.id).zip(fields.id("claim", &input.claim));
        let _one_at_a_time = authority.revealing().await;
        let tally = ctx.data_unchecked::<Arc<Tally>>();
        tally.because(&input.reason);
        let refused = |refused: Refused| {
            tally.refused(&refused.code);
            let errors = vec![told(refused, caller.language)];
            Ok(RevealPayload(Done { errors, ..Done::default() }, None))
        };
        let mut value = None;
        if let Some((customer, claim)) = ids {
            let seen = View::now(ctx).identifiers(customer).await?;
            match seen.into_iter().find(|identifier| identifier.0.claim() == claim) {
                Some(identifier) => value = text(ctx, identifier.0.value.as_ref()).await?,
                // What is not in the caller's scope has no identifiers here either.
                None => return refused(customer::Refusal::IdentifierNotLinked.into()),
            }
        }
        let command = ids.map(|(customer, claim)| Command::Reveal {
            revealed: ValueRevealed {
                to: caller.identity.actor.to_string(),
                customer,
                claim: trunkline_kernel::Id::uuid(claim),
                reason: input.reason,
            },
            before: authority.reveals_to(&caller.identity.actor),
            most: authority.limits().reveals_per_hour_max,
        });
        let action = command.map(|command| New::<GrantAggregate> { command });
        let done = carry_out(ctx, input.idempotency_key, None, fields, action).await?;
        if let Some(shown) = done.events.last().filter(|_| !done.repeated) {
            authority.noted(*shown).await;
        }
        let value = value.filter(|_| done.id.is_some());
        if value.is_some() {
            tally.shown("Identifier", "value", false);
        }
        Ok(RevealPayload(done, value))
    }
}

/// The answer, once the grant holds on this server.
async fn noted(ctx: &Context<'_>, done: Done) -> ApiResult<GrantPayload> {
    if let Some(given) = done.events.last().filter(|_| !done.repeated) {
        ctx.data_unchecked::<Arc<Authority>>().noted(*given).await;
    }
    Ok(GrantPayload(done))
}
