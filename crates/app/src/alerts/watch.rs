//! The follower that watches the record of reads. Its state is made of the log alone, so that nothing is to be kept of it:
//! after a start it judges the last windows again, and what it raises again is refused.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use trunkline_domain::access::{self, Entry};
use trunkline_domain::alert::{self, Alert, Raised};
use trunkline_domain::{Event, grant};
use trunkline_kernel::{Actor, AlertId, CustomerId, EventType, Millis, Position, Recorded, Timestamp};
use trunkline_log::{Direction, Feed, Filter, Log, LogError, Query};

use super::judge::{Judge, Owners, customers};
use super::rule::{AlertRules, When};
use crate::{CommandError, Dispatcher, Request, Single};

/// How far before the longest window it begins after a start, so that what was written and not judged is judged.
const BEFORE: Millis = Millis::from_mins(60);

const RECORDED: &str = "access.recorded";
const GLASS_BROKEN: &str = "grant.glass_broken";

/// Whoever knows whose customers are whose.
#[async_trait]
pub trait OwnerBook: Send + Sync {
    /// The owners of these customers, as far as they are known now.
    async fn owners(&self, customers: &[CustomerId]) -> Owners;
}

/// Judges accesses by these rules and raises what they find, until it is told to stop.
///
/// # Errors
/// When the log cannot be read.
pub async fn watch(
    log: Arc<dyn Log>,
    feed: Arc<Feed>,
    dispatcher: Arc<Dispatcher>,
    book: Arc<dyn OwnerBook>,
    rules: AlertRules,
    stopping: CancellationToken,
) -> Result<(), LogError> {
    let types = vec![EventType::known(RECORDED), EventType::known(GLASS_BROKEN)];
    let filter = Filter { types, ..Filter::default() };
    let from = beginning(&*log, &filter, rules.longest()).await?;
    let asks_owners = rules.rule.iter().any(|rule| matches!(rule.when, When::Colleagues(_)));
    let mut watch = Watch { judge: Judge::new(rules), dispatcher, book, asks_owners };
    let mut accesses = feed.subscribe(filter, from);
    while let Some(batch) = stopping.run_until_cancelled(accesses.next()).await {
        for recorded in batch?.events {
            watch.hear(&recorded).await;
        }
    }
    Ok(())
}

/// Where to begin: before the windows that the last access is in.
async fn beginning(log: &dyn Log, filter: &Filter, longest: Millis) -> Result<Position, LogError> {
    let query =
        Query { filter: filter.clone(), direction: Direction::Backwards, from: None, until: None, limit: 1 };
    match log.read(&query).await?.events.first() {
        Some(last) => log.position_at(last.recorded_at.plus(Millis(-longest.0 - BEFORE.0))).await,
        None => Ok(Position::START),
    }
}

struct Watch {
    judge: Judge,
    dispatcher: Arc<Dispatcher>,
    book: Arc<dyn OwnerBook>,
    asks_owners: bool,
}

impl Watch {
    async fn hear(&mut self, recorded: &Recorded) {
        // What this build cannot read is parked by the read models, which tell it.
        for event in Event::decode(recorded).unwrap_or_default() {
            if let Event::Access(access::Event::Recorded(batch)) = event {
                self.accesses(&batch.entries, recorded).await;
            } else if let Event::Grant(grant::Event::GlassBroken(broken)) = event {
                let at = recorded.event.occurred_at;
                self.raise(self.judge.emergency(&broken, at, recorded.position), at).await;
            }
        }
    }

    async fn accesses(&mut self, entries: &[Entry], recorded: &Recorded) {
        let owners = if self.asks_owners {
            let mut named: Vec<CustomerId> = entries.iter().flat_map(customers).collect();
            named.sort_unstable();
            named.dedup();
            self.book.owners(&named).await
        } else {
            Owners::new()
        };
        for entry in entries {
            let alerts = self.judge.hear(entry, recorded.position, &owners);
            self.raise(alerts, entry.at).await;
        }
    }

    async fn raise(&self, alerts: Vec<(AlertId, Raised)>, at: Timestamp) {
        for (id, raised) in alerts {
            tracing::warn!(rule = raised.rule, who = raised.who, count = raised.count, "an alert is raised");
            let request = Request { occurred_at: Some(at), ..Request::by(Actor::system("alerts")) };
            let raise = Single::<Alert> { id, command: alert::Command::Raise(raised) };
            match self.dispatcher.execute(request, &raise).await {
                // Another server, or this one before it was started again, was first.
                Ok(_) | Err(CommandError::Refused(_)) => {}
                Err(error) => tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "an alert cannot be written; it is judged again after the next start"
                ),
            }
        }
    }
}
