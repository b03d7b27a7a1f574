//! The private servers, started once for many processes.

use std::ffi::OsString;
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use trunkline_private_servers::{Durability, Postgres, RabbitMq, Redis};

use crate::shell;

/// All of them; dropping it stops them.
pub(crate) struct Servers {
    postgres: Postgres,
    redis: Redis,
    rabbitmq: RabbitMq,
}

impl Servers {
    /// Starts all of them side by side.
    ///
    /// # Errors
    /// When one does not start.
    pub(crate) fn start() -> Result<Self> {
        let postgres = thread::spawn(|| Postgres::start(Durability::Off, &[]));
        let redis = thread::spawn(Redis::start);
        let rabbitmq = RabbitMq::start()?;
        let lost = |_| anyhow!("a thread that starts a server was lost");
        Ok(Self { postgres: postgres.join().map_err(lost)??, redis: redis.join().map_err(lost)??, rabbitmq })
    }

    /// Tells a command where they are.
    pub(crate) fn hand_to<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env(Postgres::VARIABLE, self.postgres.port().to_string())
            .env(Redis::VARIABLE, self.redis.port().to_string())
            .env(RabbitMq::VARIABLE, self.rabbitmq.port().to_string())
            // An error says what went wrong; where in tokio it went through helps nobody.
            .env("RUST_LIB_BACKTRACE", "0")
    }
}

/// Runs one command with all of them.
///
/// # Errors
/// When a server does not start or the command fails.
pub(crate) fn run(command: &[OsString]) -> Result<()> {
    let (program, arguments) = command.split_first().context("no command was given")?;
    let servers = Servers::start()?;
    shell::run(servers.hand_to(Command::new(program).args(arguments)))
}
