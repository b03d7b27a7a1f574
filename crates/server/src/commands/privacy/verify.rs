//! Whether an erased person is to be found anywhere: in the key store, the log, the read models, the files of the data
//! directory, and backups.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use trunkline_app::privacy::{self, Export};
use trunkline_database::{AssertSqlSafe, Cell as _, Database, Dialect, SqliteOptions};
use trunkline_kernel::{CustomerId, Subject};
use trunkline_vault::{Vault, VaultLimits};

use super::{customer, files};
use crate::config::{KeyStore, LogStore, ReadModelStore, Settings};
use crate::store;

/// Searching for an erased person.
#[derive(Debug, Args)]
pub(crate) struct VerifyErasure {
    /// The customer's id.
    #[arg(value_name = "CUSTOMER", value_parser = customer)]
    pub(crate) customer: CustomerId,
    /// Something that was known of the person, such as the name or a number; can be repeated.
    #[arg(long = "value", value_name = "TEXT")]
    pub(crate) values: Vec<String>,
    /// A folder or file with backups; can be repeated.
    #[arg(long = "backup", value_name = "DIR")]
    pub(crate) backups: Vec<PathBuf>,
}

/// What is told to the person who asked, line by line, and whether anything was found.
#[derive(Default)]
struct Report {
    found: usize,
}

impl Report {
    fn clean(&self, what: &str) {
        crate::say(&format!("  clean  {what}"));
    }

    fn found(&mut self, what: &str) {
        self.found += 1;
        crate::say(&format!("  FOUND  {what}"));
    }

    fn note(&self, what: &str) {
        crate::say(&format!("  note   {what}"));
    }

    fn judge(&mut self, clean: bool, what: &str) {
        if clean { self.clean(what) } else { self.found(what) }
    }
}

/// Searches everywhere; says whether all is clean.
///
/// # Errors
/// When a place cannot be searched: then nothing is said about it.
pub(super) async fn run(settings: &Settings, command: &VerifyErasure) -> anyhow::Result<bool> {
    let mut report = Report::default();
    let customer = command.customer;
    let needles = files::needles(&command.values);
    crate::say(&format!("Customer {customer}:"));
    let vault = store::open_vault(settings).await?;
    let opened = store::open_log(settings).await?;
    let checked = async {
        key(&vault, customer, &mut report).await?;
        log(&privacy::export(&*opened.log, &vault, customer).await?, &command.values, &mut report);
        databases(settings, &command.values, &mut report).await
    };
    let checked = checked.await;
    opened.log.close().await;
    vault.close().await;
    checked?;
    if settings.data_dir.exists() {
        folder(&settings.data_dir, "the data directory", &needles, &mut report)?;
    }
    for backup in &command.backups {
        folder(backup, "the backup", &needles, &mut report)?;
        keys_in(settings, backup, customer, &mut report).await?;
    }
    if command.values.is_empty() {
        report.note("no known values were given (--value), so that none could be searched for");
    }
    crate::say(if report.found == 0 { "Nothing is left." } else { "Something is left; see FOUND above." });
    Ok(report.found == 0)
}

async fn key(vault: &Vault, customer: CustomerId, report: &mut Report) -> anyhow::Result<()> {
    let whose = Subject::from(customer);
    let keys = vault.existing(&[whose]).await?;
    let gone = keys.is_destroyed(whose);
    report.judge(gone, if gone { "the key is destroyed" } else { "the key is not destroyed" });
    Ok(())
}

fn log(export: &Export, values: &[String], report: &mut Report) {
    let privacy::Opened { opened, erased, foreign, forged } = export.opened;
    let sealed = format!(
        "the log: {} events about the customer, {opened} values that open, {erased} that do not any more, {foreign} \
         of others",
        export.events.len()
    );
    report.judge(opened == 0, &sealed);
    if forged > 0 {
        report.found(&format!("the log: {forged} sealed values were changed or moved"));
    }
    let told = |value: &&String| {
        export.events.iter().filter(|event| event.data.to_string().contains(value.as_str())).count()
    };
    let count: usize = values.iter().map(|value| told(&value)).sum();
    report.judge(count == 0, &format!("the log: {count} events tell a known value, opened or in the clear"));
}

/// The databases that are no files of the data directory are searched by themselves.
async fn databases(settings: &Settings, values: &[String], report: &mut Report) -> anyhow::Result<()> {
    let mut urls = Vec::new();
    if let LogStore::Postgres { url } = &settings.log {
        urls.push(url);
    }
    if let ReadModelStore::Postgres { url } = &settings.read_models {
        urls.push(url);
    }
    if let KeyStore::Postgres { url } = &settings.keys {
        urls.push(url);
    }
    urls.sort_unstable();
    urls.dedup();
    for url in urls {
        let database = Database::postgres(&trunkline_database::PostgresOptions::new(url)).await?;
        let searched = tables(&database, values, report).await;
        database.close().await;
        searched?;
    }
    Ok(())
}

