//! Who sees and may do what: the standard policy, with the roles of the company's own file.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use trunkline_access::Policy;
use trunkline_app::{Authority, Dispatcher, Request, Single};
use trunkline_domain::access_policy::{AccessPolicy, Command, of_centre};
use trunkline_kernel::{Actor, Clock};
use trunkline_log::{Feed, Log};

use crate::config::Settings;

/// The policy that the configuration asks for.
///
/// # Errors
/// When the company's file cannot be read or is no policy.
pub(crate) fn policy(file: Option<&Path>) -> anyhow::Result<Policy> {
    let Some(file) = file else { return Ok(Policy::standard()) };
    let text = fs::read_to_string(file);
    let text = text.with_context(|| format!("cannot read {} (`access.policy_file`)", file.display()))?;
    Policy::standard().with(&text).with_context(|| format!("in {} (`access.policy_file`)", file.display()))
}

/// Begins to decide by the policy, after the log has it.
///
/// # Errors
/// When there is no usable policy, or the log fails.
pub(crate) async fn start(
    settings: &Settings,
    dispatcher: &Dispatcher,
    clock: &Arc<dyn Clock>,
    log: &dyn Log,
    feed: &Feed,
) -> anyhow::Result<Arc<Authority>> {
    let policy = policy(settings.access_policy_file.as_deref())?;
    let command = Command::Apply { policy: policy.applied(), is_standard: policy == Policy::standard() };
    let apply = Single::<AccessPolicy> { id: of_centre(), command };
    let noted = dispatcher.execute(Request::by(Actor::system("server")), &apply).await;
    noted.context("cannot note the access policy (`access.policy_file`) in the log")?;
    let authority = Authority::start(policy, settings.access, Arc::clone(clock), log, feed).await;
    authority.context("cannot read the grants that are in force")
}
