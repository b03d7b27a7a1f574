//! Redis.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::guardian::{Guardian, Plan};
use crate::{account, handed_over, ports};

/// How many databases a server has; [`Redis::fresh_database`] refuses after that many.
const DATABASES: u32 = 10_000;

/// A private Redis server that keeps nothing on disk.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    _guardian: Option<Guardian>,
}

impl Redis {
    /// The environment variable by which `cargo xtask test` hands over the port of a running server.
    pub const VARIABLE: &str = "TRUNKLINE_TEST_REDIS_PORT";

    /// The server of this process: the one handed over by [`Self::VARIABLE`], or one of its own, started at the
    /// first call and stopped with the process.
    ///
    /// # Errors
    /// When the package `redis-server` is missing or the server does not start.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Redis, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let handed = handed_over::port(Self::VARIABLE).map_err(|error| format!("{error:#}"))?;
            match handed {
                Some(port) => Ok(Self { port, _guardian: None }),
                None => Self::start().map_err(|error| format!("{error:#}")),
            }
        });
        shared.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// Starts a server of its own; it stops when dropped.
    ///
    /// # Errors
    /// When the package `redis-server` is missing or the server does not start.
    pub fn start() -> Result<Self> {
        let (guardian, port) = Guardian::start("Redis", plan, |port| {
            ask(*port, "PING").is_ok_and(|answer| answer.starts_with("+PONG"))
        })?;
        Ok(Self { port, _guardian: Some(guardian) })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Has the server speak TLS as well, with a certificate and its key in files. Gives the port.
    ///
    /// # Errors
    /// When the server does not take them.
    pub fn speak_tls(&self, certificate: &Path, key: &Path) -> Result<u16> {
        let port = ports::free()?;
        let (certificate, key) = (certificate.display(), key.display());
        let set = format!(
            "CONFIG SET tls-cert-file {certificate} tls-key-file {key} tls-ca-cert-file {certificate} \
             tls-auth-clients no tls-port {port}"
        );
        let answer = ask(self.port, &set)?;
        anyhow::ensure!(answer.starts_with("+OK"), "Redis answered {answer:?} to {set}");
        Ok(port)
    }

    /// The URL of an empty database that nobody else uses.
    ///
    /// # Errors
    /// When the server fails or all its 10,000 databases have been given out.
    pub fn fresh_database(&self) -> Result<String> {
        let answer = ask(self.port, "INCR trunkline:databases")?;
        let number = answer.strip_prefix(':').and_then(|number| number.trim().parse::<u32>().ok());
        let number = number.with_context(|| format!("Redis answered {answer:?} to INCR"))?;
        anyhow::ensure!(number < DATABASES, "all {DATABASES} Redis databases of this run are in use");
        Ok(format!("redis://127.0.0.1:{}/{number}", self.port))
    }
}

fn plan() -> Result<(Plan, u16)> {
    let server = account::find("redis-server", "redis-server")?;
    let folder = tempfile::Builder::new().prefix("trunkline-redis-").tempdir()?.keep();
    let port = ports::free()?;
    let arguments = [
        server.display().to_string(),
        "--bind".into(),
        "127.0.0.1".into(),
        "--port".into(),
        port.to_string(),
        "--databases".into(),
        DATABASES.to_string(),
        "--save".into(),
        String::new(),
        "--appendonly".into(),
        "no".into(),
        "--dir".into(),
        folder.display().to_string(),
    ];
    let plan = Plan {
        folder,
        command: arguments.into(),
        environment: Vec::new(),
        helper: String::new(),
        signal: "KILL",
    };
    Ok((plan, port))
}

/// Sends one inline command and reads the first line of the answer.
fn ask(port: u16, command: &str) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line)
}
