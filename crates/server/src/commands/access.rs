//! `trunkline access`: who sees and may do what.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::access::policy;
use crate::config::Settings;

/// Looking at who sees and may do what.
#[derive(Debug, Subcommand)]
pub(crate) enum AccessCommand {
    /// Print the policy that servers with this configuration decide by, in the form of `access.policy_file`.
    #[command(after_help = "\
Examples:
  trunkline access show > policy.toml
  trunkline access show policy.toml

For each role: the rows that it sees of each kind (own, team, all), how personal values of each class are shown to it
(withhold, mask, clear), and what it may do. What is not named is not seen and not allowed. A file has to name the roles
that it changes, with all their rights; others keep theirs. Servers read it when they start, and note in the log what
they decide by (access_policy.applied).")]
    Show {
        /// A file to look at instead of the configured one; what is wrong with it is told.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

pub(crate) fn run(settings: &Settings, command: &AccessCommand) -> anyhow::Result<ExitCode> {
    let AccessCommand::Show { file } = command;
    let file = file.as_deref().or(settings.access_policy_file.as_deref());
    crate::say(policy(file)?.to_toml().trim_end());
    Ok(ExitCode::SUCCESS)
}
