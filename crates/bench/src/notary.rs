//! `notary`: how fast a log is verified, beside reading alone and SHA-256 alone in the same run, and how long and how
//! large the proof of one event among ten million is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use tokio_util::sync::CancellationToken;
use trunkline_database::{Cell as _, Database, PostgresOptions, SqliteOptions, TableRow as _, table};
use trunkline_kernel::{
    Clock as _, Ids as _, Position, RandomIds, Recorded, SystemClock, Timestamp, Version,
};
use trunkline_log::raw::{PostgresRows, Rows, SqliteRows};
use trunkline_log::{Log, PostgresLog};
use trunkline_notary::{Leaf, Proof, Rim, SigningKey, TreeHash, TreeHead, Trust};
use trunkline_private_servers::{Durability, Postgres};
use trunkline_registry::{Books, Notary, Progress, Scope, Settings, verify};
use trunkline_workload::{Size, Workload};

use crate::report::{Measured, count, line, section, target};
use crate::{Options, StoreName, rebuild, workload};

/// Events a second that a verification should reach.
const WANTED: f64 = 500_000.0;

/// Bytes of a small buffer that is hashed again and again: about what an event's canonical text has.
const TEXT_BYTES: usize = 768;

/// Leaves that are written at once while the large tree is built.
const LEAVES_AT_ONCE: u64 = 1_000_000;

/// Proofs that are made.
const PROOFS: u64 = 500;

#[derive(Args, Clone)]
pub(crate) struct Arguments {
    /// Events of the log that is verified; a quarter of them in PostgreSQL
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Events of the tree that proofs are made in
    #[arg(long, default_value_t = 10_000_000)]
    tree: u64,
    /// Threads that verify; one for each processor when absent
    #[arg(long)]
    threads: Option<usize>,
    /// Keep the log in this folder and use it again
    #[arg(long)]
    logs: Option<PathBuf>,
}

impl Default for Arguments {
    fn default() -> Self {
        Self { events: 1_000_000, tree: 10_000_000, threads: None, logs: None }
    }
}

