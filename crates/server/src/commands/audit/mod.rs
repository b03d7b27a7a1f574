//! `trunkline audit`: proving that the log is what it was.

mod arguments;
mod heads;
mod prove;
mod verify;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use trunkline_notary::{Proof, PublicKey, SignedHead, Trust};

pub(crate) use arguments::AuditCommand;

use crate::config::Settings;

/// The exit code of a log, or a proof, that does not hold.
const WRONG: u8 = 4;

pub(crate) async fn run(settings: &Settings, command: AuditCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::Verify(arguments) => verify::run(settings, &arguments).await,
        AuditCommand::Prove(arguments) => prove::run(settings, &arguments).await,
        AuditCommand::Check(arguments) => check(&arguments),
        AuditCommand::Heads(arguments) => heads::run(settings, &arguments).await,
        AuditCommand::Key(arguments) => heads::key(settings, &arguments).await,
    }
}

/// A key from a file, or from the text itself.
fn public_key(given: &str) -> anyhow::Result<PublicKey> {
    if let Ok(key) = given.parse() {
        return Ok(key);
    }
    let text = std::fs::read_to_string(given).with_context(|| format!("cannot read the key {given}"))?;
    text.parse().with_context(|| format!("{given} holds no public key"))
}

/// The heads of a file: one document, or one a line.
fn heads_of(file: &Path) -> anyhow::Result<Vec<SignedHead>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let read = serde_json::Deserializer::from_str(&text).into_iter::<SignedHead>();
    let heads: Vec<_> =
        read.collect::<Result<_, _>>().with_context(|| format!("{} holds no tree head", file.display()))?;
    if heads.is_empty() {
        bail!("{} holds no tree head", file.display());
    }
    Ok(heads)
}

fn check(arguments: &arguments::Check) -> anyhow::Result<ExitCode> {
    let mut trust = Trust::new(public_key(&arguments.key)?);
    if let Some(file) = &arguments.heads {
        for head in heads_of(file)? {
            // Heads of keys that are not reached prove nothing and harm nothing.
            let _ = trust.follow(&head);
        }
    }
    let file = arguments.proof.display();
    let text = std::fs::read_to_string(&arguments.proof).with_context(|| format!("cannot read {file}"))?;
    let proof: Proof = serde_json::from_str(&text).with_context(|| format!("{file} is no proof"))?;
    if let Err(error) = proof.check(&trust) {
        crate::say(&format!("It does NOT hold: {error}."));
        return Ok(ExitCode::from(WRONG));
    }
    crate::say(&told(&proof));
    Ok(ExitCode::SUCCESS)
}

fn told(proof: &Proof) -> String {
    let by = |head: &SignedHead| {
        format!(
            "the tree head of size {} that key {} signed at {}",
            head.head.size, head.key, head.head.signed_at
        )
    };
    match proof {
        Proof::Inclusion(proof) => {
            let event = &proof.event.event;
            let text =
                proof.event.canonical.as_ref().map(|text| format!("\nIt says: {text}")).unwrap_or_default();
            format!(
                "It holds: the event at position {} with digest {}, recorded at {}, is in {}.{text}",
                event.position,
                event.digest,
                event.recorded_at,
                by(&proof.head)
            )
        }
        Proof::Events(proof) => {
            let positions: Vec<String> =
                proof.events.iter().map(|event| event.event.position.to_string()).collect();
            format!(
                "It holds: {} events of {} are in {}, at positions {}. That there are no others it cannot prove.",
                positions.len(),
                proof.tag,
                by(&proof.head),
                positions.join(", ")
            )
        }
        Proof::Consistency(proof) => {
            format!("It holds: the log only grew from {} to {}.", by(&proof.from), by(&proof.to))
        }
    }
}
