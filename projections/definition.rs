//! What there is: the read models by name.

use trunkline_database::{Dialect, Table};

use crate::fold::Fold;
use crate::{agent_availability, audit, customer_360, kpi, outreach, recordings, task_board};

/// The tables of a read model as scripts; `{g}` stands for the generation.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
}

impl Script {
    /// What makes the tables of one generation, without their indexes.
    pub fn tables(&self, dialect: Dialect, generation: u32) -> String {
        self.statements(dialect, generation, |statement| !statement.contains(INDEX)).concat()
    }

    /// What makes the indexes of one generation, one statement each. Indexes that are there are left as they are.
    pub fn indexes(&self, dialect: Dialect, generation: u32) -> Vec<String> {
        let statements = self.statements(dialect, generation, |statement| statement.contains(INDEX));
        statements.iter().map(|statement| statement.replace(INDEX, "CREATE INDEX IF NOT EXISTS")).collect()
    }

    fn statements(&self, dialect: Dialect, generation: u32, which: fn(&str) -> bool) -> Vec<String> {
        let text = match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        };
        let text = text.replace("{g}", &format!("_g{generation}"));
        text.split_inclusive(";\n").filter(|statement| which(statement)).map(str::to_owned).collect()
    }
}

/// How the statement of an index begins.
const INDEX: &str = "CREATE INDEX";

/// A read model as declared.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Its permanent name: checkpoints hang on it.
    pub name: &'static str,
    /// Grows with every change of tables or fold, so that a new generation is built.
    pub version: u32,
    /// The categories of streams that it folds.
    pub categories: &'static [&'static str],
    /// Its tables.
    pub tables: &'static [&'static Table],
    /// Its tables as scripts.
    pub script: Script,
    /// An empty fold.
    pub fold: fn() -> Box<dyn Fold>,
}

/// The read models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadModel {
    /// Who a customer is.
    Customer360,
    /// What agents are doing.
    AgentAvailability,
    /// How tasks stand.
    TaskBoard,
    /// Campaigns and their leads.
    Outreach,
    /// Calls and the figures made of them.
    Kpi,
    /// What is recorded of whose voice.
    Recordings,
    /// Who read what.
    Audit,
}

impl ReadModel {
    /// Every read model.
    pub const ALL: [Self; 7] = [
        Self::Customer360,
        Self::AgentAvailability,
        Self::TaskBoard,
        Self::Outreach,
        Self::Kpi,
        Self::Recordings,
        Self::Audit,
    ];

    /// How it is declared.
    pub fn definition(self) -> &'static Definition {
        match self {
            Self::Customer360 => &customer_360::DEFINITION,
            Self::AgentAvailability => &agent_availability::DEFINITION,
            Self::TaskBoard => &task_board::DEFINITION,
            Self::Outreach => &outreach::DEFINITION,
            Self::Kpi => &kpi::DEFINITION,
            Self::Recordings => &recordings::DEFINITION,
            Self::Audit => &audit::DEFINITION,
        }
    }

    /// Its permanent name.
    pub fn name(self) -> &'static str {
        self.definition().name
    }

    /// The read model of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.name() == name)
    }
}
