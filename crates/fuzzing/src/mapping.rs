//! A mapping and a data file, with a line of `===` between them: read, fitted and planned as a dry run of an import does.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use trunkline_app::{DispatchLimits, Dispatcher};
use trunkline_importer::{BadRow, Mapping, Observer, Options, Summary};
use trunkline_kernel::{Clock, RandomIds, SystemClock};
use trunkline_log::MemoryLog;
use trunkline_vault::Vault;

use crate::runtime;

/// What stands between the mapping and the data.
const BETWEEN: &str = "\n===\n";

/// Counts, and keeps nothing.
#[derive(Default)]
struct Counter {
    refused: u64,
}

impl Observer for Counter {
    fn refused(&mut self, row: &BadRow) -> std::io::Result<()> {
        assert!(row.line > 0 && !row.reason.is_empty(), "a refusal says where and why");
        self.refused += 1;
        Ok(())
    }

    fn progress(&mut self, _bytes_read: u64, _summary: &Summary) {}
}

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (mapping, data) = text.split_once(BETWEEN).unwrap_or((&text, ""));
    let mapping = match Mapping::parse(Path::new("mapping.toml"), mapping.to_owned()) {
        Ok(mapping) => mapping,
        Err(error) => {
            assert!(error.to_string().contains("mapping.toml"), "an error names the file: {error}");
            return;
        }
    };
    let options = Options { rows_in_flight_max: 4, dry_run: true };
    let mut counter = Counter::default();
    let imported = trunkline_importer::import(&mapping, data.as_bytes(), dispatcher(), options, &mut counter);
    if let Ok(summary) = runtime().block_on(imported) {
        let Summary { rows, imported, repeated, refused, events, .. } = summary;
        assert_eq!(rows, imported + repeated + refused, "every row is counted once");
        assert_eq!(
            (refused, events),
            (counter.refused, 0),
            "a dry run tells of every refusal and writes nothing"
        );
    }
}

fn dispatcher() -> &'static Dispatcher {
    static DISPATCHER: OnceLock<Dispatcher> = OnceLock::new();
    DISPATCHER.get_or_init(|| {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let vault = runtime().block_on(Vault::passing(Arc::clone(&clock))).expect("a vault in memory");
        let log = Arc::new(MemoryLog::new(Arc::clone(&clock)));
        Dispatcher::new(log, vault, clock, Arc::new(RandomIds), DispatchLimits::default())
    })
}
