//! Servers that `cargo xtask test` started before and hands over by environment variable.

use anyhow::{Context as _, Result};

/// The port in `variable`, or nothing when the variable is not set.
///
/// # Errors
/// When the variable holds anything but a port.
#[expect(
    clippy::disallowed_methods,
    reason = "this is how one process of the tests tells another, not a setting"
)]
pub(crate) fn port(variable: &str) -> Result<Option<u16>> {
    let Ok(text) = std::env::var(variable) else { return Ok(None) };
    let port = text.parse().with_context(|| format!("{variable} is {text:?}, which is not a port"))?;
    Ok(Some(port))
}
