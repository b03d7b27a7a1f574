//! Why a call was dialed, or was not.

use std::sync::Arc;

use async_graphql::{Context, SimpleObject};
use trunkline_domain::call::{self, Event, Judged, RulingVerdict};
use trunkline_domain::words::Purpose;
use trunkline_kernel::{CallId, EventType, Position, StreamId};
use trunkline_log::{Direction, Filter, Log, Query};

use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, LogPosition, Word};

/// Whether a call was lawful at the instant of dialing: what was known, and what each rule said.
#[derive(SimpleObject)]
pub(crate) struct Judgement {
    /// Whether no rule barred the call.
    permitted: bool,
    /// When it was judged.
    at: DateTime,
    /// What the call was for.
    purpose: Word<Purpose>,
    /// The country under whose law the campaign is run, as ISO 3166.
    jurisdiction: String,
    /// The countries in which the customer may have been; their rules hold too.
    countries: Vec<String>,
    /// The IANA time zones in which the customer may have been; rules about hours hold in each of them.
    time_zones: Vec<String>,
    /// Whether the customer had agreed to such calls, and still did.
    consented: bool,
    /// The do-not-call lists that the customer's number was on.
    do_not_call_lists: Vec<String>,
    /// When the customer had last refused further calls.
    refused_at: Option<DateTime>,
    /// Whether the customer had asked for a call at this time.
    requested: bool,
    /// Whether an agent was free for this very call.
    agent_guaranteed: bool,
    /// How many earlier dials of the customer, in all campaigns, were looked at.
    earlier_dials: u32,
    /// What each rule that applied said.
    rulings: Vec<Ruling>,
    /// Why its lead was put before others; absent where no model scored it, and when the customer refuses automated
    /// decisions.
    worth: Option<DialWorth>,
    /// The event that holds the judgement.
    position: LogPosition,
}

/// What a lead was worth when it was put before others.
#[derive(SimpleObject)]
pub(crate) struct DialWorth {
    /// The mean of the scores that its customer has with the agents who may speak with them.
    score: f64,
    /// The model that scored, by its hash.
    model: String,
    /// How many leads were compared.
    among: u32,
}

/// What one rule said to a dial.
#[derive(SimpleObject)]
pub(crate) struct Ruling {
    /// The rule's permanent name.
    rule: String,
    /// Its version.
    version: u32,
    /// What it said.
    verdict: Word<RulingVerdict>,
    /// From when on it would permit a call that it barred; absent when time changes nothing.
    until: Option<DateTime>,
    /// The condition: it must ring at least so long, in milliseconds.
    ring_least_ms: Option<i64>,
    /// The condition: an agent must be there so soon after the greeting, in milliseconds.
    bridge_within_ms: Option<i64>,
    /// The condition: the campaign may abandon no greater share of its calls.
    abandonment_max: Option<f64>,
}

impl From<call::Ruling> for Ruling {
    fn from(ruling: call::Ruling) -> Self {
        Self {
            rule: ruling.rule,
            version: ruling.version,
            verdict: ruling.verdict.into(),
            until: ruling.until.map(DateTime),
            ring_least_ms: ruling.ring_least_ms.map(|length| length.0),
            bridge_within_ms: ruling.bridge_within_ms.map(|length| length.0),
            abandonment_max: ruling.abandonment_max,
        }
    }
}

/// The judgement of a call, as the log has it up to this position; none of a call that Trunkline did not judge.
///
/// # Errors
/// When the log fails, or holds an event that this build cannot read.
pub(crate) async fn judgement(
    ctx: &Context<'_>,
    id: CallId,
    until: Position,
) -> ApiResult<Option<Judgement>> {
    let types = ["call.dialed", "call.suppressed"].map(EventType::known).to_vec();
    let filter = Filter { stream: Some(StreamId::of(id)), types, ..Filter::default() };
    let query = Query { filter, direction: Direction::Forwards, from: None, until: Some(until), limit: 1 };
    let page = ctx.data_unchecked::<Arc<dyn Log>>().read(&query).await?;
    let Some(recorded) = page.events.first() else { return Ok(None) };
    let events = trunkline_domain::decode_as::<Event>(recorded).map_err(|error| ApiError::fault(&error))?;
    let judged = events.into_iter().find_map(|event| match event {
        Event::Dialed(dialed) => dialed.judged.map(|judged| (judged, dialed.worth)),
        Event::Suppressed(suppressed) => suppressed.judged.map(|judged| (judged, None)),
        Event::Created(_)
        | Event::Rang(_)
        | Event::Answered(_)
        | Event::Classified(_)
        | Event::Queued(_)
        | Event::Bridged(_)
        | Event::Held(_)
        | Event::Resumed(_)
        | Event::Ended(_)
        | Event::Dispositioned(_) => None,
    });
    let of = |(judged, worth): (Judged, Option<call::Worth>)| Judgement {
        worth: worth.map(|call::Worth { score, model, among }| DialWorth { score, model, among }),
        permitted: judged.barred_by().is_none(),
        at: recorded.event.occurred_at.into(),
        purpose: judged.purpose.into(),
        jurisdiction: judged.jurisdiction,
        countries: judged.countries,
        time_zones: judged.zones,
        consented: judged.consented,
        do_not_call_lists: judged.listed,
        refused_at: judged.refused_at.map(DateTime),
        requested: judged.requested,
        agent_guaranteed: judged.agent_guaranteed,
        earlier_dials: judged.earlier_dials,
        rulings: judged.rulings.into_iter().map(Ruling::from).collect(),
        position: recorded.position.into(),
    };
    Ok(judged.map(of))
}
