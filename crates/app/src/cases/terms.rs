//! Whether an agent may take work now: the licences and shifts that routing keeps to, for work that somebody gives by hand.

use std::collections::BTreeSet;

use trunkline_domain::agent::{self, Agent};
use trunkline_domain::call::Call;
use trunkline_domain::routing::Routing;
use trunkline_domain::words::Work as Offered;
use trunkline_kernel::AgentId;
use trunkline_routing::matching::{Weekly, window};

use super::routing_of;
use crate::{ActionError, Licensing, Work};

/// Shifts as the matching sees them.
pub fn hours(shifts: &[agent::Shift]) -> Vec<Weekly> {
    let weekly = |shift: &agent::Shift| {
        Weekly::new(&shift.time_zone, shift.weekdays.clone(), shift.from_minute, shift.until_minute)
    };
    shifts.iter().filter_map(weekly).collect()
}

/// Refuses work for which the agent is out of shift, or lacks a licence that the work asks for: by its product or queue, or
/// because whoever asked for an agent named it.
///
/// # Errors
/// `AGENT_OFF_SHIFT` and `AGENT_UNLICENSED`, or a fault of the log.
pub(super) async fn permit(
    unit: &mut Work<'_>,
    id: AgentId,
    work: Offered,
    licensing: &Licensing,
) -> Result<(), ActionError> {
    let (agent, now) = (unit.require::<Agent>(id).await?, unit.now());
    let works = agent.shifts().is_empty()
        || window(&hours(agent.shifts()), now).is_some_and(|shift| shift.from <= now);
    if !works {
        return Err(ActionError::refused(agent::Refusal::OffShift));
    }
    let mut asked = match work {
        Offered::Call(call) => {
            let call = unit.state::<Call>(call).await?;
            licensing.of(call.product(), call.queue())
        }
        // They have neither product nor queue.
        Offered::Lead(_) | Offered::Task(_) => BTreeSet::new(),
    };
    let routing = unit.state::<Routing>(routing_of(work)).await?;
    asked.extend(routing.requested().into_iter().flat_map(|(_, requested)| requested.needs.licences.clone()));
    if asked.iter().any(|licence| !agent.holds(licence, now)) {
        return Err(ActionError::refused(agent::Refusal::Unlicensed));
    }
    Ok(())
}
