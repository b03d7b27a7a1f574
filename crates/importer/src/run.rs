//! Running an import: read, plan, and append each row by itself, many at a time.

use std::collections::HashSet;
use std::io::BufRead;
use std::sync::Mutex;
use std::sync::PoisonError;

use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use trunkline_app::{Action, ActionError, CommandError, Dispatcher, Request, Work};
use trunkline_kernel::{Actor, Position, StreamId};

use crate::document::MappingError;
use crate::mapping::Mapping;
use crate::plan::PlannedRow;
use crate::reader::{BadRow, Rows};

/// The actor of imported events.
const ACTOR: &str = "import";

/// How the refusal of creating what is there already ends.
const ALREADY_EXISTS: &str = "ALREADY_EXISTS";

/// How many streams known to be there are remembered, so that a row need not ask the log about them again.
const KNOWN_STREAMS_MAX: usize = 500_000;

/// What an import does, or would do.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many rows are under way at once; the more there are, the fewer commits they share.
    pub rows_in_flight_max: usize,
    /// Read and check, and write nothing.
    pub dry_run: bool,
}

/// What an import has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows that were read, refused ones included; the header is none.
    pub rows: u64,
    /// Rows that added something to the log; in a dry run, rows that could be planned.
    pub imported: u64,
    /// Rows that had been imported before.
    pub repeated: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// Events that were added.
    pub events: u64,
    /// The position that the log has reached with it; in a dry run, or when nothing was added, the start.
    pub position: Position,
    /// Whether the last line of the file has no line end, so that the file may be cut off.
    pub may_be_cut_off: bool,
}

/// Who watches an import.
pub trait Observer {
    /// A row was refused. Called in the order of the rows.
    ///
    /// # Errors
    /// When the refusal cannot be kept; the import then stops.
    fn refused(&mut self, row: &BadRow) -> std::io::Result<()>;

    /// So many bytes of the file have been read.
    fn progress(&mut self, bytes_read: u64, summary: &Summary);
}

/// Why an import stopped. All rows whose outcome was told are settled; starting it again goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The mapping does not fit the file.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The file has no columns.
    #[error("the file has no header: {reason}")]
    NoHeader {
        /// Why.
        reason: String,
    },
    /// The file cannot be read, or the refused rows cannot be listed.
    #[error("reading or writing a file failed after line {line}")]
    File {
        /// The last line that was read.
        line: u64,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The log failed.
    #[error("the import stopped at line {line}; start it again and it goes on from there")]
    Log {
        /// The line whose row was under way.
        line: u64,
        /// Why.
        #[source]
        source: CommandError,
    },
}

/// Imports the rows of `source` by a mapping.
///
/// # Errors
/// See [`ImportError`]. A bad row is never an error.
pub async fn import<R: BufRead>(
    mapping: &Mapping,
    source: R,
    dispatcher: &Dispatcher,
    options: Options,
    observer: &mut impl Observer,
) -> Result<Summary, ImportError> {
    let mut rows = Rows::new(source, mapping.format().clone());
    let file_error = |line| move |source| ImportError::File { line, source };
    let columns = columns(mapping, &mut rows)?;
    let mut fitted = mapping.fit(&columns)?;
    let run = Run { dispatcher, dry_run: options.dry_run, known: Mutex::default() };
    let mut summary = Summary::default();
    let mut under_way = FuturesOrdered::new();
    let mut line = 0;
    let mut more = true;
    while more || !under_way.is_empty() {
        while more && under_way.len() < options.rows_in_flight_max {
            let row = rows.next_row().map_err(file_error(line))?;
            let Some(row) = row else {
                more = false;
                break;
            };
            summary.rows += 1;
            let planned = row.and_then(|row| fitted.plan(&row));
            line = planned.as_ref().map_or_else(|bad| bad.line, |planned| planned.line);
            under_way.push_back(run.settle(planned));
        }
        let Some(settled) = under_way.next().await else { break };
        match settled? {
            Settled::Imported { events, position } => {
                summary.imported += 1;
                summary.events += events;
                summary.position = summary.position.max(position);
            }
            Settled::Repeated => summary.repeated += 1,
            Settled::Refused(bad) => {
                summary.refused += 1;
                observer.refused(&bad).map_err(file_error(bad.line))?;
            }
        }
        observer.progress(rows.bytes_read(), &summary);
    }
    summary.may_be_cut_off = !rows.ends_with_newline();
    Ok(summary)
}

