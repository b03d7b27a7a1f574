//! Who runs a command, where the configuration asks for that (`access.command_line`): somebody with a token, under the
//! policy that holds for everybody, and in the record.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use trunkline_access::{Asked, Door as _, Identity, Permission, Scope, Seen, Sight, Witness};
use trunkline_app::{Answer, Authority, Recorder};
use trunkline_domain::access::{Outcome, Way};
use trunkline_log::Feed;

use super::audit::AuditCommand;
use super::privacy::PrivacyCommand;
use crate::cli::Command;
use crate::config::{LogStore, Settings};
use crate::{access, gate, store};

/// What somebody needs for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// Nothing: it starts a server, which asks for itself, or shows nothing that anybody wrote.
    Nothing,
    /// To be allowed this.
    May(Permission),
    /// To see every row of every kind, and to be allowed this: commands show all there is, and keep no rows back.
    Everything(Permission),
}

impl Need {
    fn of(command: &Command) -> Self {
        match command {
            Command::Serve(_)
            | Command::Demo(_)
            | Command::Simulate(_)
            | Command::Access(_)
            | Command::Config(_)
            // What these look at are files that whoever runs them has.
            | Command::Audit(AuditCommand::Check(_))
            | Command::Privacy(PrivacyCommand::Receipt { .. }) => Self::Nothing,
            Command::Migrate | Command::Projections(_) | Command::Keys(_) | Command::Model(_) => {
                Self::May(Permission::Operate)
            }
            Command::Import(_) => Self::May(Permission::RegisterCustomers),
            Command::Dnc(_) => Self::May(Permission::RecordConsent),
            Command::Token(_) => Self::May(Permission::ManageGrants),
            Command::Privacy(_) | Command::Recordings(_) => Self::May(Permission::Privacy),
            Command::Audit(_) => Self::May(Permission::Audit),
            Command::Log(_) => Self::Everything(Permission::Audit),
            Command::Replay(_) | Command::Compliance(_) | Command::Routing(_) => {
                Self::Everything(Permission::Operate)
            }
        }
    }

    fn is_met_by(self, scope: &Scope) -> bool {
        match self {
            Self::Nothing => true,
            Self::May(permission) => scope.may(permission),
            Self::Everything(permission) => scope.may(permission) && scope.sees_all(),
        }
    }

    /// What is missing, in words.
    fn missing(self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::May(permission) => format!("the permission `{permission}`"),
            Self::Everything(permission) => {
                format!("the permission `{permission}` and a role that sees all rows of every kind")
            }
        }
    }
}

/// Lets a command run, when whoever asks for it may. With `access.command_line = "token"` that, and a refusal, is in the
/// record of reads before anything is shown or done.
///
/// # Errors
/// When a token is needed and missing or not taken, when it does not permit the command, or when the record cannot be
/// written.
pub(crate) async fn admit(settings: &Settings, command: &Command, token: Option<&str>) -> anyhow::Result<()> {
    let need = Need::of(command);
    if !settings.command_line_asks || need == Need::Nothing {
        return Ok(());
    }
    let Some(token) = token else {
        bail!("this command asks who runs it (`access.command_line`): give --token or TRUNKLINE_TOKEN");
    };
    ensure!(settings.log != LogStore::Memory, "a log in memory (`log.store`) is its server's alone");
    let (log, clock) = (store::open_log(settings).await?.log, store::clock());
    let recorder = Recorder::start(Arc::clone(&log), Arc::clone(&clock), store::ids(), settings.audit);
    let asking = async {
        let began = Instant::now();
        let witness = Arc::clone(&recorder) as Arc<dyn Witness>;
        let (door, _) = gate::door(settings, &*log, witness).await?;
        let admitted = door.admit(&format!("Bearer {token}"), None).await;
        let identity = match admitted {
            Ok(admission) => admission.identity,
            Err(away) => bail!("the token is not taken: {}", away.because.as_str()),
        };
        let policy = access::policy(settings.access_policy_file.as_deref())?;
        let feed = Feed::start(Arc::clone(&log), settings.feed.clone());
        let authority = Authority::start(policy, settings.access, clock, &*log, &feed).await?;
        let answer = authority.answer(&identity);
        let permitted = need.is_met_by(&answer.scope);
        let sight = sight(identity, &answer, command.name(), permitted, began.elapsed());
        recorder.noted(sight).await?;
        ensure!(permitted, "NOT_PERMITTED: this command needs {}", need.missing());
        Ok(())
    };
    let asked = asking.await;
    recorder.close().await;
    log.close().await;
    asked.with_context(|| format!("trunkline {} was refused", command.name()))
}

fn sight(identity: Identity, answer: &Answer, name: &str, permitted: bool, took: Duration) -> Sight {
    Sight::Asked(Box::new(Asked {
        identity,
        grants: answer.grants.iter().map(|grant| grant.id).collect(),
        emergency: answer.grants.iter().any(|grant| grant.from.is_none()),
        way: Way::Command,
        operation: Some(format!("trunkline {name}")),
        shape: None,
        fields: BTreeSet::new(),
        seen: Seen::default(),
        outcome: if permitted { Outcome::Allowed } else { Outcome::Refused },
        code: (!permitted).then(|| "NOT_PERMITTED".to_owned()),
        took,
        trace: store::ids().uuid().simple().to_string(),
    }))
}
