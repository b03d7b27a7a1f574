//! From a parsed input to the payload: one path for every mutation.

use std::sync::Arc;

use async_graphql::{Context, ID};
use serde::Serialize;
use serde::de::DeserializeOwned;
use trunkline_access::Tally;
use trunkline_app::{Action, CommandError, Dispatcher, Idempotency, Outcome, Refused, Request, Single};
use trunkline_domain::messages::{self, Language};
use trunkline_kernel::{Aggregate, EventId, Id, Payload, Position, Timestamp};
use uuid::Uuid;

use super::edge::{Fields, UserError};
use crate::access::unseen_target;
use crate::context::Caller;
use crate::error::{ApiError, ApiResult, ErrorCode};

/// What a mutation has done, or why it did nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    /// What it was done to.
    pub id: Option<Uuid>,
    /// Why nothing was done.
    pub errors: Vec<UserError>,
    /// The position that the log has reached with it.
    pub position: Option<Position>,
    /// The events that it led to.
    pub events: Vec<EventId>,
    /// Whether this is the stored answer to an earlier request.
    pub repeated: bool,
}

/// Runs an action under the caller's name, unless the input had something wrong. What it names, and a refusal, are in
/// the record of the operation.
pub(crate) async fn carry_out<A>(
    ctx: &Context<'_>,
    idempotency_key: Option<String>,
    occurred_at: Option<Timestamp>,
    fields: Fields,
    action: Option<A>,
) -> ApiResult<Done>
where
    A: Action<Answer = Uuid>,
{
    let done = attempt(ctx, idempotency_key, occurred_at, fields, action).await?;
    if let Some(error) = done.errors.first() {
        ctx.data_unchecked::<Arc<Tally>>().refused(&error.code);
    }
    Ok(done)
}

async fn attempt<A>(
    ctx: &Context<'_>,
    idempotency_key: Option<String>,
    occurred_at: Option<Timestamp>,
    mut fields: Fields,
    action: Option<A>,
) -> ApiResult<Done>
where
    A: Action<Answer = Uuid>,
{
    let caller = ctx.data_unchecked::<Caller>();
    let idempotency = idempotency_key.and_then(|key| {
        let fingerprint = fingerprint(ctx)?;
        fields.take("idempotencyKey", Idempotency::new(&key, fingerprint.as_str().as_bytes()))
    });
    let named = fields.named();
    for thing in &named {
        ctx.data_unchecked::<Arc<Tally>>().row(thing.kind, thing.id);
    }
    let errors = fields.into_errors(caller.language);
    let (Some(action), true) = (action, errors.is_empty()) else {
        return Ok(Done { errors, ..Done::default() });
    };
    if let Some(refused) = unseen_target(ctx, &named).await? {
        return Ok(Done { errors: vec![told(refused, caller.language)], ..Done::default() });
    }
    let request = Request {
        idempotency,
        trace: caller.trace,
        occurred_at,
        ..Request::by(caller.identity.actor.clone())
    };
    let executed = ctx.data_unchecked::<Arc<Dispatcher>>().execute(request, &action).await;
    answered(executed, caller.language)
}

/// Checks an input that leads to no command: whether its fields could be taken, and its caller sees the thing.
pub(super) async fn unseen<I: Id>(ctx: &Context<'_>, mut fields: Fields, id: Option<I>) -> ApiResult<Done> {
    let language = ctx.data_unchecked::<Caller>().language;
    let named = fields.named();
    let mut errors = fields.into_errors(language);
    if errors.is_empty() {
        errors.extend(unseen_target(ctx, &named).await?.map(|refused| told(refused, language)));
    }
    let id = id.filter(|_| errors.is_empty()).map(Id::uuid);
    Ok(Done { id, errors, ..Done::default() })
}

/// The payload of what was executed.
pub(crate) fn answered(executed: Result<Outcome<Uuid>, CommandError>, language: Language) -> ApiResult<Done> {
    match executed {
        Ok(outcome) => Ok(Done {
            id: Some(outcome.answer),
            errors: Vec::new(),
            position: Some(outcome.position),
            events: outcome.events,
            repeated: outcome.repeated,
        }),
        Err(CommandError::Refused(refused)) => {
            Ok(Done { errors: vec![told(refused, language)], ..Done::default() })
        }
        Err(CommandError::Invalid { reason }) => {
            let refused = Refused { code: "COMMAND_TOO_LARGE".to_owned(), field: None, message: reason };
            Ok(Done { errors: vec![told(refused, language)], ..Done::default() })
        }
        Err(CommandError::Contended { .. }) => {
            let message = "Others were writing to the same thing all the time; try again in a moment.";
            Err(ApiError::new(ErrorCode::Unavailable, message))
        }
        Err(CommandError::Log(error)) => Err(error.into()),
        Err(
            error @ (CommandError::Unreadable(_) | CommandError::Unstorable(_) | CommandError::Unsealed(_)),
        ) => Err(ApiError::fault(&error)),
    }
}

pub(super) fn told(refused: Refused, language: Language) -> UserError {
    // The English text of a refusal tells the state that stood in the way as well; the Chinese one is general.
    let message = match language {
        Language::English => refused.message,
        Language::Chinese => messages::text(&refused.code, language).unwrap_or(refused.message),
    };
    UserError { code: refused.code, field: refused.field, message }
}

/// What is asked under an idempotency key: the mutation's name and its whole input but the key, in canonical
/// form, so that the order of fields and the use of variables make no difference.
fn fingerprint(ctx: &Context<'_>) -> Option<Payload> {
    let mut asked = serde_json::Map::new();
    for (name, value) in ctx.field().arguments().ok()? {
        let mut value = value.into_json().ok()?;
        if let Some(input) = value.as_object_mut() {
            input.remove("idempotencyKey");
        }
        asked.insert(name.to_string(), value);
    }
    Payload::of(&(ctx.field().name(), asked)).ok()
}

/// Runs one command on one aggregate. The command is made of the input's fields, or not when one is wrong.
pub(crate) async fn single<A>(
    ctx: &Context<'_>,
    idempotency_key: Option<String>,
    id: &ID,
    command: impl FnOnce(&mut Fields) -> Option<A::Command>,
) -> ApiResult<Done>
where
    A: Aggregate,
    A::Id: Serialize + DeserializeOwned,
    A::Command: Clone + Sync,
{
    let mut fields = Fields::default();
    let (id, command) = (fields.id("id", id), command(&mut fields));
    let action = id.zip(command).map(|(id, command)| Single::<A> { id, command });
    carry_out(ctx, idempotency_key, None, fields, action).await
}