fn columns<R: BufRead>(mapping: &Mapping, rows: &mut Rows<R>) -> Result<Vec<String>, ImportError> {
    if let Some(columns) = mapping.columns() {
        return Ok(columns.to_vec());
    }
    match rows.next_row().map_err(|source| ImportError::File { line: 0, source })? {
        Some(Ok(header)) => Ok(header.fields),
        Some(Err(bad)) => Err(ImportError::NoHeader { reason: format!("line {}: {}", bad.line, bad.reason) }),
        None => Err(ImportError::NoHeader { reason: "it is empty".to_owned() }),
    }
}

/// What became of a row.
enum Settled {
    Imported { events: u64, position: Position },
    Repeated,
    Refused(BadRow),
}

struct Run<'a> {
    dispatcher: &'a Dispatcher,
    dry_run: bool,
    known: Mutex<HashSet<StreamId>>,
}

impl Run<'_> {
    async fn settle(&self, planned: Result<PlannedRow, BadRow>) -> Result<Settled, ImportError> {
        let row = match planned {
            Ok(row) => row,
            Err(bad) => return Ok(Settled::Refused(bad)),
        };
        if self.dry_run {
            return Ok(Settled::Imported { events: 0, position: Position::START });
        }
        let line = row.line;
        let bad = |reason| Ok(Settled::Refused(BadRow { line, reason }));
        let mut request = Request::by(Actor::system(ACTOR));
        request.occurred_at = row.steps.first().map(|step| step.at);
        let action = RowAction { row: &row, known: &self.known };
        match self.dispatcher.execute(request, &action).await {
            Ok(outcome) if outcome.events.is_empty() => Ok(Settled::Repeated),
            Ok(outcome) => {
                self.remember(&row);
                Ok(Settled::Imported { events: outcome.events.len() as u64, position: outcome.position })
            }
            Err(CommandError::Refused(refused)) => bad(format!("{}: {}", refused.code, refused.message)),
            Err(CommandError::Invalid { reason }) => bad(reason),
            Err(source) => Err(ImportError::Log { line, source }),
        }
    }

    /// What a row has created is there from now on.
    fn remember(&self, row: &PlannedRow) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let created = row.steps.iter().filter(|step| step.creates).map(|step| step.deed.stream());
        for stream in created {
            if known.len() < KNOWN_STREAMS_MAX {
                known.insert(stream);
            }
        }
    }
}

/// All steps of one row, in one append.
struct RowAction<'a> {
    row: &'a PlannedRow,
    known: &'a Mutex<HashSet<StreamId>>,
}

impl Action for RowAction<'_> {
    type Answer = ();

    async fn perform(&self, work: &mut Work<'_>) -> Result<(), ActionError> {
        let mut created = false;
        let mut there = HashSet::new();
        for step in self.row.steps.iter().filter(|step| step.creates) {
            let stream = step.deed.stream();
            if self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(&stream) {
                there.insert(stream);
                continue;
            }
            match step.deed.run(work, step.at).await {
                Ok(()) => created = true,
                Err(ActionError::Refused(refused)) if refused.code.ends_with(ALREADY_EXISTS) => {
                    there.insert(stream);
                }
                Err(error) => return Err(error),
            }
        }
        // A row that creates things, all of which are there, was imported before.
        if !there.is_empty() && !created {
            return Ok(());
        }
        let rest = self.row.steps.iter().filter(|step| !step.creates && !there.contains(&step.deed.stream()));
        for step in rest {
            step.deed.run(work, step.at).await?;
        }
        Ok(())
    }
}