/// Searches every table of a PostgreSQL database, row by row as text.
async fn tables(database: &Database, values: &[String], report: &mut Report) -> anyhow::Result<()> {
    debug_assert_eq!(database.dialect(), Dialect::Postgres);
    let sql = "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name
        FROM information_schema.tables WHERE table_type = 'BASE TABLE'
        AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1";
    let names = database.fetch(sql, Vec::new()).await?;
    let mut searched = 0;
    for row in names {
        let name: String = row.get("name")?;
        searched += 1;
        for value in values {
            let sql = format!("SELECT count(*) AS rows FROM {name} AS t WHERE strpos(t::text, $1) > 0");
            let found = database.fetch(AssertSqlSafe(sql), vec![value.clone().value()]).await?;
            let rows: i64 = found.first().map_or(Ok(0), |row| row.get("rows"))?;
            if rows > 0 {
                report.found(&format!("the table {name}: {rows} rows tell a known value in the clear"));
            }
        }
    }
    report.clean(&format!("the database: {searched} tables were searched"));
    Ok(())
}

fn folder(at: &Path, what: &str, needles: &[Vec<u8>], report: &mut Report) -> anyhow::Result<()> {
    let searched = files::search(at, needles)?;
    for (file, count) in &searched.found {
        report.found(&format!("{what}: {} tells a known value, {count} times", file.display()));
    }
    for file in &searched.packed {
        report.note(&format!("{what}: {} is packed; unpack it to have it searched", file.display()));
    }
    let told = format!("{what} {}: {} files were searched", at.display(), searched.files);
    if searched.found.is_empty() {
        report.clean(&told);
    }
    Ok(())
}

/// Looks for copies of the key store in a backup that still hold the customer's key.
async fn keys_in(
    settings: &Settings,
    backup: &Path,
    customer: CustomerId,
    report: &mut Report,
) -> anyhow::Result<()> {
    for file in key_stores(backup)? {
        // A copy is opened, so that the backup itself stays as it is.
        let folder = std::env::temp_dir().join(format!("trunkline-verify-{}", store::ids().uuid()));
        std::fs::create_dir_all(&folder)?;
        let opened = holds_key(settings, &file, &folder, customer).await;
        std::fs::remove_dir_all(&folder)?;
        match opened {
            Ok(true) => report.found(&format!(
                "the backup: {} still has the key; delete that copy, or run `trunkline keys rotate` and `retire` so \
                 that it cannot be unwrapped",
                file.display()
            )),
            Ok(false) => report.clean(&format!("the backup: {} has no key of the customer", file.display())),
            Err(error) => {
                report.note(&format!("the backup: {} cannot be opened: {error:#}", file.display()));
            }
        }
    }
    Ok(())
}

async fn holds_key(
    settings: &Settings,
    file: &Path,
    folder: &Path,
    customer: CustomerId,
) -> anyhow::Result<bool> {
    let copy = folder.join("keys.db");
    std::fs::copy(file, &copy)?;
    for side in ["-wal", "-shm"] {
        let beside =
            file.with_file_name(format!("{}{side}", file.file_name().unwrap_or_default().to_string_lossy()));
        if beside.exists() {
            std::fs::copy(&beside, folder.join(format!("keys.db{side}")))?;
        }
    }
    let database = Database::sqlite(&SqliteOptions::new(&copy)).await?;
    let vault =
        Vault::open(database, store::master_keys(settings)?, store::clock(), VaultLimits::default()).await?;
    let keys = vault.existing(&[customer.into()]).await;
    vault.close().await;
    Ok(keys?.get(customer.into()).is_some())
}

/// SQLite files that have the table of keys.
fn key_stores(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut stores = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        if at.is_file() {
            stores.extend(is_key_store(&at)?.then_some(at));
            continue;
        }
        for entry in std::fs::read_dir(&at).with_context(|| format!("cannot search {}", at.display()))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() || kind.is_file() {
                folders.push(entry.path());
            }
        }
    }
    Ok(stores)
}

fn is_key_store(file: &Path) -> anyhow::Result<bool> {
    use std::io::Read as _;
    let mut head = Vec::new();
    std::fs::File::open(file)?.take(64 * 1024).read_to_end(&mut head)?;
    let table: &[u8] = b"subject_keys";
    Ok(head.starts_with(b"SQLite format 3\0") && head.windows(table.len()).any(|bytes| bytes == table))
}
