//! What agents achieved.

use async_graphql::{Object, SimpleObject};
use trunkline_projections::kpi::{AchievementRow, Tally};

use crate::scalars::LogPosition;

/// What an agent achieved in connected calls that are over. Routing draws these figures towards the team's mean where there
/// are few calls; here they are as they were counted.
pub(crate) struct Achievements(pub AchievementRow);

/// Calls and sales of one product or line of business.
#[derive(SimpleObject)]
pub(crate) struct Conversion {
    /// The product, or the line of business.
    name: String,
    /// Calls.
    calls: i64,
    /// Those with a sale.
    sales: i64,
    /// Sales / calls.
    conversion: Option<f64>,
}

/// What an agent achieved in connected calls that are over. Routing draws these figures towards the team's mean where there
/// are few calls; here they are as they were counted.
#[Object]
impl Achievements {
    /// Calls.
    async fn calls(&self) -> i64 {
        self.0.calls
    }

    /// Those with a sale.
    async fn sales(&self) -> i64 {
        self.0.sales
    }

    /// Sales / calls.
    async fn conversion(&self) -> Option<f64> {
        share(self.0.sales, self.0.calls)
    }

    /// How long a call takes on the mean, holding and after-call work included, in seconds.
    async fn handle_seconds(&self) -> Option<f64> {
        share(self.0.handle_s, self.0.calls)
    }

    /// The same by product, at most 200, in the order of their names.
    #[graphql(complexity = "20 * child_complexity")]
    async fn by_product(&self) -> Vec<Conversion> {
        self.0.by_product.0.iter().map(conversion).collect()
    }

    /// The same by the customer's line of business, at most 200, in the order of their names.
    #[graphql(complexity = "20 * child_complexity")]
    async fn by_industry(&self) -> Vec<Conversion> {
        self.0.by_industry.0.iter().map(conversion).collect()
    }

    /// The event that changed it last.
    async fn position(&self) -> LogPosition {
        self.0.position.into()
    }
}

fn conversion((name, tally): (&String, &Tally)) -> Conversion {
    let Tally { calls, sales } = *tally;
    Conversion { name: name.clone(), calls, sales, conversion: share(sales, calls) }
}

#[expect(clippy::cast_precision_loss, reason = "counts and seconds stay far below 2^53")]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
