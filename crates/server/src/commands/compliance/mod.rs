//! `trunkline compliance`: why a call was lawful, and what other rules would have said.

mod draft;
mod prove;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use trunkline_domain::call::{self, Judged};
use trunkline_kernel::{CallId, Recorded};

use crate::config::Settings;
use crate::store;

/// Looking at the rules that dials are judged by.
#[derive(Debug, Subcommand)]
pub(crate) enum ComplianceCommand {
    /// Show why a call was dialed, or was not: rules, versions, what was known, and the events that say so.
    #[command(after_help = "\
Example:
  trunkline compliance prove 0190b5f4-0000-7000-8000-000000000001

Exit code 4: the call was dialed and nothing shows that it was lawful. `trunkline audit prove EVENT` proves the events
that it names.")]
    Prove {
        /// The call.
        #[arg(value_name = "CALL", value_parser = call_id)]
        call: CallId,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Say which calls of a month draft rules would have barred, and by which rule.
    #[command(after_help = "\
Example:
  trunkline compliance try draft.toml --month 2026-10

A draft is a file in the form of the rules that Trunkline comes with (docs/compliance.md). Each call is judged again with
what was known when it was dialed. Months are in UTC.")]
    Try {
        /// The draft.
        #[arg(value_name = "RULES.toml")]
        rules: PathBuf,
        /// Which month.
        #[arg(long, value_name = "YYYY-MM")]
        month: String,
        /// List every call that would have been barred.
        #[arg(long)]
        list: bool,
    },
}

/// A call's id, bare or as the API gives it.
fn call_id(text: &str) -> Result<CallId, String> {
    let bare = text.strip_prefix("call:").unwrap_or(text);
    bare.parse().map_err(|_| "takes the id of a call, a UUID".to_owned())
}

pub(crate) async fn run(settings: &Settings, command: &ComplianceCommand) -> anyhow::Result<ExitCode> {
    let opened = store::open_log(settings).await?;
    let done = match command {
        ComplianceCommand::Prove { call, json } => prove::run(&*opened.log, *call, *json).await,
        ComplianceCommand::Try { rules, month, list } => {
            draft::run(&*opened.log, rules, month, *list).await.map(|()| ExitCode::SUCCESS)
        }
    };
    opened.log.close().await;
    done
}

/// What an event says of a dial: whether it was made, and the judgement.
///
/// # Errors
/// When this build cannot read the event.
fn dial(recorded: &Recorded) -> anyhow::Result<Option<(bool, Option<Judged>)>> {
    for event in trunkline_domain::decode_as::<call::Event>(recorded)? {
        match event {
            call::Event::Dialed(dialed) => return Ok(Some((true, dialed.judged))),
            call::Event::Suppressed(suppressed) => return Ok(Some((false, suppressed.judged))),
            call::Event::Created(_)
            | call::Event::Rang(_)
            | call::Event::Answered(_)
            | call::Event::Classified(_)
            | call::Event::Queued(_)
            | call::Event::Bridged(_)
            | call::Event::Held(_)
            | call::Event::Resumed(_)
            | call::Event::Ended(_)
            | call::Event::Dispositioned(_) => {}
        }
    }
    Ok(None)
}
