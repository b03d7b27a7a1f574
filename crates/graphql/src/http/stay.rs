//! How long somebody may stay connected, and how a WebSocket's first message says who they are.

use axum::http::request::Parts;
use serde_json::Value;
use trunkline_access::{Admission, Anonymous, Doorstep, End, EntryRefusal, Identity, Later, TurnedAway};

use super::socket::Close;
use crate::error::{ApiError, ErrorCode};

/// The reason that all refusals share; see `UNAUTHENTICATED` for why no more is told.
const UNAUTHORIZED: Close = (4401, "Unauthorized");

/// What the way in left beside a request.
pub(super) struct Stay {
    admission: Option<Admission>,
    anonymous: bool,
    doorstep: Option<Doorstep>,
}

impl Stay {
    pub(super) fn of(parts: &Parts) -> Self {
        Self {
            admission: parts.extensions.get().cloned(),
            anonymous: parts.extensions.get::<Anonymous>().is_some(),
            doorstep: parts.extensions.get().cloned(),
        }
    }

    /// Waits until they have to leave, for ever when they came in without a token.
    pub(super) fn over(&self) -> Later<'static, End> {
        match &self.admission {
            Some(admission) => admission.tenure.over(),
            None => Box::pin(std::future::pending()),
        }
    }

    /// Takes one request out of what they may ask.
    ///
    /// # Errors
    /// What they are told when that is nothing now.
    pub(super) fn ask(&self) -> Result<(), ApiError> {
        let Some(admission) = &self.admission else { return Ok(()) };
        admission.tenure.ask().map_err(|wait| {
            let seconds = wait.as_secs_f64().ceil();
            let message = format!("Too many requests; the next is taken in {seconds} s.");
            ApiError::new(ErrorCode::TooManyRequests, message).with("retryAfter", seconds)
        })
    }

    /// Reads the payload of `connection_init`, `{"Authorization": "Bearer …"}`: who they are from now on, when it
    /// says so.
    ///
    /// # Errors
    /// The code to close the connection with when they are not let in.
    pub(super) async fn identify(&mut self, payload: Option<&Value>) -> Result<Option<Identity>, Close> {
        let field = |name| payload.and_then(|payload| payload.get(name));
        let Some(authorization) = field("Authorization").or_else(|| field("authorization")) else {
            return if self.anonymous { Err(UNAUTHORIZED) } else { Ok(None) };
        };
        let (Some(authorization), Some(doorstep)) = (authorization.as_str(), &self.doorstep) else {
            return Err(UNAUTHORIZED);
        };
        let admission = doorstep.door.admit(authorization, doorstep.address).await.map_err(refused)?;
        let identity = admission.identity.clone();
        self.admission = Some(admission);
        Ok(Some(identity))
    }
}

fn refused(away: TurnedAway) -> Close {
    match away.because {
        EntryRefusal::Missing
        | EntryRefusal::Malformed
        | EntryRefusal::Signature
        | EntryRefusal::Foreign
        | EntryRefusal::Expired
        | EntryRefusal::Revoked
        | EntryRefusal::NoRole => UNAUTHORIZED,
        EntryRefusal::TooMany | EntryRefusal::Unproven => (4403, "Try again later"),
    }
}

/// The code to close a WebSocket with when its token is over.
pub(super) fn close(end: End) -> Close {
    match end {
        End::Expired => (4403, "The token has ended"),
        End::Revoked => UNAUTHORIZED,
    }
}

/// The last error of a stream of events when its token is over.
pub(super) fn ended(end: End) -> ApiError {
    unauthenticated(match end {
        End::Expired => "The token has ended; subscribe again with a new one and `after`.",
        End::Revoked => "The token is no longer taken.",
    })
}

pub(super) fn unauthenticated(message: &str) -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, message)
}
