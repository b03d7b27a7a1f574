//! What can be done. Every mutation is a verb with one `input` and answers with a payload.

mod agent;
mod call;
mod campaign;
mod carry_out;
mod customer;
mod customer_inputs;
mod edge;
mod grant;
mod interaction;
mod lead;
mod payload;
mod preview;
mod recording;
mod reservation;
mod rights;
mod routing;
mod task;

use async_graphql::MergedObject;

pub(crate) use reservation::WorkInput;

/// Everything that can be done.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(
    customer::CustomerMutations,
    agent::AgentMutations,
    campaign::CampaignMutations,
    lead::LeadMutations,
    call::CallMutations,
    preview::PreviewMutations,
    reservation::ReservationMutations,
    routing::RoutingMutations,
    grant::GrantMutations,
    interaction::InteractionMutations,
    task::TaskMutations,
    recording::RecordingMutations,
    rights::RightsMutations,
);
