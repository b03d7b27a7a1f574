//! The rules that dials are judged by: the published ones, and the company's own.

use std::fs;
use std::sync::Arc;

use anyhow::Context as _;
use trunkline_routing::compliance::RuleBook;

use crate::config::Settings;

/// Reads them.
///
/// # Errors
/// When the company's file cannot be read, or holds a rule that is impossible.
pub(crate) fn rules(settings: &Settings) -> anyhow::Result<Arc<RuleBook>> {
    let published = RuleBook::published()?;
    let rules = match &settings.compliance_rules_file {
        None => published,
        Some(file) => {
            let text = fs::read_to_string(file);
            let text =
                text.with_context(|| format!("cannot read {} (`compliance.rules_file`)", file.display()))?;
            published
                .with(&text)
                .with_context(|| format!("in {} (`compliance.rules_file`)", file.display()))?
        }
    };
    Ok(Arc::new(rules))
}
