//! Real clients speak to the private servers.

use anyhow::{Context as _, Result, ensure};
use lapin::options::{
    BasicAckOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Connection, ConnectionProperties};
use sqlx::{Connection as _, PgConnection};
use trunkline_testkit::{Postgres, RabbitMq, Redis, unique_name};

#[tokio::test]
async fn postgresql_runs_a_transaction() -> Result<()> {
    let mut connection = PgConnection::connect(&Postgres::shared()?.fresh_database()?).await?;
    sqlx::query("CREATE TABLE notes (text text)").execute(&mut connection).await?;
    let mut transaction = connection.begin().await?;
    sqlx::query("INSERT INTO notes VALUES ('kept')").execute(&mut *transaction).await?;
    transaction.commit().await?;
    let (text,): (String,) = sqlx::query_as("SELECT text FROM notes").fetch_one(&mut connection).await?;
    assert_eq!(text, "kept");
    Ok(())
}

#[tokio::test]
async fn redis_keeps_a_value() -> Result<()> {
    let client = redis::Client::open(Redis::shared()?.fresh_database()?)?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let () = redis::cmd("SET").arg("key").arg("value").query_async(&mut connection).await?;
    let value: String = redis::cmd("GET").arg("key").query_async(&mut connection).await?;
    assert_eq!(value, "value");
    Ok(())
}

#[tokio::test]
async fn rabbitmq_confirms_and_delivers() -> Result<()> {
    let connection = Connection::connect(&RabbitMq::shared()?.url(), ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let queue = unique_name("queue");
    let name = queue.as_str();
    channel.queue_declare(name.into(), QueueDeclareOptions::default(), FieldTable::default()).await?;
    let options = BasicPublishOptions::default();
    let sent = channel.basic_publish("".into(), name.into(), options, b"hello", BasicProperties::default());
    ensure!(sent.await?.await?.is_ack(), "the broker confirms");
    let message = channel.basic_get(name.into(), BasicGetOptions::default()).await?;
    let message = message.context("the message is in the queue")?;
    assert_eq!(message.data, b"hello");
    message.ack(BasicAckOptions::default()).await?;
    connection.close(200, "done".into()).await?;
    Ok(())
}
