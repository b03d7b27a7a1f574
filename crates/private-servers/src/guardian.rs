//! The guardian: a small shell process that starts a server, waits until its owner is gone, stops the server
//! and removes its folder.

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How long a server may take to answer after its start.
const START_TIMEOUT: Duration = Duration::from_secs(90);
/// How often a starting server is asked whether it is ready.
const POLL: Duration = Duration::from_millis(25);
/// How often a start is tried when the server dies at once, for instance because its port was taken meanwhile.
const TRIES: usize = 3;

/// `read` fails when the owner's end of the pipe is closed, which the kernel does however the owner ended. Until then the
/// owner can have the server stopped and started again where it was.
const SCRIPT: &str = r#"
folder=$1 signal=$2 helper=$3; shift 3
start() {
    setsid "$@" </dev/null >>"$folder/server.log" 2>&1 &
    server=$!
    echo "$server" >"$folder/server.pid"
}
halt() {
    kill -s "$signal" "$server" 2>/dev/null
    [ "$signal" = KILL ] && kill -s KILL -- "-$server" 2>/dev/null
    wait "$server"
}
if [ -n "$helper" ]; then setsid sh -c "exec $helper" </dev/null >"$folder/helper.log" 2>&1 & helper=$!; fi
start "$@"
while read -r word; do case $word in halt) halt ;; start) start "$@" ;; esac; done
halt
[ -n "$helper" ] && kill -s KILL "$helper" 2>/dev/null
rm -rf -- "$folder"
"#;

/// What is needed to start one server.
pub(crate) struct Plan {
    /// The folder with everything the server writes; it is removed with the server.
    pub(crate) folder: PathBuf,
    /// The server and its arguments; it stays in the foreground.
    pub(crate) command: Vec<String>,
    /// Environment variables of the server.
    pub(crate) environment: Vec<(String, String)>,
    /// A shell command for a process that the server needs beside it, or nothing.
    pub(crate) helper: String,
    /// The signal that stops the server; `KILL` goes to its whole process group.
    pub(crate) signal: &'static str,
}

/// A running server. Dropping it, or the end of this process, stops it.
#[derive(Debug)]
pub(crate) struct Guardian {
    child: Child,
    pipe: Option<ChildStdin>,
    folder: PathBuf,
}

impl Guardian {
    /// Starts a server and waits until `ready` says so. `plan` is asked again with every try, for another port.
    ///
    /// # Errors
    /// When the server ends or is not ready in time; the error carries the end of its log.
    pub(crate) fn start<T>(
        name: &str,
        mut plan: impl FnMut() -> Result<(Plan, T)>,
        ready: impl Fn(&T) -> bool,
    ) -> Result<(Self, T)> {
        let mut last = String::new();
        for _ in 0..TRIES {
            let (plan, address) = plan()?;
            let guardian = Self::spawn(&plan).with_context(|| format!("{name} could not be started"))?;
            match guardian.wait(|| ready(&address)) {
                Ok(()) => return Ok((guardian, address)),
                Err(reason) => last = format!("{reason:#}"),
            }
        }
        bail!("{name} did not start in {TRIES} tries: {last}")
    }

    fn spawn(plan: &Plan) -> Result<Self> {
        use std::os::unix::process::CommandExt as _;
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "guardian"])
            .arg(&plan.folder)
            .args([plan.signal, &plan.helper])
            .args(&plan.command)
            .envs(plan.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&plan.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal goes to the whole group; the guardian must outlive its owner.
            .process_group(0)
            .spawn()?;
        let pipe = child.stdin.take();
        Ok(Self { child, pipe, folder: plan.folder.clone() })
    }

    fn wait(&self, ready: impl Fn() -> bool) -> Result<()> {
        let end = Instant::now() + START_TIMEOUT;
        let mut pid = None;
        while Instant::now() < end {
            if ready() {
                return Ok(());
            }
            pid = pid.or_else(|| std::fs::read_to_string(self.folder.join("server.pid")).ok());
            if pid.as_deref().is_some_and(|pid| !alive(pid.trim())) {
                bail!("it ended at once; its log says: {}", tail(&self.folder));
            }
            thread::sleep(POLL);
        }
        bail!("it was not ready within {} s; its log says: {}", START_TIMEOUT.as_secs(), tail(&self.folder))
    }

    /// Stops the server as at the end, or starts it again in its folder, and waits until `reached` says that it is so.
    ///
    /// # Errors
    /// When the guardian is gone or it is not so in time.
    pub(crate) fn tell(&mut self, word: &str, reached: impl Fn() -> bool) -> Result<()> {
        use std::io::Write as _;
        let pipe = self.pipe.as_mut().context("the guardian was let go")?;
        writeln!(pipe, "{word}").context("the guardian is gone")?;
        let end = Instant::now() + START_TIMEOUT;
        while !reached() {
            anyhow::ensure!(Instant::now() < end, "after {word}: {}", tail(&self.folder));
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// The folder of the server.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // There is nobody to tell when waiting for a child fails.
        let _ = self.child.wait();
    }
}

/// Whether a process runs; one that has ended and waits to be collected does not.
fn alive(pid: &str) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn tail(folder: &Path) -> String {
    let log = std::fs::read(folder.join("server.log")).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
