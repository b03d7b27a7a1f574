//! Assignments leave: read from the log, published, confirmed, and only then passed.

use std::convert::Infallible;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ExchangeKind};
use serde_json::json;
use trunkline_database::{Cell as _, Database, DatabaseError, Migration};
use trunkline_domain::routing::{Assigned, Event};
use trunkline_domain::words::Work;
use trunkline_kernel::{EventType, Position, Recorded, Timestamp};
use trunkline_log::{Direction, Filter, Query};

use super::run::{Broker, PERSISTENT, Trouble, confirmed, name};

/// How many assignments are published before their confirmations are waited for.
const PAGE: usize = 100;
/// How long it trusts that no hint means no event.
const REREAD: Duration = Duration::from_millis(500);
/// How long it waits for somebody to bind a queue to the exchange.
const UNHEARD: Duration = Duration::from_secs(2);

const MIGRATIONS: &[Migration] = &[Migration {
    name: "rabbitmq_0001",
    sqlite: "CREATE TABLE rabbitmq_outbox (id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL) STRICT;",
    postgres: "CREATE TABLE rabbitmq_outbox (id integer PRIMARY KEY CHECK (id = 1), position bigint NOT NULL);",
}];

/// How far the assignments have been published.
#[derive(Clone)]
pub(super) struct Checkpoint(Database);

/// What became of the next assignments.
enum Published {
    /// There was a full page: there may be more.
    More,
    /// There are no more for now.
    All,
    /// No queue is bound to the exchange, so nobody would ever have them.
    Unheard,
}

impl Checkpoint {
    /// Opens it; at first it stands at `head`: what was assigned before is nobody's business here.
    pub(super) async fn open(
        database: Database,
        head: Position,
        now: Timestamp,
    ) -> Result<Self, DatabaseError> {
        database.migrate(MIGRATIONS, now).await?;
        let sql = "INSERT INTO rabbitmq_outbox (id, position) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
        database.execute(sql, vec![head.value()]).await?;
        Ok(Self(database))
    }

    async fn position(&self) -> Result<Position, DatabaseError> {
        let sql = "SELECT position FROM rabbitmq_outbox WHERE id = 1";
        let row = self.0.fetch_optional(sql, Vec::new()).await?;
        row.map_or(Ok(Position::START), |row| row.get("position"))
    }

    async fn move_to(&self, position: Position) -> Result<(), DatabaseError> {
        let sql = "UPDATE rabbitmq_outbox SET position = $1 WHERE id = 1 AND position < $1";
        self.0.execute(sql, vec![position.value()]).await.map(drop)
    }
}

impl Broker {
    /// Publishes every assignment until the connection is gone.
    pub(super) async fn tell_assignments(&self, connection: &Connection) -> Result<Infallible, Trouble> {
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let exchange = name(&self.settings().exchange)?;
        channel.exchange_declare(exchange, ExchangeKind::Topic, options, FieldTable::default()).await?;
        let mut hint = self.log().hint();
        loop {
            hint.mark_unchanged();
            match self.publish(&channel).await? {
                Published::More => {}
                Published::All => {
                    self.stats().is_troubled(None);
                    // A hint can be late or lost; then the log is read again all the same.
                    let _ = tokio::time::timeout(REREAD, hint.changed()).await;
                }
                Published::Unheard => {
                    let exchange = &self.settings().exchange;
                    let trouble =
                        format!("no queue is bound to the exchange {exchange}: assignments wait in the log");
                    tracing::warn!(trouble, "assignments are not published");
                    self.stats().is_troubled(Some(trouble));
                    tokio::time::sleep(UNHEARD).await;
                }
            }
        }
    }

    async fn publish(&self, channel: &Channel) -> Result<Published, Trouble> {
        let from = Some(self.checkpoint().position().await?);
        let filter = Filter { types: vec![EventType::known("routing.assigned")], ..Filter::default() };
        let query = Query { filter, direction: Direction::Forwards, from, until: None, limit: PAGE };
        let events = self.log().read(&query).await?.events;
        let Some(last) = events.last().map(|last| last.position) else { return Ok(Published::All) };
        let mut promised = Vec::with_capacity(events.len());
        for recorded in &events {
            for event in trunkline_domain::decode_as::<Event>(recorded)? {
                let Event::Assigned(assigned) = event else { continue };
                let (key, body, properties) = message(recorded, &assigned)?;
                let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
                let exchange = name(&self.settings().exchange)?;
                let publishing =
                    channel.basic_publish(exchange, name(key)?, options, body.as_bytes(), properties);
                promised.push(publishing.await?);
            }
        }
        let count = promised.len() as u64;
        for promise in promised {
            if !confirmed(promise, self.settings().answer_max).await? {
                return Ok(Published::Unheard);
            }
        }
        self.checkpoint().move_to(last).await?;
        self.stats().publishes(count);
        Ok(if events.len() == PAGE { Published::More } else { Published::All })
    }
}

/// The routing key, the body and what goes with it.
fn message(
    recorded: &Recorded,
    assigned: &Assigned,
) -> Result<(&'static str, String, BasicProperties), Trouble> {
    let (key, work) = match assigned.work {
        Work::Call(id) => ("assignment.call", id.to_string()),
        Work::Lead(id) => ("assignment.lead", id.to_string()),
        Work::Task(id) => ("assignment.task", id.to_string()),
    };
    let kind = key.trim_start_matches("assignment.");
    let body = json!({
        "event": recorded.event.id,
        "position": recorded.position.0.to_string(),
        "at": recorded.event.occurred_at,
        "work": { kind: work },
        "agent": assigned.agent,
        "reservation": assigned.reservation,
    });
    let properties = BasicProperties::default()
        .with_message_id(name(&recorded.event.id.to_string())?)
        .with_content_type(name("application/json")?)
        .with_delivery_mode(PERSISTENT);
    Ok((key, body.to_string(), properties))
}
