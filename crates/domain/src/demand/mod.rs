//! What there is more demand for than usual, and how much more its specialists count for it. Every change is an event, so
//! that all servers weigh alike and a decision can be understood later.

mod events;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use trunkline_kernel::{Aggregate, Category, DemandId, Id as _, Tag, Timestamp};
use uuid::Uuid;

use crate::limits;

pub use events::*;

/// The demand that routing looks at. Its id is fixed, so that every server finds it.
pub fn of_routing() -> DemandId {
    DemandId::from_uuid(Uuid::from_u128(0x726f_7574_696e_6700_8000_0000_0000_0002))
}

/// What can be asked of the demand.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Have the specialists of a kind of customer count for more or less. Nothing happens when they count so already.
    Shift(Shifted),
}

refusals! {
    /// Why a command to the demand was refused.
    Refusal {
        /// The amount would outweigh everything else.
        OutOfBounds = "DEMAND_OUT_OF_BOUNDS" on "amount" {
            "the amount is not between 0 and 1",
            "give an amount between 0 and 1",
            "加权值必须在0到1之间：请调整后再试",
        }
    }
}

/// What there is more demand for than usual.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    amounts: BTreeMap<String, f64>,
}

impl Aggregate for Demand {
    const CATEGORY: Category = Category::new("demand");
    type Id = DemandId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        let Command::Shift(shifted) = command;
        limits::word("column", &shifted.column)?;
        if !(0.0..=1.0).contains(&shifted.amount) {
            return Err(Refusal::OutOfBounds);
        }
        let same = self.amounts.get(&shifted.column).copied().unwrap_or(0.0) == shifted.amount;
        if !same && !self.amounts.contains_key(&shifted.column) {
            limits::count("column", self.amounts.len() + 1)?;
        }
        Ok(if same { Vec::new() } else { vec![shifted.into()] })
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        let Event::Shifted(Shifted { column, amount, .. }) = event;
        if *amount > 0.0 {
            self.amounts.insert(column.clone(), *amount);
        } else {
            self.amounts.remove(column);
        }
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        Vec::new()
    }
}
