//! `trunkline token`: tokens that Trunkline signs itself.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::{Args, Subcommand};
use trunkline_access::Role;
use trunkline_app::{CommandError, Dispatcher, Request, Single};
use trunkline_domain::token::{self, Issued, Token};
use trunkline_identity::local::{Grant, LocalTokens};
use trunkline_kernel::{Actor, ActorKind, AgentId, EventType, Millis, Recorded, Timestamp, TokenId};
use trunkline_log::{Direction, Filter, Log, Query};

use crate::config::{LogStore, Settings};
use crate::store;

/// Access tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Sign a token and print it. It is noted in the log, and printed this once.
    #[command(after_help = "\
Examples:
  trunkline token issue --subject li.wei --role team_lead --team north --ttl 8h
  trunkline token issue --role agent --agent 0190b5f4-0000-7000-8000-000000000001
  curl -H \"Authorization: Bearer $(trunkline token issue --subject service:export --role service)\" …")]
    Issue(IssueToken),
    /// List the tokens that are valid.
    List {
        /// Those that have ended or were revoked as well.
        #[arg(long)]
        all: bool,
    },
    /// Let nobody in with a token any more, and end the connections that came in with it.
    #[command(after_help = "\
Example:
  trunkline token revoke 0190b5f4-0000-7000-8000-000000000001 --reason \"laptop lost\"")]
    Revoke {
        /// Which; `trunkline token list` shows them.
        #[arg(value_name = "ID")]
        id: TokenId,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
}

/// Issuing a token.
#[derive(Debug, Args)]
pub(crate) struct IssueToken {
    /// Whom it is for, as events name them: li.wei or user:li.wei, service:export [default: the agent].
    #[arg(long, value_name = "NAME", required_unless_present = "agent")]
    pub(crate) subject: Option<String>,
    /// What they are; can be repeated.
    #[arg(
        long = "role",
        value_name = "ROLE",
        required = true,
        help = "What they are: agent, team_lead, manager, \
        quality_inspector, analyst, auditor, administrator or service; can be repeated"
    )]
    pub(crate) roles: Vec<Role>,
    /// How long it lasts: 45s, 30m, 8h, 2d.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = length)]
    pub(crate) ttl: Millis,
    /// The agent that they are.
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<AgentId>,
    /// A team that they belong to or lead; can be repeated.
    #[arg(long = "team", value_name = "NAME")]
    pub(crate) teams: Vec<String>,
}

/// `8h` and the like.
fn length(text: &str) -> Result<Millis, String> {
    let wrong = || format!("{text:?} is not a length of time such as 45s, 30m, 8h or 2d");
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number = number.parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    Ok(Millis::from_secs(i64::from(number) * seconds))
}

/// How many events are read at once.
const PAGE: usize = 500;

