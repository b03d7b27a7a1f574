//! `trunkline import`.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use trunkline_importer::{BadRow, Mapping, Observer, Options, Summary, import};

use crate::config::Settings;
use crate::store;

/// An import.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// How the rows of the file become calls, customers and so on.
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) mapping: PathBuf,
    /// The CSV or TSV file.
    #[arg(value_name = "DATA")]
    pub(crate) data: PathBuf,
    /// Read and check every row, and write nothing but the list of refused rows.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where the refused rows are listed [default: DATA.refused.tsv in the present directory].
    #[arg(long, value_name = "FILE")]
    pub(crate) refused: Option<PathBuf>,
}

/// The exit code when rows were refused.
const SOME_REFUSED: u8 = 3;

/// How many refused rows the terminal shows; the file has them all.
const SHOWN: u64 = 10;

pub(crate) async fn run(settings: &Settings, command: &Import) -> anyhow::Result<ExitCode> {
    let mapping = Mapping::load(&command.mapping)?;
    let data =
        File::open(&command.data).with_context(|| format!("cannot read {}", command.data.display()))?;
    let bytes = data.metadata()?.len();
    let mut watcher = Watcher::new(refused_file(command), bytes);
    let opened = store::open_log(settings).await?;
    let vault = store::open_vault(settings).await?;
    let dispatcher = store::dispatcher(settings, opened.log.clone(), Arc::clone(&vault));
    let options =
        Options { rows_in_flight_max: settings.import_rows_in_flight_max, dry_run: command.dry_run };
    let imported = import(&mapping, BufReader::new(data), &dispatcher, options, &mut watcher).await;
    opened.log.close().await;
    vault.close().await;
    let refused_file = watcher.finish()?;
    let summary = imported?;
    report(command, &summary, refused_file.as_deref());
    Ok(if summary.refused > 0 { ExitCode::from(SOME_REFUSED) } else { ExitCode::SUCCESS })
}

fn refused_file(command: &Import) -> PathBuf {
    command.refused.clone().unwrap_or_else(|| {
        let name = command.data.file_name().unwrap_or_default().to_string_lossy();
        PathBuf::from(format!("{name}.refused.tsv"))
    })
}

fn report(command: &Import, summary: &Summary, refused: Option<&Path>) {
    let Summary { rows, imported, repeated, refused: refused_rows, events, .. } = summary;
    if command.dry_run {
        crate::say(&format!("Dry run: {rows} rows, {imported} can be imported, {refused_rows} refused."));
    } else {
        crate::say(&format!(
            "{rows} rows: {imported} imported with {events} events, {repeated} imported before, \
             {refused_rows} refused."
        ));
    }
    if summary.may_be_cut_off {
        crate::say("The last line has no line end: the file may be cut off.");
    }
    if let Some(file) = refused {
        crate::say(&format!("The refused rows are listed in {}.", file.display()));
    }
}

/// Shows progress, and lists refused rows in a file that is made with the first of them.
struct Watcher {
    bar: ProgressBar,
    path: PathBuf,
    file: Option<BufWriter<File>>,
    shown: u64,
}

impl Watcher {
    fn new(path: PathBuf, bytes: u64) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {msg} (eta {eta})");
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr_with_hz(5))
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, path, file: None, shown: 0 }
    }

    /// The file of refused rows, when there is one.
    fn finish(self) -> anyhow::Result<Option<PathBuf>> {
        self.bar.finish_and_clear();
        match self.file {
            Some(mut file) => {
                file.flush().with_context(|| format!("cannot write {}", self.path.display()))?;
                Ok(Some(self.path))
            }
            None => Ok(None),
        }
    }
}

impl Observer for Watcher {
    fn refused(&mut self, row: &BadRow) -> std::io::Result<()> {
        let line = format!("{}\t{}", row.line, row.reason.replace(['\t', '\n', '\r'], " "));
        self.shown += 1;
        if self.shown <= SHOWN {
            self.bar.suspend(|| crate::say(&format!("refused: line {line}")));
        } else if self.shown == SHOWN + 1 {
            self.bar.suspend(|| crate::say("refused: more, see the list"));
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut file = BufWriter::new(File::create(&self.path)?);
                writeln!(file, "line\treason")?;
                self.file.insert(file)
            }
        };
        writeln!(file, "{line}")
    }

    fn progress(&mut self, bytes_read: u64, summary: &Summary) {
        self.bar.set_position(bytes_read);
        if summary.rows.is_multiple_of(64) {
            let Summary { rows, imported, repeated, refused, .. } = summary;
            self.bar.set_message(format!("{rows} rows, {imported} new, {repeated} known, {refused} refused"));
        }
    }
}
