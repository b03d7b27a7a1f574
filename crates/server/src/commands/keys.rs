//! `trunkline keys`: the master keys and what they wrap.

use std::process::ExitCode;

use clap::Subcommand;

use crate::config::Settings;
use crate::store;

/// Looking after keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// How many keys there are of each kind under each master key.
    List,
    /// Make a new master key and wrap every key by it, while servers run.
    #[command(after_help = "\
Examples:
  trunkline keys rotate                     with the master keys in a file or a Transit service
  TRUNKLINE_VAULT_MASTER_KEYS=OLD,NEW trunkline keys rotate

The log is not touched. Afterwards `trunkline keys retire` forgets the old master key.")]
    Rotate,
    /// Forget master keys that wrap nothing any more. Backups of the key store that they wrapped cannot be read after.
    #[command(after_help = "\
Example:
  trunkline keys rotate && trunkline keys retire")]
    Retire,
}

pub(crate) async fn run(settings: &Settings, command: &KeysCommand) -> anyhow::Result<ExitCode> {
    let vault = store::open_vault(settings).await?;
    let done = match command {
        KeysCommand::List => list(&vault).await,
        KeysCommand::Rotate => vault.rotate().await.map_err(Into::into).map(|rotated| {
            crate::say(&format!(
                "{} keys are wrapped anew by {}; servers that run take it over by themselves.",
                rotated.rewrapped, rotated.master
            ));
        }),
        KeysCommand::Retire => vault.retire().await.map_err(Into::into).map(|retired| {
            crate::say(&format!(
                "{retired} master keys are forgotten; backups of the key store that they wrapped cannot be read."
            ));
        }),
    };
    vault.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn list(vault: &trunkline_vault::Vault) -> anyhow::Result<()> {
    for found in vault.list().await? {
        let master = found.master.as_deref().unwrap_or("destroyed");
        crate::say(&format!("{:>9}  {:<14} {master}", found.keys, found.kind));
    }
    Ok(())
}
