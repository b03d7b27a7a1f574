//! The record of reads: what each operation was, and what it gave to see. What shows personal values is only given out
//! once that is durable.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, Value};
use trunkline_access::{Asked, Seen, Sight, Tally, Unrecorded, Witness};
use trunkline_domain::access::{Outcome, Way};

use crate::access::{Seer, Shape};
use crate::context::Caller;
use crate::error::{ApiError, ErrorCode};

/// What is to be written down of one operation.
pub(crate) struct Record {
    witness: Arc<dyn Witness>,
    tally: Arc<Tally>,
    began: Instant,
    asked: Asked,
    personal: bool,
}

impl Record {
    /// Of an operation of which nothing is known yet but who asks.
    pub(crate) fn of(witness: Arc<dyn Witness>, caller: &Caller) -> Self {
        let asked = Asked {
            identity: caller.identity.clone(),
            grants: BTreeSet::new(),
            emergency: false,
            way: Way::Request,
            operation: None,
            shape: None,
            fields: BTreeSet::new(),
            seen: Seen::default(),
            outcome: Outcome::Allowed,
            code: None,
            took: Duration::ZERO,
            trace: caller.request.clone(),
        };
        Self { witness, tally: Arc::default(), began: Instant::now(), asked, personal: false }
    }

    /// What the operation gives to see is gathered here.
    pub(crate) fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// By whose rights it is asked.
    pub(crate) fn by(&mut self, seer: &Seer) {
        for grant in seer.grants().iter() {
            self.asked.grants.insert(grant.id);
            self.asked.emergency |= grant.from.is_none();
        }
    }

    /// What it is.
    pub(crate) fn read(&mut self, operation: OperationType, shape: &Shape) {
        let has = |field: &str| shape.fields.contains(field);
        self.asked.way = match operation {
            OperationType::Query if has("customerData") => Way::Export,
            OperationType::Query => Way::Query,
            OperationType::Mutation if has("revealIdentifier") => Way::Reveal,
            OperationType::Mutation => Way::Mutation,
            OperationType::Subscription => Way::Subscription,
        };
        self.asked.operation.clone_from(&shape.name);
        self.asked.shape = Some(shape.hash.clone());
        self.asked.fields.clone_from(&shape.fields);
        self.personal = shape.personal;
    }

    /// Nothing of it is answered.
    pub(crate) fn refused(mut self, code: ErrorCode) {
        self.settle(outcome_of(code.as_str()), Some(code.as_str()));
        self.witness.saw(Sight::Asked(Box::new(self.asked)));
    }

    /// This is to be answered.
    ///
    /// # Errors
    /// When it must not be, because it shows personal values and cannot be written down.
    pub(crate) async fn answered(mut self, response: &Response) -> Result<(), Unrecorded> {
        let code = response.errors.first().map(|error| {
            let extensions = error.extensions.as_ref();
            match extensions.and_then(|extensions| extensions.get("code")) {
                Some(Value::String(code)) => code.as_str(),
                _ => ErrorCode::BadRequest.as_str(),
            }
        });
        let outcome = match code {
            None => Outcome::Allowed,
            Some(_) if has_data(&response.data) => Outcome::Partial,
            Some(code) => outcome_of(code),
        };
        self.settle(outcome, code);
        let sight = Sight::Asked(Box::new(self.asked));
        if let Sight::Asked(asked) = &sight
            && asked.seen.is_personal()
        {
            return self.witness.noted(sight).await;
        }
        self.witness.saw(sight);
        Ok(())
    }

    /// A subscription begins; its end is written down when what this gives is dropped.
    ///
    /// # Errors
    /// When it must not begin, because it could show personal values and cannot be written down.
    pub(crate) async fn begun(self) -> Result<Watched, Unrecorded> {
        let sight = Sight::Asked(Box::new(self.asked.clone()));
        if self.personal {
            self.witness.noted(sight).await?;
        } else {
            self.witness.saw(sight);
        }
        Ok(Watched(Some(self)))
    }

    /// What became of it, by an error or by a refusal that stands in the answer as data.
    fn settle(&mut self, outcome: Outcome, code: Option<&str>) {
        self.asked.seen = self.tally.take();
        self.asked.took = self.began.elapsed();
        (self.asked.outcome, self.asked.code) = match (code, self.asked.seen.refused.take()) {
            (Some(code), _) => (outcome, Some(code.to_owned())),
            (None, Some(refused)) => (Outcome::Refused, Some(refused)),
            (None, None) => (outcome, None),
        };
    }
}

/// A subscription that runs.
pub(crate) struct Watched(Option<Record>);

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(mut record) = self.0.take() {
            record.settle(Outcome::Allowed, None);
            record.asked.way = Way::SubscriptionEnd;
            record.witness.saw(Sight::Asked(Box::new(record.asked)));
        }
    }
}

/// What is told where an answer is withheld.
pub(crate) fn unrecorded(operation: OperationType) -> ApiError {
    let advice = match operation {
        OperationType::Mutation => "It may have taken effect: repeat it with the same idempotencyKey.",
        OperationType::Query | OperationType::Subscription => "Try again in a moment.",
    };
    let message = format!("Who reads personal data cannot be recorded now, so none is shown. {advice}");
    ApiError::new(ErrorCode::AuditUnavailable, message)
}

fn outcome_of(code: &str) -> Outcome {
    let faults = [
        ErrorCode::Internal,
        ErrorCode::Unavailable,
        ErrorCode::Timeout,
        ErrorCode::ReadModelBehind,
        ErrorCode::AuditUnavailable,
    ];
    if faults.iter().any(|fault| fault.as_str() == code) { Outcome::Failed } else { Outcome::Refused }
}

fn has_data(data: &Value) -> bool {
    match data {
        Value::Object(fields) => fields.values().any(|value| *value != Value::Null),
        Value::Null
        | Value::Number(_)
        | Value::String(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::Enum(_)
        | Value::List(_) => false,
    }
}
