//! What figures are split by.

use serde::{Deserialize, Serialize};
use trunkline_database::{Cell, Column, Kind, Result, Row, Table, TableRow, Value};
use trunkline_insight::Sums;
use trunkline_kernel::{AgentId, CampaignId, Id, Millis, Timestamp};
use uuid::Uuid;

use crate::words::{As, Word};

/// What a figure is split by. An absent agent or campaign is all zeros, an absent text is empty, so that a
/// combination is always a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dimensions {
    /// The agent.
    pub agent_id: AgentId,
    /// The team.
    pub team: String,
    /// The campaign.
    pub campaign_id: CampaignId,
    /// The queue.
    pub queue: String,
    /// The product.
    pub product: String,
    /// The customer's line of business.
    pub industry: String,
}

impl Default for Dimensions {
    fn default() -> Self {
        Self {
            agent_id: AgentId::from_uuid(Uuid::nil()),
            team: String::new(),
            campaign_id: CampaignId::from_uuid(Uuid::nil()),
            queue: String::new(),
            product: String::new(),
            industry: String::new(),
        }
    }
}

/// One of the dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// By agent.
    Agent,
    /// By team.
    Team,
    /// By campaign.
    Campaign,
    /// By queue.
    Queue,
    /// By product.
    Product,
    /// By the customer's line of business.
    Industry,
}

impl Dimension {
    /// Every dimension, in the order of the columns.
    pub const ALL: [Self; 6] =
        [Self::Agent, Self::Team, Self::Campaign, Self::Queue, Self::Product, Self::Industry];

    /// Its column in the roll-ups.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::Agent => "agent_id",
            Self::Team => "team",
            Self::Campaign => "campaign_id",
            Self::Queue => "queue",
            Self::Product => "product",
            Self::Industry => "industry",
        }
    }
}

/// How wide a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Granularity {
    /// Sixty seconds.
    Minute,
    /// Sixty minutes.
    Hour,
    /// Twenty-four hours, UTC.
    Day,
}

impl Granularity {
    /// Every granularity, the finest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Those whose sums are stored. Minutes are added up from single calls when they are asked for.
    pub const STORED: [Self; 2] = [Self::Hour, Self::Day];

    /// The width of its windows.
    pub const fn width(self) -> Millis {
        match self {
            Self::Minute => Millis::from_mins(1),
            Self::Hour => Millis::from_mins(60),
            Self::Day => Millis::from_mins(24 * 60),
        }
    }
}

impl Word for Granularity {
    fn word(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|granularity| granularity.word() == word)
    }
}

/// The sums of one window for one combination of dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct RollupRow {
    /// How wide the window is.
    pub granularity: Granularity,
    /// Its first moment.
    pub window_start: Timestamp,
    /// What it is split by.
    pub dimensions: Dimensions,
    /// What happened in it.
    pub sums: Sums,
}

const KEYS: usize = 8;
const COLUMNS: [Column; KEYS + Sums::NAMES.len()] = {
    let mut columns = [Column { name: "", kind: Kind::Int }; KEYS + Sums::NAMES.len()];
    columns[0] = Column { name: "granularity", kind: Kind::Text };
    columns[1] = Column { name: "window_start", kind: Kind::Time };
    columns[2] = Column { name: "agent_id", kind: Kind::Uuid };
    columns[3] = Column { name: "team", kind: Kind::Text };
    columns[4] = Column { name: "campaign_id", kind: Kind::Uuid };
    columns[5] = Column { name: "queue", kind: Kind::Text };
    columns[6] = Column { name: "product", kind: Kind::Text };
    columns[7] = Column { name: "industry", kind: Kind::Text };
    let mut at = 0;
    while at < Sums::NAMES.len() {
        columns[KEYS + at] = Column { name: Sums::NAMES[at], kind: Kind::Int };
        at += 1;
    }
    columns
};

impl TableRow for RollupRow {
    const TABLE: &'static Table = &Table {
        name: "kpi_rollups",
        columns: &COLUMNS,
        key: &[
            "granularity",
            "window_start",
            "agent_id",
            "team",
            "campaign_id",
            "queue",
            "product",
            "industry",
        ],
    };

    fn values(&self) -> Vec<Value> {
        let Dimensions { agent_id, team, campaign_id, queue, product, industry } = &self.dimensions;
        let mut values = Vec::with_capacity(COLUMNS.len());
        values.push(As(self.granularity).value());
        values.push(self.window_start.value());
        values.push(agent_id.value());
        values.push(team.value());
        values.push(campaign_id.value());
        values.push(queue.value());
        values.push(product.value());
        values.push(industry.value());
        values.extend(self.sums.values().map(Value::Int));
        values
    }

    fn read(row: &Row) -> Result<Self> {
        let sums = Sums::NAMES.iter().map(|name| row.get::<i64>(name)).collect::<Result<Vec<_>>>()?;
        Ok(Self {
            granularity: row.get::<As<Granularity>>("granularity")?.0,
            window_start: row.get("window_start")?,
            dimensions: Dimensions {
                agent_id: row.get("agent_id")?,
                team: row.get("team")?,
                campaign_id: row.get("campaign_id")?,
                queue: row.get("queue")?,
                product: row.get("product")?,
                industry: row.get("industry")?,
            },
            sums: Sums::of(sums),
        })
    }

    fn read_in_order(row: &Row) -> Result<Self> {
        Self::read(row)
    }
}
