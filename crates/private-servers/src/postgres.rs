//! PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};

use crate::guardian::{Guardian, Plan};
use crate::{account, handed_over, ports, unique_name};

const ACCOUNT: &str = "postgres";
const PACKAGE: &str = "postgresql";

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// `fsync`, `synchronous_commit` and `full_page_writes` are on, as in production: for benchmarks.
    Full,
    /// All three are off: for tests, which never cut the power.
    Off,
}

/// A private PostgreSQL cluster.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    guardian: Option<Guardian>,
}

impl Postgres {
    /// The environment variable by which `cargo xtask test` hands over the port of a running cluster.
    pub const VARIABLE: &str = "TRUNKLINE_TEST_POSTGRES_PORT";

    /// The cluster of this process: the one handed over by [`Self::VARIABLE`], or one of its own without
    /// durability, started at the first call and stopped with the process.
    ///
    /// # Errors
    /// When the package `postgresql` is missing or the cluster does not start.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Postgres, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let handed = handed_over::port(Self::VARIABLE).map_err(|error| format!("{error:#}"))?;
            match handed {
                Some(port) => Ok(Self { port, guardian: None }),
                None => Self::start(Durability::Off, &[]).map_err(|error| format!("{error:#}")),
            }
        });
        shared.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// Starts a cluster of its own, with further settings (`("shared_buffers", "1GB")`); it stops when dropped.
    ///
    /// # Errors
    /// When the package `postgresql` is missing or the cluster does not start.
    pub fn start(durability: Durability, settings: &[(&str, &str)]) -> Result<Self> {
        let (guardian, port) = Guardian::start(
            "PostgreSQL",
            || plan(durability, settings),
            |port| run("pg_isready", *port, &["--quiet"]).is_ok(),
        )?;
        Ok(Self { port, guardian: Some(guardian) })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database of this cluster; the superuser is `postgres` and needs no password.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{ACCOUNT}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database that nobody else uses and gives its URL. It goes away with the cluster.
    ///
    /// # Errors
    /// When the cluster refuses.
    pub fn fresh_database(&self) -> Result<String> {
        self.fresh_database_from("template0")
    }

    /// Like [`Self::fresh_database`], as a copy of the database `template`, to which nobody may be connected.
    ///
    /// # Errors
    /// When the cluster refuses.
    pub fn fresh_database_from(&self, template: &str) -> Result<String> {
        let name = unique_name("test");
        self.execute("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"))?;
        Ok(self.url(&name))
    }

    /// Runs SQL as the superuser through `psql` and gives what it prints: unaligned rows without a header.
    ///
    /// # Errors
    /// When the cluster refuses; the error is what `psql` says.
    pub fn execute(&self, database: &str, sql: &str) -> Result<String> {
        let options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1"];
        let output = run(
            "psql",
            self.port,
            &[options.as_slice(), &["--dbname", database, "--command", sql]].concat(),
        )?;
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// The folder of this cluster's own data, when this process started it.
    pub fn folder(&self) -> Option<&Path> {
        self.guardian.as_ref().map(Guardian::folder)
    }

    /// The path of one of PostgreSQL's programs, such as `pg_dump`, of the newest installed version.
    ///
    /// # Errors
    /// When the package `postgresql` is missing.
    pub fn program(name: &str) -> Result<PathBuf> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        versions
            .filter_map(|version| {
                let path = version.path().join("bin").join(name);
                let number: u32 = version.file_name().to_str()?.parse().ok()?;
                path.exists().then_some((number, path))
            })
            .max()
            .map(|(_, path)| path)
            .with_context(|| account::missing(name, PACKAGE))
    }
}

fn plan(durability: Durability, settings: &[(&str, &str)]) -> Result<(Plan, u16)> {
    let server = Postgres::program("postgres")?;
    let folder = tempfile::Builder::new().prefix("trunkline-postgres-").tempdir()?.keep();
    account::give(ACCOUNT, &folder)?;
    let data = folder.join("data");
    init(&data)?;
    let port = ports::free()?;
    let durable = if durability == Durability::Full { "on" } else { "off" };
    let mut command = account::under(ACCOUNT, &server);
    command.extend(["-D".into(), data.display().to_string(), "-p".into(), port.to_string()]);
    let ours = [
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
        ("max_connections", "300"),
        ("timezone", "UTC"),
        ("fsync", durable),
        ("synchronous_commit", durable),
        ("full_page_writes", durable),
    ];
    for (name, value) in ours.iter().chain(settings) {
        command.extend(["-c".into(), format!("{name}={value}")]);
    }
    // An immediate stop: nothing of this cluster will be read again.
    Ok((Plan { folder, command, environment: Vec::new(), helper: String::new(), signal: "QUIT" }, port))
}

fn init(data: &Path) -> Result<()> {
    let command = account::under(ACCOUNT, &Postgres::program("initdb")?);
    let output = Command::new(&command[0])
        .args(&command[1..])
        .arg("-D")
        .arg(data)
        .args(["-U", ACCOUNT, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .context("initdb could not be run")?;
    ensure!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

fn run(program: &str, port: u16, arguments: &[&str]) -> Result<Output> {
    let output = Command::new(Postgres::program(program)?)
        .args(["-h", "127.0.0.1", "-U", ACCOUNT, "-p"])
        .arg(port.to_string())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} could not be run"))?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(output)
}
