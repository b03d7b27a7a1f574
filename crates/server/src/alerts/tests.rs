//! The standard rules, and a webhook that refuses now and then.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use trunkline_app::{DispatchLimits, Dispatcher, Request, Single};
use trunkline_domain::alert::{Alert, AlertKind, Command, Raised};
use trunkline_kernel::{Actor, AlertId, Id as _, Position, RandomIds, SystemClock, Timestamp};
use trunkline_kernel::{Clock as _, Millis};
use trunkline_log::{Log, MemoryLog};
use trunkline_vault::Vault;
use trunkline_webhooks::{ID, SIGNATURE, Secrets, Signed, TIMESTAMP};

use super::*;
use crate::config::WebhookSettings;

#[test]
fn the_standard_rules_can_be_read_and_are_about_everything_that_there_is() {
    let rules = rules(&AlertSettings { rules: None, webhook: None }).unwrap();
    // Drift is no rule about accesses: `[models]` says what is in order.
    let of_drift = [AlertKind::Drift, AlertKind::DriftOver];
    assert_eq!(rules.rule.len(), AlertKind::ALL.len() - of_drift.len());
    assert!(toml::from_str::<AlertRules>("[[rule]]\nname = \"x\"\nwhen.rowz = {}").is_err());
}

#[derive(Default)]
struct Receiver {
    asked: AtomicUsize,
    taken: Mutex<Vec<(Signed, String)>>,
}

/// Refuses the first message once and takes all others.
async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: String) -> StatusCode {
    if receiver.asked.fetch_add(1, Ordering::SeqCst) == 0 {
        return StatusCode::TOO_MANY_REQUESTS;
    }
    let text = |name| headers[name].to_str().unwrap().to_owned();
    let signed = Signed { id: text(ID), timestamp: text(TIMESTAMP), signature: text(SIGNATURE) };
    receiver.taken.lock().unwrap().push((signed, body));
    StatusCode::NO_CONTENT
}

fn many_rows() -> Raised {
    Raised {
        rule: "many rows".to_owned(),
        kind: AlertKind::Rows,
        who: "user:li.wei".to_owned(),
        count: 12,
        limit: 10,
        since: Timestamp::from_millis(0),
        at: Timestamp::from_millis(0),
        position: Position(1),
    }
}

#[tokio::test]
async fn every_alert_is_told_once_it_is_taken_signed_and_not_again_after_a_restart() -> anyhow::Result<()> {
    let clock: Arc<dyn trunkline_kernel::Clock> = Arc::new(SystemClock);
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new(Arc::clone(&clock)));
    let vault = Vault::passing(Arc::clone(&clock)).await?;
    let ids = Arc::new(RandomIds);
    let dispatcher =
        Dispatcher::new(Arc::clone(&log), vault, Arc::clone(&clock), ids, DispatchLimits::default());
    let receiver = Arc::new(Receiver::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/alerts", listener.local_addr()?);
    let routes = Router::new().route("/alerts", post(receive)).with_state(Arc::clone(&receiver));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let database = Database::sqlite_in_memory().await?;
    let settings = WebhookSettings {
        url,
        secret: Secrets::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?,
        attempts_max: 3,
        timeout: Duration::from_secs(5),
    };
    let begin = async || -> anyhow::Result<(CancellationToken, JoinHandle<()>)> {
        let stopping = CancellationToken::new();
        let webhook =
            Webhook::open(settings.clone(), database.clone(), Arc::clone(&log), Arc::clone(&clock)).await?;
        Ok((stopping.clone(), tokio::spawn(webhook.run(stopping))))
    };
    let raise = async |n: u128| {
        let id = AlertId::from_uuid(uuid::Uuid::from_u128(n));
        let raise = Single::<Alert> { id, command: Command::Raise(many_rows()) };
        dispatcher.execute(Request::by(Actor::system("test")), &raise).await
    };
    let taken = async |count: usize| {
        let all = async {
            while receiver.taken.lock().unwrap().len() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), all).await
    };
    let (stopping, running) = begin().await?;
    raise(1).await?;
    taken(1).await?;
    raise(2).await?;
    taken(2).await?;
    stopping.cancel();
    running.await?;
    let (stopping, running) = begin().await?;
    raise(3).await?;
    taken(3).await?;
    stopping.cancel();
    running.await?;
    let taken = receiver.taken.lock().unwrap().clone();
    let ids: Vec<String> = taken
        .iter()
        .map(|(_, body)| serde_json::from_str::<serde_json::Value>(body).unwrap()["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert!(ids.iter().zip(1..).all(|(id, n)| id.ends_with(&format!("{n}\""))), "{ids:?}");
    for (signed, body) in &taken {
        settings.secret.verify(signed, body.as_bytes(), SystemClock.now(), Millis::from_secs(60))?;
        assert!(body.contains(&signed.id), "{body}");
        assert!(body.contains("行数据") && body.contains("read 12 rows"), "{body}");
    }
    Ok(())
}
