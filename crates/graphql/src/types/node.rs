//! Relay's interface of everything that has an id.

use async_graphql::{ID, Interface};

use super::{Agent, Call, Campaign, Customer, Interaction, Lead, Recording, Task};

/// Anything that can be asked for again by its id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The id, `kind:UUID`."))]
pub(crate) enum Node {
    /// A customer.
    Customer(Customer),
    /// An agent.
    Agent(Agent),
    /// A campaign.
    Campaign(Campaign),
    /// A lead.
    Lead(Lead),
    /// A call.
    Call(Call),
    /// An interaction.
    Interaction(Interaction),
    /// A task.
    Task(Task),
    /// A recording.
    Recording(Recording),
}
