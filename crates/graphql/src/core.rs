//! One operation from its parameters to its answer, whatever transport it came over.

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response, ServerError, Value, Variables};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use trunkline_access::{Unrecorded, Witness};
use trunkline_app::Authority;
use trunkline_projections::ReadModels;

use crate::access::{Seer, refuse_unpermitted};
use crate::config::Limits;
use crate::context::Caller;
use crate::document::Documents;
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::measure::Measured;
use crate::params::Params;
use crate::passes::Passes;
use crate::persisted::PersistedQueries;
use crate::record::{Record, unrecorded};
use crate::schema::TrunklineSchema;
use crate::stats::Stats;
use crate::view::View;

/// What every transport shares.
pub(crate) struct Core {
    pub schema: TrunklineSchema,
    /// All that there is. Nobody outside is answered from these but through [`Seer`].
    pub reads: ReadModels,
    pub authority: Arc<Authority>,
    /// Who writes down what is read.
    pub witness: Arc<dyn Witness>,
    pub limits: Limits,
    pub persisted: PersistedQueries,
    pub documents: Documents,
    pub stats: Arc<Stats>,
    /// Ends subscriptions and connections when the server stops.
    pub stopping: CancellationToken,
}

/// An operation that was found within the limits and can be run.
pub(crate) struct Prepared {
    pub request: Request,
    pub operation: OperationType,
    pub run: Run,
    passes: Passes,
    record: Record,
}

/// What the answer needs to know of its request.
#[derive(Clone)]
pub(crate) struct Run {
    request_id: String,
    measured: Arc<Measured>,
    cost_max: usize,
}

/// An answer, ready to be sent.
pub(crate) struct Answer {
    /// The response as JSON.
    pub body: Vec<u8>,
    /// What became of the request.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was executed, with or without errors in fields.
    Executed,
    /// It was not executed, and asking again unchanged will not help.
    Refused,
    /// It was not finished; asking again can help.
    Unavailable,
}

impl Core {
    /// Checks a request before anything of it is executed; a refusal is written down.
    ///
    /// # Errors
    /// What the client has to change.
    pub(crate) fn prepare(&self, params: Params, caller: Caller) -> ApiResult<Prepared> {
        let mut record = Record::of(Arc::clone(&self.witness), &caller);
        match self.check(params, caller, &mut record) {
            Ok((request, operation, run, passes)) => Ok(Prepared { request, operation, run, passes, record }),
            Err(error) => {
                record.refused(error.code());
                Err(error)
            }
        }
    }

    fn check(
        &self,
        params: Params,
        caller: Caller,
        record: &mut Record,
    ) -> ApiResult<(Request, OperationType, Run, Passes)> {
        let text = self.persisted.resolve(&params.query, params.persisted())?;
        let variables = Variables::from_json(serde_json::Value::Object(params.variables.clone()));
        let name = params.operation_name.as_deref();
        let checked = self.documents.read(&text, name, &variables, &self.limits)?;
        let seer = Seer::of(Arc::clone(&self.authority), caller.identity.clone());
        let scope = seer.scope();
        record.by(&seer);
        record.read(checked.operation, &checked.shape);
        refuse_unpermitted(&scope, &checked.document, checked.operation, name)?;
        self.persisted.keep(&text, params.persisted());
        let measured = Arc::new(Measured::default());
        let run = Run {
            request_id: caller.request.clone(),
            measured: measured.clone(),
            cost_max: self.limits.cost_max,
        };
        let tally = Arc::clone(record.tally());
        let reads = self.reads.seen_by(scope).noting(Arc::clone(&tally));
        let passes = Passes::default();
        let request = Request::new(&*text).variables(variables).data(measured).data(caller).data(seer);
        let mut request = request.data(tally).data(View::of_request(reads, passes.clone()));
        request.operation_name = params.operation_name;
        request.set_parsed_query(checked.document.clone());
        Ok((request, checked.operation, run, passes))
    }

