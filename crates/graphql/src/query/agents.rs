//! Agent availability.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, InputObject, Object};
use trunkline_domain::agent::Presence;
use trunkline_projections::reads::{self, Subject};

use super::arguments::AsOf;
use crate::error::ApiResult;
use crate::page::{self, Page, connection};
use crate::scalars::{LogPosition, StateOf, parse_id};
use crate::types::{Agent, limited};
use crate::view::View;

/// Pages of agents.
pub(crate) type AgentConnection = Connection<String, Agent>;

/// Which agents: those for which everything given holds.
#[derive(InputObject, Default)]
pub(crate) struct AgentFilter {
    /// Only these teams.
    teams: Option<Vec<String>>,
    /// Only those who are doing this.
    presences: Option<Vec<StateOf<Presence>>>,
    /// Only those with this skill.
    skill: Option<String>,
}

impl AgentFilter {
    fn parse(self) -> ApiResult<reads::AgentFilter> {
        let presences = limited("filter.presences", self.presences)?;
        Ok(reads::AgentFilter {
            teams: limited("filter.teams", self.teams)?,
            presences: presences.into_iter().map(|presence| presence.0).collect(),
            skill: self.skill,
        })
    }
}

#[derive(Default)]
pub(crate) struct AgentQueries;

#[Object]
impl AgentQueries {
    /// One agent, now or as the agent was.
    async fn agent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The agent.")] id: ID,
        #[graphql(desc = "The answer as it was; now when absent.")] as_of: Option<AsOf>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Option<Agent>> {
        let id = parse_id("id", &id)?;
        let view = match as_of {
            Some(as_of) => View::past(ctx, Subject::Agent(id), as_of.moment()).await?,
            None => View::at_least(ctx, min_position.map(|position| position.0)).await?,
        };
        view.agent(Some(id)).await
    }

    /// Agents, in the order of their registration.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn agents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agents; all when absent.")] filter: Option<AgentFilter>,
        #[graphql(desc = "How many from the start, 1 to 100; 20 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<AgentConnection> {
        let page = Page::of(first, after, last, before)?;
        let filter = filter.unwrap_or_default().parse()?;
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        let found = view.reads().agents(&filter, &page.request()).await?;
        Ok(connection(found, |row| Agent { row, view: view.clone() }))
    }
}
