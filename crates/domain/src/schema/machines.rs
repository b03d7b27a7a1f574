//! The state machines, drawn.

use std::fmt::Write as _;

use trunkline_kernel::State;

use crate::agent::Presence;
use crate::call::CallState;
use crate::campaign::CampaignState;
use crate::customer::ConsentState;
use crate::lead::LeadState;
use crate::model::ModelState;
use crate::recording::RecordingState;
use crate::reservation::ReservationState;
use crate::rights_request::RightsRequestState;
use crate::routing::RoutingState;
use crate::task::TaskState;

/// The page about all state machines, in Markdown with Mermaid diagrams.
pub fn state_machines() -> String {
    let mut page = String::from(
        "# State machines\n\nWritten by `cargo xtask schema` from the declarations in `crates/domain`; edit those. \
         The same declarations are the check in the code and the enums of the API. An arrow is an event of the \
         named category; a step that is not here is refused.\n",
    );
    section::<Presence>(&mut page, "Agent presence");
    section::<CallState>(&mut page, "Call");
    section::<ReservationState>(&mut page, "Reservation");
    section::<RoutingState>(&mut page, "Routing");
    section::<TaskState>(&mut page, "Task");
    section::<LeadState>(&mut page, "Lead");
    section::<CampaignState>(&mut page, "Campaign");
    section::<RecordingState>(&mut page, "Recording");
    section::<ModelState>(&mut page, "Model");
    section::<RightsRequestState>(&mut page, "Rights request");
    section::<ConsentState>(&mut page, "Consent, for each customer, purpose and channel");
    page
}

fn section<S: State>(page: &mut String, title: &str) {
    // Writing to a text cannot fail.
    let _ = write!(page, "\n## {title}\n\n```mermaid\n{}```\n\n", S::MACHINE.mermaid());
    page.push_str("| state | meaning |\n|---|---|\n");
    for state in S::ALL {
        let _ = writeln!(page, "| `{}` | {} |", state.name(), state.meaning());
    }
}