pub(crate) async fn run(settings: &Settings, command: TokenCommand) -> anyhow::Result<ExitCode> {
    if settings.log == LogStore::Memory {
        bail!("tokens are noted in the log, and a log in memory (`log.store`) is its server's alone");
    }
    let opened = store::open_log(settings).await?;
    let vault = store::open_vault(settings).await?;
    let dispatcher = store::dispatcher(settings, Arc::clone(&opened.log), vault);
    let done = match command {
        TokenCommand::Issue(issue) => issue_token(settings, &dispatcher, issue).await,
        TokenCommand::List { all } => list(&*opened.log, all).await,
        TokenCommand::Revoke { id, reason } => revoke(&dispatcher, id, reason).await,
    };
    opened.log.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn issue_token(settings: &Settings, dispatcher: &Dispatcher, issue: IssueToken) -> anyhow::Result<()> {
    let identity = &settings.identity;
    if issue.ttl > identity.ttl_max {
        bail!("a token lasts {} s at most (`identity.ttl_max_seconds`)", identity.ttl_max.0 / 1_000);
    }
    let subject = match issue.agent {
        // Whoever is an agent is named by that in events.
        Some(agent) if issue.subject.is_none() => Actor::new(ActorKind::Agent, &agent.to_string())?,
        Some(_) | None => subject(issue.subject.as_deref().unwrap_or_default())?,
    };
    let grant = Grant {
        subject,
        roles: issue.roles.into_iter().collect(),
        agent: issue.agent,
        teams: issue.teams.into_iter().collect(),
    };
    let clock = store::clock();
    let tokens = LocalTokens::new(
        identity.key_file.clone(),
        &identity.audience,
        identity.clock_skew,
        Arc::clone(&clock),
    );
    let id: TokenId = store::ids().next();
    let expires_at = clock.now().plus(issue.ttl);
    let signed = tokens.sign(id, &grant, expires_at)?;
    let issued = Issued {
        subject: grant.subject.to_string(),
        roles: grant.roles.iter().map(|role| role.as_str().to_owned()).collect(),
        agent: grant.agent,
        teams: grant.teams.into_iter().collect(),
        expires_at,
    };
    carry_out(dispatcher, id, token::Command::Issue(issued)).await?;
    // Only after the log has it, so that no token exists that cannot be listed and revoked.
    crate::say(&signed);
    Ok(())
}

/// `li.wei` is `user:li.wei`.
fn subject(text: &str) -> anyhow::Result<Actor> {
    let actor: Actor = match text.split_once(':') {
        Some(_) => text.parse()?,
        None => Actor::new(ActorKind::User, text)?,
    };
    if actor.kind() == ActorKind::System {
        bail!("`system:` names Trunkline itself; give agent:, user: or service:");
    }
    Ok(actor)
}

async fn revoke(dispatcher: &Dispatcher, id: TokenId, reason: Option<String>) -> anyhow::Result<()> {
    carry_out(dispatcher, id, token::Command::Revoke { reason }).await?;
    crate::say(&format!("Revoked {id}. Servers take it no more, and connections with it end."));
    Ok(())
}

async fn carry_out(dispatcher: &Dispatcher, id: TokenId, command: token::Command) -> anyhow::Result<()> {
    let done = dispatcher.execute(Request::by(Actor::system("cli")), &Single::<Token> { id, command }).await;
    match done {
        Ok(_) => Ok(()),
        Err(CommandError::Refused(refused)) => bail!("{} ({})", refused.message, refused.code),
        Err(error) => Err(error.into()),
    }
}

struct Row {
    issued_at: Timestamp,
    issued: Issued,
    revoked: Option<Timestamp>,
}

async fn list(log: &dyn Log, all: bool) -> anyhow::Result<()> {
    let mut rows: BTreeMap<TokenId, Row> = BTreeMap::new();
    let types = ["token.issued", "token.revoked"].map(EventType::known).to_vec();
    let filter = Filter { types, ..Filter::default() };
    let mut query = Query { filter, direction: Direction::Forwards, from: None, until: None, limit: PAGE };
    loop {
        let page = log.read(&query).await?;
        for recorded in &page.events {
            note(&mut rows, recorded)?;
        }
        match page.events.last() {
            Some(last) if page.events.len() == PAGE => query.from = Some(last.position),
            Some(_) | None => break,
        }
    }
    let now = store::clock().now();
    let holds = |row: &Row| row.revoked.is_none() && row.issued.expires_at > now;
    let shown: Vec<_> = rows.iter().filter(|(_, row)| all || holds(row)).collect();
    if shown.is_empty() {
        crate::say(if all {
            "No token was issued."
        } else {
            "No token is valid now; --all shows the others."
        });
    }
    for (id, row) in shown {
        crate::say(&line(*id, row, now));
    }
    Ok(())
}

fn note(rows: &mut BTreeMap<TokenId, Row>, recorded: &Recorded) -> anyhow::Result<()> {
    let Some(id) = recorded.about::<TokenId>() else { return Ok(()) };
    for event in trunkline_domain::decode_as::<token::Event>(recorded)? {
        match event {
            token::Event::Issued(issued) => {
                rows.insert(id, Row { issued_at: recorded.recorded_at, issued, revoked: None });
            }
            token::Event::Revoked(_) => {
                if let Some(row) = rows.get_mut(&id) {
                    row.revoked = Some(recorded.recorded_at);
                }
            }
        }
    }
    Ok(())
}

fn line(id: TokenId, row: &Row, now: Timestamp) -> String {
    let Row { issued_at, issued, revoked } = row;
    let state = match revoked {
        Some(at) => format!("revoked {at}"),
        None if issued.expires_at <= now => format!("ended   {}", issued.expires_at),
        None => format!("until   {}", issued.expires_at),
    };
    let mut line = format!("{id}  {state}  {}  {}", issued.subject, issued.roles.join(","));
    for team in &issued.teams {
        line.push_str(&format!("  team {team}"));
    }
    line.push_str(&format!("  issued {issued_at}"));
    line
}
