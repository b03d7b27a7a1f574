//! Setting up the gate.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use trunkline_access::Witness;
use trunkline_identity::local::LocalTokens;
use trunkline_identity::oidc::Provider;
use trunkline_identity::{Allowances, Doorkeeper, DoorkeeperOptions, Revocations};
use trunkline_log::{Feed, Log};

use super::{Gate, Proxies};
use crate::config::Settings;
use crate::store;

/// The gate of a server on this address, and what it needs to know of the log. `witness` hears of everybody who is let
/// in or turned away.
///
/// # Errors
/// When the log cannot be read, or the key of local tokens cannot be used.
pub(crate) async fn build(
    settings: &Settings,
    log: &Arc<dyn Log>,
    feed: &Arc<Feed>,
    address: SocketAddr,
    witness: Arc<dyn Witness>,
) -> anyhow::Result<Gate> {
    let (identity, transport) = (&settings.identity, &settings.transport);
    let (door, revocations) = door(settings, &**log, Arc::clone(&witness)).await?;
    tokio::spawn(revocations.follow(Arc::clone(feed)));
    Ok(Gate {
        door: Arc::new(door),
        witness,
        token_needed: identity.required || !address.ip().is_loopback(),
        metrics_open: identity.open_metrics,
        strangers: Arc::new(Allowances::new(transport.stranger_rate, transport.remembered_max)),
        proxies: Arc::new(Proxies(transport.proxies.clone())),
        origins: transport.origins.clone().into(),
        clock: store::clock(),
    })
}

/// Who is asked about everybody who comes in, and the revocations that it knows.
///
/// # Errors
/// As [`build`].
pub(crate) async fn door(
    settings: &Settings,
    log: &dyn Log,
    witness: Arc<dyn Witness>,
) -> anyhow::Result<(Doorkeeper, Arc<Revocations>)> {
    let (identity, transport) = (&settings.identity, &settings.transport);
    let clock = store::clock();
    let local = LocalTokens::new(
        identity.key_file.clone(),
        &identity.audience,
        identity.clock_skew,
        Arc::clone(&clock),
    );
    local.probe()?;
    let revocations = Revocations::load(log, identity.ttl_max, Arc::clone(&clock))
        .await
        .context("cannot read which tokens were revoked")?;
    let provider = identity.provider.clone().map(|options| Provider::new(options, Arc::clone(&clock)));
    let provider = provider.transpose().context("the provider (`oidc.issuer`) cannot be used")?;
    let door = Doorkeeper::new(DoorkeeperOptions {
        local,
        provider: provider.map(Arc::new),
        revocations: Arc::clone(&revocations),
        witness,
        known_max: identity.known_tokens_max,
        rate: transport.subject_rate,
        patience: transport.bad_tokens,
        remembered_max: transport.remembered_max,
        clock,
    });
    Ok((door, revocations))
}
