//! Do-not-call lists.

use trunkline_domain::identifier::{IdentifierId, IdentifierKind};
use trunkline_domain::listing::{self, Listing};
use trunkline_kernel::PhoneNumber;

use crate::{Action, ActionError, Work};

/// What happens to the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListingChange {
    /// They are put on the list; those that are on it stay.
    List,
    /// They are taken off the list; those that are not on it are left as they are.
    Delist,
}

/// Puts numbers on a do-not-call list, or takes them off it. Only their keyed hashes are kept.
#[derive(Clone, Debug)]
pub struct ChangeListings {
    /// The list.
    pub list: String,
    /// What happens.
    pub change: ListingChange,
    /// To which numbers, each once.
    pub numbers: Vec<PhoneNumber>,
}

impl Action for ChangeListings {
    /// For how many numbers it changed something.
    type Answer = u32;

    async fn perform(&self, work: &mut Work<'_>) -> Result<u32, ActionError> {
        let mut changed = 0;
        for number in &self.numbers {
            let number = IdentifierId::of(work.index(), IdentifierKind::Phone, number.as_str());
            let (entry, list) = (listing::of(number), self.list.clone());
            let command = match self.change {
                ListingChange::List => listing::Command::List(listing::Listed { list }),
                ListingChange::Delist if !work.require::<Listing>(entry).await?.lists().contains(&list) => {
                    continue;
                }
                ListingChange::Delist => listing::Command::Delist(listing::Delisted { list }),
            };
            changed += u32::from(!work.run::<Listing>(entry, command).await?.is_empty());
        }
        Ok(changed)
    }
}