pub(crate) async fn run(options: &Options, arguments: &Arguments) -> Result<()> {
    section("The notary");
    let own = tempfile::tempdir()?;
    let folder = arguments.logs.clone().unwrap_or_else(|| own.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let threads =
        arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
    if options.wants(StoreName::Sqlite) {
        let file = folder.join(format!("log-{}-{}.db", arguments.events, options.seed));
        let log = rebuild::filled(&file, arguments.events, options.seed).await?;
        let books = tempfile::tempdir()?;
        let database = Database::sqlite(&SqliteOptions::new(books.path().join("notary.db"))).await?;
        let rows = Arc::new(SqliteRows::open(&file)?);
        verification("SQLite", log, rows, database, threads, options).await?;
    }
    if options.wants(StoreName::Postgres) {
        let server = Postgres::start(Durability::Full, &[])?;
        let url = server.fresh_database()?;
        let log = filled_postgres(&url, arguments.events / 4, options.seed).await?;
        let schema = PostgresOptions { schema: "notary".to_owned(), ..PostgresOptions::new(&url) };
        let rows = Arc::new(PostgresRows::open(&url, u32::try_from(threads + 1)?).await?);
        verification("PostgreSQL", log, rows, Database::postgres(&schema).await?, threads, options).await?;
    }
    proofs(arguments.tree, options).await?;
    println!();
    Ok(())
}

async fn filled_postgres(url: &str, events: u64, seed: u64) -> Result<Arc<dyn Log>> {
    let log = PostgresLog::open(url, Default::default(), Arc::new(SystemClock)).await?;
    let start = Timestamp::from_millis(1_772_442_000_000);
    let mut workload = Workload::new(seed, start, Size::default());
    let mut head = log.append(workload.story()).await?.last;
    while head.0 < events {
        head = log.append(workload.stories_at_once(900, 190)).await?.last;
    }
    Ok(Arc::new(log))
}

async fn verification(
    name: &str,
    log: Arc<dyn Log>,
    rows: Arc<dyn Rows>,
    database: Database,
    threads: usize,
    options: &Options,
) -> Result<()> {
    let head = log.head().await?;
    let books = Books::open(database, SystemClock.now()).await?;
    let key = SigningKey::from_pem(&SigningKey::generate()?)?;
    let trust = Trust::new(key.public());
    let began = Instant::now();
    notarised(&books, Arc::clone(&log), key, head).await?;
    println!(
        "{name}: {head} events, {threads} threads\n{:<52} {:>9.0}/s",
        "notary, from the first event to the last head",
        count(head.0) / began.elapsed().as_secs_f64()
    );
    let (reading, bytes) = in_threads(threads, head.0, {
        let rows = Arc::clone(&rows);
        move |first, last| read_alone(&*rows, first, last)
    })
    .await?;
    println!(
        "{:<52} {reading:>9.0}/s  {:.0} B an event",
        "reading the rows alone",
        count(bytes) / count(head.0)
    );
    let (hashing, _) = in_threads(threads, head.0, |first, last| Ok(hash_alone(first, last))).await?;
    println!("{:<52} {hashing:>9.0}/s", format!("SHA-256 of {TEXT_BYTES} B and of a leaf and a node, alone"));
    let verified = async |index: bool| -> Result<f64> {
        let mut best = 0.0_f64;
        for _ in 0..options.seconds.clamp(1, 3) {
            let (from, trust) = (Position(1), Some(trust.clone()));
            let scope = Scope { from, to: None, against: vec![], trust, index, threads };
            let verdict =
                verify(Arc::clone(&rows), Some(books.clone()), scope, Arc::new(Progress::default())).await?;
            ensure!(verdict.holds() && verdict.events == head.0, "the log does not hold: {verdict:#?}");
            best = best.max(count(head.0) / verdict.took.as_secs_f64());
        }
        Ok(best)
    };
    let best = verified(false).await?;
    println!("{:<52} {best:>9.0}/s", "verify: digests, order, tree, heads");
    target("verify", best, " events/s", &format!("{WANTED}"), best >= WANTED);
    println!("  => of reading alone: {:.2}", best / reading);
    println!("{:<52} {:>9.0}/s", "verify: and the index of tags", verified(true).await?);
    log.close().await;
    books.close().await;
    Ok(())
}

async fn notarised(books: &Books, log: Arc<dyn Log>, key: SigningKey, head: Position) -> Result<()> {
    let settings = Settings { page_events: 10_000, ..Settings::default() };
    let notary = Notary::new(books.clone(), log, Arc::new(SystemClock), key, settings, RandomIds.uuid());
    let (stats, stopping) = (notary.stats(), CancellationToken::new());
    let running = tokio::spawn(notary.run(stopping.clone()));
    while stats.standing().size < head.0 {
        if let Some(trouble) = stats.standing().trouble {
            anyhow::bail!(trouble);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stopping.cancel();
    running.await.context("the notary was lost")
}

/// Runs a measurement over positions 1 to `head` in threads; gives events a second and the sum of what it gives.
async fn in_threads(
    threads: usize,
    head: u64,
    measure: impl Fn(u64, u64) -> Result<u64> + Clone + Send + 'static,
) -> Result<(f64, u64)> {
    let began = Instant::now();
    let part = head.div_ceil(threads as u64);
    let tasks: Vec<_> = (0..threads as u64)
        .map(|nth| {
            let measure = measure.clone();
            tokio::task::spawn_blocking(move || measure(nth * part + 1, ((nth + 1) * part).min(head)))
        })
        .collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await??;
    }
    Ok((count(head) / began.elapsed().as_secs_f64(), sum))
}

fn read_alone(rows: &dyn Rows, first: u64, last: u64) -> Result<u64> {
    let mut bytes = 0;
    rows.scan(Position(first - 1), Position(last), &mut |row| {
        if let Ok(row) = row {
            bytes += (row.payload.len() + row.stream.len() + row.tags.len() + row.digest.len()) as u64;
        }
    })?;
    Ok(bytes)
}

fn hash_alone(first: u64, last: u64) -> u64 {
    let mut text = [7_u8; TEXT_BYTES];
    let mut sum = 0;
    for position in first..=last {
        text[..8].copy_from_slice(&position.to_be_bytes());
        let hash = TreeHash::leaf(&text);
        let node = TreeHash::node(TreeHash::leaf(&text[..56]), hash);
        sum += u64::from(std::hint::black_box(node).0[0]);
    }
    sum
}

table! {
    /// A tile of the notary's books.
    #[derive(Clone, Debug)]
    struct BookTile = "notary_tiles" key(level, place) {
        level: u32,
        place: u64,
        hashes: Vec<u8>,
    }
}

/// An event that stands at a position of a log that has no other.
fn event(position: u64, seed: u64) -> Result<Recorded> {
    let workload = workload::Workload::new(seed)?;
    let (stream, event) = (workload.stream(), workload.event());
    let digest = event.digest(&stream)?;
    let recorded_at = Timestamp::from_millis(1_772_442_000_000);
    Ok(Recorded { position: Position(position), stream, version: Version(1), recorded_at, digest, event })
}

/// A tree of many leaves, all but one of them made up, and proofs of that one.
async fn proofs(size: u64, options: &Options) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = Database::sqlite(&SqliteOptions::new(folder.path().join("notary.db"))).await?;
    let books = Books::open(database.clone(), SystemClock.now()).await?;
    let key = SigningKey::from_pem(&SigningKey::generate()?)?;
    let recorded = event(size / 3 + 1, options.seed)?;
    let mut rim = Rim::default();
    while rim.size() < size {
        for entry in rim.size()..size.min(rim.size() + LEAVES_AT_ONCE) {
            let is_it = entry + 1 == recorded.position.0;
            rim.push(if is_it { Leaf::from(&recorded).hash() } else { TreeHash::leaf(&entry.to_be_bytes()) });
        }
        let mut transaction = database.begin().await?;
        let rows = rim.take_changed().into_iter().map(|(id, tile)| {
            BookTile { level: id.level, place: id.index, hashes: tile.to_bytes() }.values()
        });
        transaction.upsert(BookTile::TABLE, BookTile::TABLE.name, rows.collect()).await?;
        transaction.commit().await?;
    }
    let head = TreeHead { size, root: rim.root(), signed_at: SystemClock.now(), next_key: None }.sign(&key);
    let sql = "INSERT INTO notary_heads (number, size, signed_at, document) VALUES (1, $1, $2, $3)";
    let document = serde_json::to_string(&head)?;
    database.execute(sql, vec![size.value(), head.head.signed_at.value(), document.value()]).await?;
    let (trust, began) = (Trust::new(key.public()), Instant::now());
    let (mut latencies, mut bytes) = (Vec::new(), 0);
    for _ in 0..PROOFS {
        let start = Instant::now();
        let proof = Proof::Inclusion(books.prove_now(&recorded).await?);
        let text = serde_json::to_string(&proof)?;
        latencies.push(start.elapsed());
        bytes = text.len();
        proof.check(&trust)?;
    }
    let measured = Measured::new(latencies, began.elapsed())?;
    line(&format!("proof of one event among {size}"), &measured);
    let slow = measured.quantile_ms(0.99);
    target("proof, 99 % of them", slow, " ms", "< 5 ms", slow < 5.0);
    target("its size", count(bytes as u64), " B", "< 2,048 B", bytes < 2_048);
    books.close().await;
    Ok(())
}
