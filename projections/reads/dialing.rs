//! What whoever dials learns from calls that are over.

use trunkline_database::{AssertSqlSafe, Cell, Value};
use trunkline_kernel::{CampaignId, Id as _, Millis, Timestamp};
use uuid::Uuid;

use super::{IDS_MAX, ReadError, ReadModels, read_all};
use crate::kpi::{AnswerRow, Granularity};
use crate::words::As;

/// What became of a campaign's dials that somebody or something answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveAnswers {
    /// The campaign.
    pub campaign: CampaignId,
    /// Dials that a person answered.
    pub answered: i64,
    /// Those of them that no agent took in time.
    pub abandoned: i64,
    /// Those of them that an agent took in time.
    pub passed: i64,
    /// Dials that were taken for a machine's.
    pub machines: i64,
}

impl ReadModels {
    /// By the hour of the customer's day how many dials of these campaigns a person answered; those of all others are
    /// counted together, under the nil id.
    ///
    /// # Errors
    /// When there are more than [`IDS_MAX`] ids, and when the database fails.
    pub async fn answers(&self, campaigns: &[CampaignId]) -> Result<Vec<AnswerRow>, ReadError> {
        let mut values = Vec::new();
        let own = among(campaigns, &mut values)?;
        let relation = self.relation("answers", &mut values);
        values.push(CampaignId::from_uuid(Uuid::nil()).value());
        let nobody = values.len();
        let campaign = format!("CASE WHEN {own} THEN campaign_id ELSE ${nobody} END");
        let sql = format!(
            "SELECT {campaign} AS campaign_id, weekend, hour, CAST(SUM(dials) AS bigint) AS dials, \
             CAST(SUM(answered) AS bigint) AS answered FROM {relation} GROUP BY {campaign}, weekend, hour"
        );
        read_all(&self.database.fetch(AssertSqlSafe(sql), values).await?)
    }

    /// What the last days of these campaigns count for the share of abandoned calls; campaigns without a dial are left out.
    /// Days are those of UTC, today included. One day is the last 24 hours and what the hour in which they began holds
    /// besides, so that nothing is forgotten at midnight and no call of those hours is missing.
    ///
    /// # Errors
    /// When there are more than [`IDS_MAX`] ids, and when the database fails.
    pub async fn live_answers(
        &self,
        campaigns: &[CampaignId],
        days: u32,
        now: Timestamp,
    ) -> Result<Vec<LiveAnswers>, ReadError> {
        let day = Granularity::Day.width();
        let (granularity, back) = match days {
            0 | 1 => (Granularity::Hour, day),
            more => (Granularity::Day, Millis(day.0 * i64::from(more - 1))),
        };
        let first = now.plus(Millis(-back.0)).floor(granularity.width());
        let mut values = vec![As(granularity).value(), first.value()];
        let own = among(campaigns, &mut values)?;
        let relation = self.relation("kpi_rollups", &mut values);
        let sql = format!(
            "SELECT campaign_id, CAST(SUM(human_answers) AS bigint) AS answered, \
             CAST(SUM(dials_abandoned) AS bigint) AS abandoned, CAST(SUM(dials_passed) AS bigint) AS passed, \
             CAST(SUM(machine_answers) AS bigint) AS machines FROM {relation} \
             WHERE granularity = $1 AND window_start >= $2 AND {own} GROUP BY campaign_id"
        );
        let rows = self.database.fetch(AssertSqlSafe(sql), values).await?;
        let row = |row: &trunkline_database::Row| {
            Ok(LiveAnswers {
                campaign: row.get("campaign_id")?,
                answered: row.get("answered")?,
                abandoned: row.get("abandoned")?,
                passed: row.get("passed")?,
                machines: row.get("machines")?,
            })
        };
        rows.iter().map(row).collect()
    }
}

fn among(campaigns: &[CampaignId], values: &mut Vec<Value>) -> Result<String, ReadError> {
    if campaigns.len() > IDS_MAX {
        return Err(ReadError::Limit { what: "a look-up of many ids", limit: IDS_MAX });
    }
    if campaigns.is_empty() {
        return Ok("1 = 0".to_owned());
    }
    let marks = campaigns.iter().map(|id| {
        values.push(id.value());
        format!("${}", values.len())
    });
    Ok(format!("campaign_id IN ({})", marks.collect::<Vec<_>>().join(", ")))
}
