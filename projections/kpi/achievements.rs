//! What agents have achieved, all calls together, and which customers they have spoken with: what routing knows of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trunkline_database::{Json, table};
use trunkline_insight::Sums;
use trunkline_kernel::{AgentId, CustomerId, Position};

/// How many products, and how many industries, are told apart for one agent. Calls of further ones count in the whole.
pub const TALLIES_MAX: usize = 200;

/// Connected calls that are over, and how many of them were sales.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Calls.
    pub calls: i64,
    /// Sales.
    pub sales: i64,
}

impl Tally {
    fn add(&mut self, change: &Merit) {
        self.calls += change.calls;
        self.sales += change.sales;
    }
}

table! {
    /// What an agent has achieved in connected calls that are over.
    #[derive(Clone, Debug, PartialEq)]
    pub struct AchievementRow = "agent_achievements" key(agent_id) {
        /// The agent.
        pub agent_id: AgentId,
        /// Calls.
        pub calls: i64,
        /// Those with a sale.
        pub sales: i64,
        /// How long they took with holding and after-call work, in whole seconds a call.
        pub handle_s: i64,
        /// The squares of the same, for how much they differ.
        pub handle_s_squares: i64,
        /// The same by product.
        pub by_product: Json<BTreeMap<String, Tally>>,
        /// The same by line of business.
        pub by_industry: Json<BTreeMap<String, Tally>>,
        /// The event that changed it last.
        pub position: Position,
    }
}

impl AchievementRow {
    /// Nothing yet.
    pub(super) fn fresh(agent_id: AgentId) -> Self {
        Self {
            agent_id,
            calls: 0,
            sales: 0,
            handle_s: 0,
            handle_s_squares: 0,
            by_product: Json(BTreeMap::new()),
            by_industry: Json(BTreeMap::new()),
            position: Position::START,
        }
    }

    /// Adds what changed by an event about a call of this product and industry.
    pub(super) fn add(&mut self, change: &Merit, product: &str, industry: &str, position: Position) {
        self.calls += change.calls;
        self.sales += change.sales;
        self.handle_s += change.handle_s;
        self.handle_s_squares += change.handle_s_squares;
        self.position = position;
        for (tallies, name) in [(&mut self.by_product.0, product), (&mut self.by_industry.0, industry)] {
            let fits = tallies.len() < TALLIES_MAX || tallies.contains_key(name);
            if !name.is_empty() && fits {
                tallies.entry(name.to_owned()).or_default().add(change);
            }
        }
    }
}

table! {
    /// How often an agent has spoken with a customer, and what came of it.
    #[derive(Clone, Debug, PartialEq)]
    pub struct AcquaintanceRow = "customer_agents" key(customer_id, agent_id) {
        /// The customer.
        pub customer_id: CustomerId,
        /// The agent.
        pub agent_id: AgentId,
        /// Connected calls that are over.
        pub calls: i64,
        /// Those with a sale.
        pub sales: i64,
        /// Those in which the customer asked not to be called again.
        pub refusals: i64,
    }
}

/// What one call adds to what its agent achieved; nothing before it was connected and over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Merit {
    pub(super) calls: i64,
    pub(super) sales: i64,
    pub(super) refusals: i64,
    handle_s: i64,
    handle_s_squares: i64,
}

impl Merit {
    pub(super) fn of(sums: &Sums) -> Self {
        if sums.handled == 0 {
            return Self::default();
        }
        let handle_s = (sums.talk_ms + sums.hold_ms + sums.wrap_ms) / 1_000;
        Self {
            calls: 1,
            sales: sums.sales,
            refusals: sums.do_not_call,
            handle_s,
            handle_s_squares: handle_s.saturating_mul(handle_s),
        }
    }

    /// What it adds now and did not add before.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            calls: self.calls - before.calls,
            sales: self.sales - before.sales,
            refusals: self.refusals - before.refusals,
            handle_s: self.handle_s - before.handle_s,
            handle_s_squares: self.handle_s_squares - before.handle_s_squares,
        }
    }
}
