//! The first connection to an SQLite file.

use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions, Error};
use tokio::time::{Instant, sleep};

/// The pause before another process is asked again whether it has finished with the file.
const PAUSE: Duration = Duration::from_millis(10);

/// `SQLITE_BUSY`: another connection has the file. Extended codes have more in their upper bytes.
const BUSY: i32 = 5;

/// Opens an SQLite file, which is made where it is not there, and puts it into WAL mode, where it stays.
///
/// Of several processes that do so at the same moment SQLite lets one through and refuses the others at once,
/// whatever their busy timeout is; this one asks again for as long as it has patience.
///
/// # Errors
/// When the file cannot be opened, or others have it for longer than `patience`.
pub async fn open_file(options: SqliteConnectOptions, patience: Duration) -> Result<SqliteConnection, Error> {
    let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
    let end = Instant::now() + patience;
    loop {
        match options.connect().await {
            Err(error) if is_busy(&error) && Instant::now() < end => sleep(PAUSE).await,
            done => return done,
        }
    }
}

fn is_busy(error: &Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| code & 0xff == BUSY)
}
