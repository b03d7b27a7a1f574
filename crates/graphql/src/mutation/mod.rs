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
mod recording;
mod reservation;
mod rights;
mod task;

use async_graphql::MergedObject;

/// Everything that can be done.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(
    customer::CustomerMutations,
    agent::AgentMutations,
    campaign::CampaignMutations,
    lead::LeadMutations,
    call::CallMutations,
    reservation::ReservationMutations,
    grant::GrantMutations,
    interaction::InteractionMutations,
    task::TaskMutations,
    recording::RecordingMutations,
    rights::RightsMutations,
);
