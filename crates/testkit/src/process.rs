//! The real binary, as its users start it.

use std::path::{Path, PathBuf};
use std::process::{Command as StdCommand, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::{Client, PATIENCE};

/// How many of the last lines of a process are kept for error messages.
const KEPT_LINES: usize = 60;

/// The built binary `trunkline`: the one that `TRUNKLINE_BIN` names (as `cargo xtask test` does), or the one that
/// cargo builds now, at the first call of a process.
///
/// # Errors
/// When it cannot be built.
pub fn trunkline_binary() -> Result<PathBuf> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let binary = BINARY.get_or_init(|| find_or_build().map_err(|error| format!("{error:#}")));
    binary.clone().map_err(|error| anyhow::anyhow!("{error}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "how the runner of the tests names the binary, not a setting of it"
)]
fn find_or_build() -> Result<PathBuf> {
    if let Ok(path) = std::env::var("TRUNKLINE_BIN") {
        let path = PathBuf::from(path);
        ensure!(path.exists(), "TRUNKLINE_BIN names {}, which is not there", path.display());
        return Ok(path);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let arguments = ["build", "--quiet", "--package", "trunkline-server", "--bin", "trunkline"];
    let status = StdCommand::new("cargo").args(arguments).current_dir(&root).status()?;
    ensure!(status.success(), "`cargo {}` failed", arguments.join(" "));
    let target = std::env::var("CARGO_TARGET_DIR").map_or_else(|_| root.join("target"), PathBuf::from);
    Ok(target.join("debug/trunkline"))
}

/// A started `trunkline`. Dropping it kills it, as a power cut would.
#[derive(Debug)]
pub struct TrunklineProcess {
    child: Child,
    output: Option<Lines<BufReader<ChildStdout>>>,
    said: Arc<Mutex<Vec<String>>>,
}

/// A started `trunkline` that serves, its address and a client for it.
#[derive(Debug)]
pub struct Serving {
    /// The process.
    pub process: TrunklineProcess,
    /// A client of its address.
    pub client: Client,
}

impl TrunklineProcess {
    /// Starts `trunkline` with these arguments in `folder`, with none of the caller's `TRUNKLINE_*` settings.
    ///
    /// # Errors
    /// When the binary cannot be built or started.
    pub fn start(folder: &Path, arguments: &[&str]) -> Result<Self> {
        Self::start_with(folder, arguments, &[])
    }

    /// Like [`Self::start`], with environment variables.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(trunkline_binary()?);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TRUNKLINE_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).envs(environment.iter().copied()).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("trunkline could not be started")?;
        let said = Arc::new(Mutex::new(Vec::new()));
        let errors = child.stderr.take().context("a started process has a standard error")?;
        tokio::spawn(keep(Some(BufReader::new(errors).lines()), Arc::clone(&said)));
        let output = child.stdout.take().context("a started process has a standard output")?;
        Ok(Self { child, output: Some(BufReader::new(output).lines()), said })
    }

    /// Starts `trunkline` with these arguments and waits until it prints the address that it serves on. Ask for
    /// port 0 (`--listen 127.0.0.1:0`) so that tests do not meet.
    ///
    /// # Errors
    /// When it ends before, or prints no address within [`PATIENCE`].
    pub async fn serve(folder: &Path, arguments: &[&str]) -> Result<Serving> {
        Self::serve_with(folder, arguments, &[]).await
    }

    /// Like [`Self::serve`], with environment variables.
    ///
    /// # Errors
    /// As [`Self::serve`].
    pub async fn serve_with(
        folder: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Serving> {
        let mut process = Self::start_with(folder, arguments, environment)?;
        let client = process.client().await?;
        // What it prints from now on is kept for error messages and must not fill the pipe.
        let output = process.output.take();
        tokio::spawn(keep(output, Arc::clone(&process.said)));
        Ok(Serving { process, client })
    }

    /// Waits for the first printed line with an `http://` address and gives a client for it.
    ///
    /// # Errors
    /// As [`Self::serve`].
    pub async fn client(&mut self) -> Result<Client> {
        loop {
            let Some(line) = self.line().await? else {
                bail!("trunkline ended before it printed an address; it said:\n{}", self.said());
            };
            if let Some(base) = address(&line) {
                return Ok(Client::new(base));
            }
        }
    }

    /// The next line of its standard output; nothing when it has ended, or serves and is read by nobody else.
    ///
    /// # Errors
    /// When none comes within [`PATIENCE`].
    pub async fn line(&mut self) -> Result<Option<String>> {
        let Some(output) = &mut self.output else { return Ok(None) };
        let line = timeout(PATIENCE, output.next_line()).await;
        let line = line.with_context(|| format!("silent for {PATIENCE:?}; it said:\n{}", self.said()))??;
        if let Some(line) = &line {
            remember(&self.said, line);
        }
        Ok(line)
    }

    /// The last lines that it printed, on either output.
    pub fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it at once, as a power cut would.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("trunkline could not be killed")
    }

    /// Asks it to stop, as Ctrl-C does, and waits until it has ended.
    ///
    /// # Errors
    /// When it has not ended within [`PATIENCE`].
    pub async fn stop(mut self) -> Result<ExitStatus> {
        if let Some(id) = self.child.id() {
            let asked = StdCommand::new("kill").args(["-s", "INT"]).arg(id.to_string()).status()?;
            ensure!(asked.success(), "the process {id} could not be asked to stop");
        }
        self.ended().await
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// When it has not within [`PATIENCE`].
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        // Its output is read to the end, or it could wait for us for ever.
        while self.line().await?.is_some() {}
        let status = timeout(PATIENCE, self.child.wait()).await;
        Ok(status
            .with_context(|| format!("still running after {PATIENCE:?}; it said:\n{}", self.said()))??)
    }
}

async fn keep(lines: Option<Lines<BufReader<impl AsyncRead + Unpin>>>, said: Arc<Mutex<Vec<String>>>) {
    let Some(mut lines) = lines else { return };
    while let Ok(Some(line)) = lines.next_line().await {
        remember(&said, &line);
    }
}

fn remember(said: &Mutex<Vec<String>>, line: &str) {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    if said.len() >= KEPT_LINES {
        said.remove(0);
    }
    said.push(line.to_owned());
}

/// `http://HOST:PORT` out of a printed line.
fn address(line: &str) -> Option<&str> {
    let line = &line[line.find("http://")?..];
    let end = line["http://".len()..].find(|c: char| c == '/' || c.is_whitespace() || c == '"');
    Some(end.map_or(line, |end| &line[..end + "http://".len()]))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn finds_the_address_in_a_printed_line() {
        assert_eq!(address("  GraphQL  http://127.0.0.1:8080/graphql"), Some("http://127.0.0.1:8080"));
        assert_eq!(address("serving on http://127.0.0.1:41"), Some("http://127.0.0.1:41"));
        assert_eq!(address("starting"), None);
    }
}
