//! Agents, their time, and what they achieved.

use trunkline_database::Cell;
use trunkline_domain::agent::Presence;
use trunkline_kernel::{AgentId, CustomerId, Millis, Position, Timestamp};

use super::page::Listing;
use super::{Page, PageRequest, ReadError, ReadModels};
use crate::agent_availability::{AgentRow, AgentTimeRow};
use crate::kpi::{AchievementRow, AcquaintanceRow};
use crate::words::As;

/// Which agents; empty means all.
#[derive(Clone, Debug, Default)]
pub struct AgentFilter {
    /// Only these teams.
    pub teams: Vec<String>,
    /// Only those who are doing this.
    pub presences: Vec<Presence>,
    /// Only those with this skill.
    pub skill: Option<String>,
}

impl ReadModels {
    /// Agents by their ids, in no particular order; unknown ones are left out.
    ///
    /// # Errors
    /// When there are more than [`IDS_MAX`](super::IDS_MAX) ids, and when the database fails.
    pub async fn agents_by_ids(&self, ids: &[AgentId]) -> Result<Vec<AgentRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// Agents in the order of their ids.
    ///
    /// # Errors
    /// When the page is malformed, and when the database fails.
    pub async fn agents(
        &self,
        filter: &AgentFilter,
        page: &PageRequest,
    ) -> Result<Page<AgentRow>, ReadError> {
        let mut list = Listing::by(&["agent_id"]);
        list.only_in("team", &filter.teams);
        let presences: Vec<As<Presence>> = filter.presences.iter().copied().map(As).collect();
        list.only_in("presence", &presences);
        if let Some(skill) = &filter.skill {
            // The key as it stands in the JSON object, in either database's spelling.
            let escaped =
                skill.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_").replace('"', "");
            list.only("CAST(skills AS text) LIKE {} ESCAPE '\\'", format!("%\"{escaped}\":%").value());
        }
        list.page(self, page).await
    }

    /// How long these agents were in each state on the day (UTC) of `at`, up to `at` or the end of that day:
    /// intervals that are over, and the one under way.
    ///
    /// # Errors
    /// When there are too many ids, and when the database fails.
    pub async fn agent_times(&self, ids: &[AgentId], at: Timestamp) -> Result<Vec<AgentTimeRow>, ReadError> {
        let day = at.floor(Millis::from_mins(24 * 60));
        let mut times: Vec<AgentTimeRow> = self.by_ids(ids).await?;
        times.retain(|time| time.day == day);
        for agent in self.agents_by_ids(ids).await? {
            let under_way = at.since(agent.since.max(day)).0.max(0);
            if *agent.presence == Presence::Offline || under_way == 0 {
                continue;
            }
            match times
                .iter_mut()
                .find(|time| time.agent_id == agent.agent_id && time.presence == agent.presence)
            {
                Some(time) => time.total_ms += under_way,
                None => times.push(AgentTimeRow {
                    agent_id: agent.agent_id,
                    day,
                    presence: agent.presence,
                    total_ms: under_way,
                    entered: i64::from(agent.since >= day),
                }),
            }
        }
        Ok(times)
    }

    /// What agents achieved, of those for whom that changed after a position, in the order of the changes.
    ///
    /// # Errors
    /// When the page is malformed, and when the database fails.
    pub async fn achievements_since(
        &self,
        position: Position,
        page: &PageRequest,
    ) -> Result<Page<AchievementRow>, ReadError> {
        let mut list = Listing::by(&["position", "agent_id"]);
        list.only("position > {}", position.value());
        list.page(self, page).await
    }

    /// What these agents achieved, in no particular order; those who never spoke with a customer are left out.
    ///
    /// # Errors
    /// When there are more than [`IDS_MAX`](super::IDS_MAX) ids, and when the database fails.
    pub async fn achievements_of(&self, ids: &[AgentId]) -> Result<Vec<AchievementRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// Which agents have spoken with these customers, in no particular order.
    ///
    /// # Errors
    /// When there are more than [`IDS_MAX`](super::IDS_MAX) ids, and when the database fails.
    pub async fn acquaintances_of(&self, ids: &[CustomerId]) -> Result<Vec<AcquaintanceRow>, ReadError> {
        self.by_ids(ids).await
    }
}
