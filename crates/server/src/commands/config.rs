//! `trunkline config`: what is set, and where.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use serde_json::json;
use toml::Value;

use crate::config::{DEFAULTS, Layers, Settings};
use crate::{compliance, routing};

/// Looking at the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check every setting and the files of rules that it names, and show its value and where it comes from.
    #[command(after_help = "\
Examples:
  trunkline config check
  trunkline --config production.toml config check")]
    Check {
        /// How it is shown.
        #[arg(long, default_value = "text")]
        format: CheckFormat,
    },
    /// Print every setting with its documentation and default.
    #[command(after_help = "\
Example:
  trunkline config defaults > trunkline.toml")]
    Defaults,
}

/// How a check is shown.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Settings that can hold a password are shown without it.
const SECRET: [&str; 5] = ["log.url", "read_models.url", "vault.url", "notary.url", "pool.url"];

/// Settings that are secrets themselves are not shown at all. A webhook's address can hold one anywhere.
const HIDDEN: [&str; 10] = [
    "audit.webhook",
    "audit.webhook_secret",
    "cti.secrets",
    "cti.url",
    "notary.publish_webhook",
    "oidc.client_secret",
    "opensearch.api_key",
    "opensearch.password",
    "vault.master_keys",
    "vault.transit_token",
];

pub(crate) fn run(layers: &Layers, settings: &Settings, command: &ConfigCommand) -> anyhow::Result<ExitCode> {
    if let ConfigCommand::Check { .. } = command {
        routing::check(settings)?;
        compliance::rules(settings)?;
    }
    match command {
        ConfigCommand::Defaults => crate::say(DEFAULTS.trim_end()),
        ConfigCommand::Check { format: CheckFormat::Text } => {
            let width = layers.iter().map(|(key, ..)| key.len()).max().unwrap_or_default();
            for (key, value, origin) in layers.iter() {
                crate::say(&format!("{key:width$} = {}  ({origin})", shown(key, value)));
            }
            crate::say("The configuration is right.");
        }
        ConfigCommand::Check { format: CheckFormat::Json } => {
            let settings: serde_json::Map<_, _> = layers
                .iter()
                .map(|(key, value, origin)| {
                    (key.to_owned(), json!({"value": shown(key, value), "from": origin.to_string()}))
                })
                .collect();
            crate::say(&serde_json::to_string_pretty(&settings)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(key: &str, value: &Value) -> String {
    match value.as_str() {
        Some(secret) if HIDDEN.contains(&key) && !secret.is_empty() => "\"***\"".to_owned(),
        Some(url) if SECRET.contains(&key) => format!("{:?}", without_password(url)),
        _ => value.to_string(),
    }
}

/// `postgres://user:***@host/database`.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.find(['/', '?']).map_or(rest, |end| &rest[..end]);
    match authority.rsplit_once('@').map(|(user, _)| user).and_then(|user| user.split_once(':')) {
        Some((user, password)) => {
            format!(
                "{scheme}://{}",
                rest.replacen(&format!("{user}:{password}@"), &format!("{user}:***@"), 1)
            )
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let shown =
            ["postgres://li:s3cr@t@db:5432/x", "postgres://db/x", "", "kurrentdb://a:b@h:2113?tls=true"];
        assert_eq!(
            shown.map(without_password),
            ["postgres://li:***@db:5432/x", "postgres://db/x", "", "kurrentdb://a:***@h:2113?tls=true"]
        );
    }
}
