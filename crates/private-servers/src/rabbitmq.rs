//! RabbitMQ, with an Erlang port mapper of its own.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::guardian::{Guardian, Plan};
use crate::{account, handed_over, ports};

/// The package's wrapper in /usr/sbin insists on one account and one folder; this is what it wraps.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const PACKAGE: &str = "rabbitmq-server";

/// A private RabbitMQ node.
#[derive(Debug)]
pub struct RabbitMq {
    port: u16,
    guardian: Option<Guardian>,
}

impl RabbitMq {
    /// The environment variable by which `cargo xtask test` hands over the port of a running node.
    pub const VARIABLE: &str = "TRUNKLINE_TEST_RABBITMQ_PORT";

    /// The node of this process: the one handed over by [`Self::VARIABLE`], or one of its own, started at the
    /// first call (that takes some seconds) and stopped with the process.
    ///
    /// # Errors
    /// When the package `rabbitmq-server` is missing or the node does not start.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<RabbitMq, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let handed = handed_over::port(Self::VARIABLE).map_err(|error| format!("{error:#}"))?;
            match handed {
                Some(port) => Ok(Self { port, guardian: None }),
                None => Self::start().map_err(|error| format!("{error:#}")),
            }
        });
        shared.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// Starts a node of its own; it stops when dropped.
    ///
    /// # Errors
    /// When the package `rabbitmq-server` is missing or the node does not start.
    pub fn start() -> Result<Self> {
        let (guardian, port) = Guardian::start("RabbitMQ", plan, |port| greets(*port).unwrap_or(false))?;
        Ok(Self { port, guardian: Some(guardian) })
    }

    /// Kills the node, as a crash of its machine would end it; what it has confirmed is on its disk.
    ///
    /// # Errors
    /// When it is not a node of its own.
    pub fn kill(&mut self) -> Result<()> {
        let port = self.port;
        let gone = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err();
        self.guardian.as_mut().context("this node belongs to all tests")?.tell("halt", gone)
    }

    /// Starts a killed node again, on its port and with what is on its disk.
    ///
    /// # Errors
    /// When it does not start.
    pub fn revive(&mut self) -> Result<()> {
        let port = self.port;
        let there = || greets(port).unwrap_or(false);
        self.guardian.as_mut().context("this node belongs to all tests")?.tell("start", there)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of its only virtual host. Tests keep apart by [`unique_name`](crate::unique_name)s of queues
    /// and exchanges.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }
}

fn plan() -> Result<(Plan, u16)> {
    let server = PathBuf::from(SERVER);
    anyhow::ensure!(server.exists(), account::missing("rabbitmq-server", PACKAGE));
    let mapper = account::find("epmd", "erlang-base")?;
    let folder = tempfile::Builder::new().prefix("trunkline-rabbitmq-").tempdir()?.keep();
    let (port, distribution, mapper_port) = (ports::free()?, ports::free()?, ports::free()?);
    let config = folder.join("rabbitmq.conf");
    let plugins = folder.join("enabled_plugins");
    let environment_file = folder.join("rabbitmq-env.conf");
    write(
        &config,
        &format!("listeners.tcp.local = 127.0.0.1:{port}\nlog.console = true\nlog.file = false\n"),
    )?;
    write(&plugins, "[].\n")?;
    write(&environment_file, "")?;
    let folder_text = folder.display().to_string();
    let environment = [
        ("HOME", folder_text.clone()),
        ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
        ("ERL_EPMD_PORT", mapper_port.to_string()),
        ("RABBITMQ_CONF_ENV_FILE", environment_file.display().to_string()),
        ("RABBITMQ_CONFIG_FILE", config.display().to_string()),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", folder.join("advanced.config").display().to_string()),
        ("RABBITMQ_DIST_PORT", distribution.to_string()),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", plugins.display().to_string()),
        ("RABBITMQ_LOG_BASE", folder_text.clone()),
        ("RABBITMQ_MNESIA_BASE", folder.join("mnesia").display().to_string()),
        ("RABBITMQ_NODENAME", format!("trunkline-{port}@localhost")),
        ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".into()),
        ("RABBITMQ_NODE_PORT", port.to_string()),
        ("RABBITMQ_PID_FILE", folder.join("rabbitmq.pid").display().to_string()),
        (
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none"
                .into(),
        ),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
    let helper = format!("{} -port {mapper_port} -address 127.0.0.1", mapper.display());
    Ok((Plan { folder, command: vec![SERVER.into()], environment, helper, signal: "KILL" }, port))
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}

/// Whether the node answers the protocol header of AMQP 0-9-1 with a method frame, the start of a connection.
fn greets(port: u16) -> Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"AMQP\x00\x00\x09\x01")?;
    let mut frame = [0_u8; 1];
    stream.read_exact(&mut frame)?;
    Ok(frame[0] == 1)
}
