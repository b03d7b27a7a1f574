//! What a switch may send: three lines for the headers, then events, one a line. Signatures are looked at as they come; then
//! the events go into a log of their own, whoever signed them.

use std::sync::Arc;
use std::time::Duration;

use trunkline_app::{DispatchLimits, Dispatcher};
use trunkline_dialer::cti::{CallEvent, Intake, IntakeAround, Settings, Taken};
use trunkline_domain::Policy;
use trunkline_kernel::{Clock, FixedClock, Millis, SeededIds, Timestamp};
use trunkline_log::MemoryLog;
use trunkline_vault::Vault;
use trunkline_webhooks::{Secrets, Signed};

use crate::runtime;

/// How many events of one input are taken in.
const EVENTS_MAX: usize = 16;
/// When everything happens: 2026-01-31T09:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_769_850_000_000);
const TOLERANCE: Millis = Millis::from_secs(300);

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let given = Signed { id: line(), timestamp: line(), signature: line() };
    let secrets = Secrets::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("the secret is one");
    let events: Vec<&str> = lines.take(EVENTS_MAX).collect();
    for body in &events {
        let own = secrets.sign(&given.id, NOW, body.as_bytes());
        let verified = secrets.verify(&given, body.as_bytes(), NOW, TOLERANCE);
        assert!(
            verified.is_err() || given.signature.contains(&own.signature) || given.timestamp != own.timestamp,
            "a signature that is not ours is believed"
        );
    }
    let events: Vec<CallEvent> = events.iter().filter_map(|body| serde_json::from_str(body).ok()).collect();
    for event in &events {
        let written = serde_json::to_string(event).expect("an event is JSON");
        let again: CallEvent = serde_json::from_str(&written).expect("what is written can be read");
        assert_eq!(again, *event, "an event says the same when it is written and read");
    }
    if !events.is_empty() {
        runtime().block_on(taken_once(secrets, events));
    }
}

/// However events come, each is noted once.
async fn taken_once(secrets: Secrets, events: Vec<CallEvent>) {
    let clock: Arc<dyn Clock> = Arc::new(FixedClock::at(NOW));
    let vault = Vault::passing(Arc::clone(&clock)).await.expect("a vault in memory");
    let log = Arc::new(MemoryLog::new(Arc::clone(&clock)));
    let (ids, limits) = (Arc::new(SeededIds::new(1)), DispatchLimits::default());
    let dispatcher = Arc::new(Dispatcher::new(log, vault, Arc::clone(&clock), ids, limits));
    let settings = Settings {
        secrets,
        tolerance: TOLERANCE,
        skew: Millis::from_secs(5),
        reorder: Duration::ZERO,
        patience: Millis::from_secs(30),
        gap_max: 4,
        waiting_max: 4,
        body_bytes_max: 16_384,
        route_arrivals: true,
        orders: None,
    };
    let (queues, stats) = (Arc::default(), Arc::default());
    let around = IntakeAround { dispatcher, clock, policy: Policy::default(), line: None, queues, stats };
    let intake = Arc::new(Intake::new(around, settings));
    for event in events {
        if intake.take(event.clone()).await.is_ok() {
            let again = intake.take(event).await.expect("what was settled stays so");
            assert!(!matches!(again, Taken::Noted(_)), "it is noted twice");
        }
    }
}
