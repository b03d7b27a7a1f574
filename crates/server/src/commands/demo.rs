//! `trunkline demo`: a server and its simulated call centre.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;
use trunkline_dialer::Behaviour;
use trunkline_kernel::Millis;
use trunkline_simulator::Plan;

use crate::config::{DialerLine, DialerSettings, Settings};
use crate::serve::{Companion, serve};

/// How long the demo waits before it dials when it was killed.
const LEASE: Duration = Duration::from_secs(3);

/// How often the demo's dialer looks around.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(crate) async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let open = settings.listen.ip().is_loopback() && !settings.identity.required;
    if !open || settings.transport.tls.is_some() {
        bail!(
            "the demo's agents come without tokens and in plain HTTP, so that it is served on a loopback address only, \
             without `identity.required` and `tls.certificate`"
        );
    }
    let plan = Plan::demo(settings.demo_calls_per_second, settings.demo_seed);
    let data_dir = settings.data_dir.display().to_string();
    let behaviour = Behaviour { seed: settings.demo_seed, ring: plan.ring() };
    let dialer = Some(DialerSettings {
        line: DialerLine::Simulated(behaviour),
        caller_line: None,
        lease: LEASE,
        every: LOOK_EVERY,
        study_every: Millis::from_secs(60),
    });
    let settings = Settings { dialer, ..settings.clone() };
    let companion: Companion =
        Box::new(move |address, stopping| live(address, plan, data_dir, stopping).boxed());
    serve(&settings, Some(companion)).await?;
    Ok(ExitCode::SUCCESS)
}

async fn live(address: SocketAddr, plan: Plan, data_dir: String, stopping: CancellationToken) {
    crate::say(&welcome(address, &data_dir));
    if let Err(error) = trunkline_simulator::run(&format!("http://{address}"), plan, stopping).await {
        tracing::error!(error = format!("{error:#}"), "the simulated call centre stopped");
    }
}

fn welcome(address: SocketAddr, data_dir: &str) -> String {
    format!(
        "
A simulated call centre is at work. Its data is in {data_dir}; Ctrl-C stops it, and starting it again goes on.

  GraphQL and IDE   http://{address}/graphql
  health            http://{address}/healthz   http://{address}/readyz
  metrics           http://{address}/metrics

Things to ask, in the IDE or with curl:

  {{ agents(first: 5) {{ nodes {{ name team presence since }} }} }}
  {{ calls(first: 5) {{ nodes {{ state customer {{ name }} agent {{ name }} talkMs disposition }} }} }}
  {{ campaigns(first: 3) {{ nodes {{ name mode pacing {{ freeAgents ringing dialing reason abandonmentUpper }} }} }} }}
  {{ calls(first: 3) {{ nodes {{ state suppressedBy judgement {{ permitted rulings {{ rule verdict }} }} }} }} }}
  {{ customers(first: 3) {{ nodes {{ id name industry timeline(first: 5) {{ nodes {{ __typename }} }} }} }} }}
  {{ events(last: 5) {{ nodes {{ position type stream occurredAt }} }} }}

  curl -s http://{address}/graphql -H 'content-type: application/json' \\
    -d '{{\"query\": \"{{ events(last: 3) {{ nodes {{ position type }} }} }}\"}}'
"
    )
}
