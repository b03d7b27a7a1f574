//! The claim on an identifier: one phone number, one customer. Each identifier has a small stream of its own,
//! and claiming it is an append to that stream.

mod events;
mod id;
#[cfg(test)]
mod tests;

use trunkline_kernel::{Aggregate, Category, CustomerId, Tag, Timestamp};

pub use events::*;
pub use id::{IdentifierId, IdentifierKind, InvalidIdentifier};

/// What can be asked of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Make the identifier this customer's. Nothing happens when it is already.
    Claim(Claimed),
    /// Give it up.
    Release {
        /// Whose it is.
        customer: CustomerId,
    },
}

refusals! {
    /// Why a claim was refused.
    Refusal {
        /// The identifier belongs to another customer, so that linking it would make two customers of one person.
        Taken = "IDENTIFIER_TAKEN" on "identifiers" {
            "the identifier belongs to another customer",
            "look that customer up by the identifier, or unlink it there first",
            "该标识已属于其他客户：请按该标识查找客户，或先在原客户处解除关联",
        }
        /// The identifier is not this customer's, so this customer cannot give it up.
        NotClaimed = "IDENTIFIER_NOT_CLAIMED" on "claim" {
            "the identifier is not this customer's",
            "load the customer again and name one of its identifiers",
            "该标识不属于此客户：请刷新客户后重新选择",
        }
    }
}

/// The claim on one identifier.
#[derive(Clone, Debug, Default)]
pub struct Identifier {
    owner: Option<CustomerId>,
    /// Whose it was last; an event about giving it up concerns that customer.
    last_owner: Option<CustomerId>,
}

impl Identifier {
    /// Whose it is.
    pub fn owner(&self) -> Option<CustomerId> {
        self.owner
    }
}

impl Aggregate for Identifier {
    const CATEGORY: Category = Category::new("identifier");
    type Id = IdentifierId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match (command, self.owner) {
            (Command::Claim(claim), None) => Ok(vec![claim.into()]),
            (Command::Claim(claim), Some(owner)) if claim.customer == owner => Ok(vec![]),
            (Command::Claim(_), Some(_)) => Err(Refusal::Taken),
            (Command::Release { customer }, owner) if owner == Some(customer) => {
                Ok(vec![Released { customer }.into()])
            }
            (Command::Release { .. }, _) => Err(Refusal::NotClaimed),
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        self.owner = match event {
            Event::Claimed(claimed) => Some(claimed.customer),
            Event::Released(_) => None,
        };
        self.last_owner = self.owner.or(self.last_owner);
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        self.last_owner.map(Tag::of).into_iter().collect()
    }
}
