//! `trunkline privacy`: all data on one person, whether an erased person is to be found anywhere, and receipts.

mod files;
mod verify;

use std::fs::File;
use std::io::{BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use serde_json::Value;
use trunkline_app::privacy;
use trunkline_kernel::CustomerId;
use trunkline_vault::receipt::Signed;

use verify::VerifyErasure;

use crate::config::Settings;
use crate::store;

/// What persons can ask about their own data.
#[derive(Debug, Subcommand)]
pub(crate) enum PrivacyCommand {
    /// Write all data on one person as JSON.
    #[command(after_help = "\
Example:
  trunkline privacy export 0190b5f4-0000-7000-8000-000000000001 --output export.json")]
    Export {
        /// The customer's id.
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: CustomerId,
        /// The file to write [default: standard output].
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Search every store for an erased person.
    #[command(after_help = "\
Example:
  trunkline privacy verify 0190b5f4-0000-7000-8000-000000000001 \\
    --value 王芳 --value +8613812345678 --backup /backups/today

Searched are the key store, the log, the read models, every file of the data directory and of each backup. Exit code
4: something was found.")]
    Verify(VerifyErasure),
    /// Check the receipt of an erasure: a file with the statement, signature and publicKey that GraphQL gives.
    #[command(after_help = "\
Example:
  trunkline privacy receipt receipt.json

Exit code 4: the receipt does not hold.")]
    Receipt {
        /// The receipt as JSON.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// A customer's id, bare or as the API gives it.
pub(crate) fn customer(text: &str) -> Result<CustomerId, String> {
    let bare = text.strip_prefix("customer:").unwrap_or(text);
    bare.parse().map_err(|_| "takes the id of a customer, a UUID".to_owned())
}

/// The exit code when something was found that must not be there.
const FOUND: u8 = 4;

/// A receipt is far shorter.
const RECEIPT_BYTES_MAX: u64 = 1 << 20;

pub(crate) async fn run(settings: &Settings, command: &PrivacyCommand) -> anyhow::Result<ExitCode> {
    match command {
        PrivacyCommand::Export { customer, output } => {
            export(settings, *customer, output.as_deref()).await.map(|()| ExitCode::SUCCESS)
        }
        PrivacyCommand::Verify(command) => {
            let clean = verify::run(settings, command).await?;
            Ok(if clean { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
        }
        PrivacyCommand::Receipt { file } => {
            let holds = check_receipt(file)?;
            crate::say(if holds { "The receipt holds." } else { "The receipt does NOT hold." });
            Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
        }
    }
}

async fn export(settings: &Settings, customer: CustomerId, output: Option<&Path>) -> anyhow::Result<()> {
    let opened = store::open_log(settings).await?;
    let vault = store::open_vault(settings).await?;
    let exported = privacy::export(&*opened.log, &vault, customer).await;
    opened.log.close().await;
    vault.close().await;
    let exported = exported?;
    ensure!(!exported.events.is_empty(), "the log says nothing about customer {customer}");
    let mut out: Box<dyn Write> = match output {
        Some(file) => {
            let made = File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
            Box::new(BufWriter::new(made))
        }
        None => Box::new(BufWriter::new(std::io::stdout().lock())),
    };
    serde_json::to_writer_pretty(&mut out, &exported).context("cannot write the export")?;
    writeln!(out)?;
    out.flush().context("cannot write the export")
}

/// Checks a receipt as GraphQL gives it: `statement`, `signature` and `publicKey`.
fn check_receipt(file: &Path) -> anyhow::Result<bool> {
    let mut text = String::new();
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    opened.take(RECEIPT_BYTES_MAX).read_to_string(&mut text)?;
    let receipt: Value = serde_json::from_str(&text).context("the receipt is not JSON")?;
    let field = |name: &str| {
        let text = receipt.get(name).and_then(Value::as_str).map(str::to_owned);
        text.with_context(|| format!("the receipt has no `{name}`"))
    };
    let signed = Signed { signature: field("signature")?, public_key: field("publicKey")? };
    Ok(signed.covers(field("statement")?.as_bytes()))
}
