//! A telephone number on do-not-call lists. Its stream is named by the keyed hash that names the claim on the number,
//! so that a number is looked up without being told, and stays listed when the person it belonged to is erased.

mod events;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use trunkline_kernel::{Aggregate, Category, Id as _, ListingId, Tag, Timestamp};

use crate::identifier::IdentifierId;
use crate::limits;

pub use events::*;

/// What can be asked of a number.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Put it on a list. Nothing happens when it is there already.
    List(Listed),
    /// Take it off a list.
    Delist(Delisted),
}

refusals! {
    /// Why a list was not changed.
    Refusal {
        /// The number is not on the list that it was to be taken off.
        NotListed = "LISTING_NOT_LISTED" on "list" {
            "the number is not on that list",
            "look the number up to see which lists it is on",
            "该号码不在此名单中：请先查询该号码所在的名单",
        }
    }
}

/// A telephone number on do-not-call lists.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    lists: BTreeSet<String>,
}

/// What names the entry of a number, by the keyed hash that names the claim on it.
pub fn of(number: IdentifierId) -> ListingId {
    ListingId::from_uuid(number.uuid())
}

impl Listing {
    /// The lists that the number is on.
    pub fn lists(&self) -> &BTreeSet<String> {
        &self.lists
    }
}

impl Aggregate for Listing {
    const CATEGORY: Category = Category::new("listing");
    type Id = ListingId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::List(listed) => {
                limits::word("list", &listed.list)?;
                Ok(if self.lists.contains(&listed.list) { Vec::new() } else { vec![listed.into()] })
            }
            Command::Delist(delisted) if self.lists.contains(&delisted.list) => Ok(vec![delisted.into()]),
            Command::Delist(_) => Err(Refusal::NotListed),
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        match event {
            Event::Listed(Listed { list }) => {
                self.lists.insert(list.clone());
            }
            Event::Delisted(Delisted { list }) => {
                self.lists.remove(list);
            }
        }
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        Vec::new()
    }
}