    /// Runs a query or a mutation within the time limit.
    pub(crate) async fn answer(&self, prepared: Prepared) -> Answer {
        let Prepared { request, operation, run, passes, record } = prepared;
        self.stats.count_operation(operation);
        match tokio::time::timeout(self.limits.time_max, passes.run(self.schema.execute(request))).await {
            Ok(response) => {
                let outcome = if run.measured.executed() { Outcome::Executed } else { Outcome::Refused };
                match record.answered(&response).await {
                    Ok(()) => Answer { body: run.write(response, outcome), outcome },
                    Err(Unrecorded) => run.error(unrecorded(operation), Outcome::Unavailable),
                }
            }
            Err(_) => {
                record.refused(ErrorCode::Timeout);
                let outcome = match operation {
                    OperationType::Mutation => {
                        "It may have taken effect: repeat it with the same idempotencyKey."
                    }
                    OperationType::Query | OperationType::Subscription => "Ask for less.",
                };
                let limit = self.limits.time_max.as_secs_f64();
                let message = format!("The operation did not end within {limit} s. {outcome}");
                run.error(ApiError::new(ErrorCode::Timeout, message), Outcome::Unavailable)
            }
        }
    }

    /// Runs a subscription; each response is the body of one message.
    pub(crate) fn stream(&self, prepared: Prepared) -> (BoxStream<'static, Response>, Run) {
        let Prepared { request, operation, run, passes, record } = prepared;
        self.stats.count_operation(operation);
        let schema = self.schema.clone();
        let responses = async move {
            match record.begun().await {
                Ok(watched) => {
                    let responses = passes.run_stream(schema.execute_stream(request));
                    responses.inspect(move |_| _ = &watched).boxed()
                }
                Err(Unrecorded) => {
                    let refused = Response::from_errors(vec![unrecorded(operation).into()]);
                    stream::once(std::future::ready(refused)).boxed()
                }
            }
        };
        (stream::once(responses).flatten().boxed(), run)
    }
}

impl Run {
    /// The answer to a request of which nothing is known but that it is refused.
    pub(crate) fn unknown(request_id: &str) -> Self {
        Self { request_id: request_id.to_owned(), measured: Arc::default(), cost_max: 0 }
    }

    /// An answer that is nothing but an error.
    pub(crate) fn error(&self, error: ApiError, outcome: Outcome) -> Answer {
        let body = self.write(Response::from_errors(vec![error.into()]), outcome);
        Answer { body, outcome }
    }

    /// Writes one message of a subscription; only answers to operations tell the cost.
    pub(crate) fn write_message(&self, mut response: Response) -> Vec<u8> {
        self.complete_errors(&mut response.errors, Outcome::Executed);
        Self::bytes(&response, Outcome::Executed)
    }

    /// Writes a response: every error with a code, faults with the request's id, and the cost.
    pub(crate) fn write(&self, mut response: Response, outcome: Outcome) -> Vec<u8> {
        self.complete_errors(&mut response.errors, outcome);
        if self.measured.cost() > 0 {
            let cost = async_graphql::value!({
                "cost": self.measured.cost(),
                "costMax": self.cost_max,
                "depth": self.measured.depth(),
            });
            response.extensions.insert("cost".to_owned(), cost);
        }
        Self::bytes(&response, outcome)
    }

    fn bytes(response: &Response, outcome: Outcome) -> Vec<u8> {
        let body = Body {
            errors: &response.errors,
            data: (outcome == Outcome::Executed).then_some(&response.data),
            extensions: &response.extensions,
        };
        serde_json::to_vec(&body).unwrap_or_else(|error| {
            tracing::error!(%error, "a response could not be written");
            br#"{"errors":[{"message":"The answer could not be written.","extensions":{"code":"INTERNAL"}}]}"#
                .to_vec()
        })
    }

    /// Whether execution began.
    pub(crate) fn executed(&self) -> bool {
        self.measured.executed()
    }

    /// The errors as JSON values, for messages that carry errors alone.
    pub(crate) fn errors(&self, mut errors: Vec<ServerError>) -> serde_json::Value {
        self.complete_errors(&mut errors, Outcome::Refused);
        serde_json::to_value(errors).unwrap_or_default()
    }

    fn complete_errors(&self, errors: &mut [ServerError], outcome: Outcome) {
        for error in errors {
            let extensions = error.extensions.get_or_insert_default();
            match extensions.get("code") {
                None => {
                    let code = match outcome {
                        Outcome::Executed => ErrorCode::BadUserInput,
                        Outcome::Refused | Outcome::Unavailable => ErrorCode::BadRequest,
                    };
                    extensions.set("code", code.as_str());
                }
                Some(Value::String(code)) if code == ErrorCode::Internal.as_str() => {
                    extensions.set("requestId", self.request_id.clone());
                }
                Some(_) => {}
            }
        }
    }
}

/// A response as the specification of GraphQL over HTTP has it: without `data` when nothing was executed.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, Value>,
}
