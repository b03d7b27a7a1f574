//! The private servers start, answer, keep their users apart and leave nothing behind.

use std::net::TcpStream;

use anyhow::{Context as _, Result, ensure};
use trunkline_private_servers::{Durability, Postgres, RabbitMq, Redis};

#[test]
fn fresh_databases_are_empty_and_apart() -> Result<()> {
    let server = Postgres::shared()?;
    let first = server.fresh_database()?;
    let second = server.fresh_database()?;
    assert_ne!(first, second);
    let name = first.rsplit('/').next().context("a URL ends in the database's name")?;
    server.execute(name, "CREATE TABLE here (n int)")?;
    let other = second.rsplit('/').next().context("a URL ends in the database's name")?;
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!((server.execute(name, tables)?, server.execute(other, tables)?), ("1".into(), "0".into()));
    Ok(())
}

#[test]
fn durability_is_what_was_asked_for() -> Result<()> {
    let durable = Postgres::start(Durability::Full, &[("shared_buffers", "64MB")])?;
    assert_eq!(durable.execute("postgres", "SHOW fsync")?, "on");
    assert_eq!(durable.execute("postgres", "SHOW synchronous_commit")?, "on");
    assert_eq!(durable.execute("postgres", "SHOW shared_buffers")?, "64MB");
    Ok(())
}

#[test]
fn a_dropped_server_is_gone_with_its_folder() -> Result<()> {
    let server = Postgres::start(Durability::Off, &[])?;
    let (port, folder) = (server.port(), server.folder().context("a folder of its own")?.to_owned());
    ensure!(folder.join("data/PG_VERSION").exists(), "the cluster's data lie in its folder");
    drop(server);
    ensure!(TcpStream::connect(("127.0.0.1", port)).is_err(), "port {port} still answers");
    ensure!(!folder.exists(), "{} is still there", folder.display());
    Ok(())
}

#[test]
fn a_refusal_of_the_database_is_told() -> Result<()> {
    let refused = Postgres::shared()?.execute("postgres", "SELECT no_such_column").unwrap_err().to_string();
    ensure!(refused.contains("no_such_column"), "psql says why: {refused}");
    Ok(())
}

#[test]
fn redis_gives_out_each_database_once() -> Result<()> {
    let server = Redis::shared()?;
    assert_ne!(server.fresh_database()?, server.fresh_database()?);
    Ok(())
}

#[test]
fn rabbitmq_accepts_a_connection() -> Result<()> {
    let server = RabbitMq::shared()?;
    TcpStream::connect(("127.0.0.1", server.port()))?;
    Ok(())
}
