//! `trunkline privacy`: all data on one person, whether an erased person is to be found anywhere, and receipts.

mod files;
mod verify;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use serde_json::Value;
use trunkline_access::{Asked, Identity, Seen, Sight, Witness as _};
use trunkline_app::{Recorder, privacy};
use trunkline_domain::access::{Outcome, Way};
use trunkline_kernel::{Actor, CustomerId, Id as _};
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
  trunkline privacy export 0190b5f4-0000-7000-8000-000000000001 --reason \"asked by letter\" --output export.json

It is in the record of reads before anything is written; the servers may be running.")]
    Export {
        /// The customer's id.
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: CustomerId,
        /// The file to write [default: standard output].
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Why, for the record of reads.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
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
        PrivacyCommand::Export { customer, output, reason } => {
            let exported = export(settings, *customer, output.as_deref(), reason.clone()).await;
            exported.map(|()| ExitCode::SUCCESS)
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

async fn export(
    settings: &Settings,
    customer: CustomerId,
    output: Option<&Path>,
    reason: Option<String>,
) -> anyhow::Result<()> {
    let began = Instant::now();
    let log = store::open_log(settings).await?.log;
    let vault = store::open_vault(settings).await?;
    let recorder = Recorder::start(Arc::clone(&log), store::clock(), store::ids(), settings.audit);
    let exporting = async {
        let exported = privacy::export(&*log, &vault, customer).await?;
        ensure!(!exported.events.is_empty(), "the log says nothing about customer {customer}");
        recorder.noted(sight(customer, exported.events.len(), reason, began.elapsed())).await?;
        Ok(exported)
    };
    let exported = exporting.await;
    recorder.close().await;
    log.close().await;
    vault.close().await;
    let exported = exported?;
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

/// What the record of reads is told of an export. Whoever can read the keys of this machine needs no role.
fn sight(customer: CustomerId, events: usize, reason: Option<String>, took: Duration) -> Sight {
    let seen = Seen {
        clear: ["CustomerData.document".to_owned()].into(),
        things: [(CustomerId::KIND, customer.uuid())].into(),
        rows: events as u64,
        reason,
        ..Seen::default()
    };
    Sight::Asked(Box::new(Asked {
        identity: Identity { actor: Actor::system("command_line"), ..Identity::nobody(None) },
        grants: BTreeSet::new(),
        emergency: false,
        way: Way::Export,
        operation: Some("trunkline privacy export".to_owned()),
        shape: None,
        fields: ["customerData".to_owned()].into(),
        seen,
        outcome: Outcome::Allowed,
        code: None,
        took,
        trace: store::ids().uuid().simple().to_string(),
    }))
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
