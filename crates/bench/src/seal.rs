//! `seal`: appends of a contact centre's events with personal values sealed, beside the same appends as they are.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::join_all;
use trunkline_database::{Database, PostgresOptions as ReadOptions, SqliteOptions as ReadSqlite};
use trunkline_kernel::{CustomerId, EventId, Id as _, Subject, SystemClock, Timestamp};
use trunkline_log::{Append, Log, PostgresLog, SqliteLog};
use trunkline_private_servers::Postgres;
use trunkline_vault::master::MasterKeys;
use trunkline_vault::{Place, SealedValue, Vault, VaultLimits};
use trunkline_workload::{Size, Workload};
use uuid::Uuid;

use crate::report::{Measured, count, line, section, target};
use crate::workload::part;
use crate::{Options, StoreName};

/// Who writes beside each other.
const WRITERS: usize = 64;
/// Events that each writer has ready before anything is measured; a writer that has written all of them ends early.
const EVENTS_READY: usize = 40_000;
/// When the made-up events begin, 2026-03-02T09:00:00Z.
const START: Timestamp = Timestamp::from_millis(1_772_442_000_000);
/// How often both are measured, the one after the other, so that a noisy moment meets both.
const ROUNDS: usize = 2;

pub(crate) async fn run(options: &Options) -> Result<()> {
    cipher(options)?;
    if options.wants(StoreName::Sqlite) {
        section("Appends with sealing beside appends without, SQLite");
        beside(options, StoreName::Sqlite).await?;
    }
    if options.wants(StoreName::Postgres) {
        section("Appends with sealing beside appends without, PostgreSQL");
        beside(options, StoreName::Postgres).await?;
    }
    Ok(())
}

async fn beside(options: &Options, store: StoreName) -> Result<()> {
    let (mut plain, mut sealed) = (0.0, 0.0);
    for round in 0..ROUNDS {
        let seed = part(options.seed, "seal", round);
        let without = measure(options, store, seed, false).await?;
        line("log, 64 writers, as it is (events)", &without);
        let with = measure(options, store, seed, true).await?;
        line("log, 64 writers, sealed (events)", &with);
        plain += without.rate;
        sealed += with.rate;
    }
    let ratio = sealed / plain;
    target("of the unsealed rate", ratio * 100.0, " %", ">= 85 %", ratio >= 0.85);
    Ok(())
}

async fn measure(options: &Options, store: StoreName, seed: u64, seals: bool) -> Result<Measured> {
    let folder = tempfile::tempdir()?;
    let (log, keys) = open(store, folder.path()).await?;
    let vault =
        Vault::open(keys, MasterKeys::passing()?, Arc::new(SystemClock), VaultLimits::default()).await?;
    let size = Size { agents: 6, campaigns: 3, newcomers: 20 };
    let stories: Vec<Vec<Append>> = (0..WRITERS)
        .map(|writer| {
            Workload::new(part(seed, "writer", writer), START, size).stories(EVENTS_READY / WRITERS * 4)
        })
        .collect();
    let length = options.length();
    let began = Instant::now();
    let tasks = stories.into_iter().map(|stories| {
        let (log, vault) = (Arc::clone(&log), seals.then(|| Arc::clone(&vault)));
        tokio::spawn(async move { write(&*log, vault.as_deref(), stories, began, length).await })
    });
    let mut latencies = Vec::new();
    for task in join_all(tasks).await {
        latencies.extend(task??);
    }
    let took = began.elapsed().min(length);
    log.close().await;
    vault.close().await;
    Measured::new(latencies, took)
}

/// Writes stories until the time is over; gives the latency of each event's append, the sealing included.
async fn write(
    log: &dyn Log,
    vault: Option<&Vault>,
    stories: Vec<Append>,
    began: Instant,
    length: Duration,
) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    for mut append in stories {
        let start = Instant::now();
        if let Some(vault) = vault {
            let mut events = Vec::new();
            for write in &mut append.writes {
                let stream = &write.stream;
                events.extend(write.events.iter_mut().map(|event| (stream, event)));
            }
            trunkline_app::seal(vault, events).await?;
        }
        let count: usize = append.writes.iter().map(|write| write.events.len()).sum();
        log.append(append).await?;
        if began.elapsed() > length {
            break;
        }
        latencies.extend(std::iter::repeat_n(start.elapsed(), count));
    }
    Ok(latencies)
}

async fn open(store: StoreName, folder: &Path) -> Result<(Arc<dyn Log>, Database)> {
    Ok(match store {
        StoreName::Sqlite => {
            let log =
                SqliteLog::open(&folder.join("log.db"), Default::default(), Arc::new(SystemClock)).await?;
            let mut options = ReadSqlite::new(folder.join("keys.db"));
            options.lasting = true;
            (Arc::new(log), Database::sqlite(&options).await?)
        }
        StoreName::Postgres => {
            let url = Postgres::shared()?.fresh_database()?;
            let log = PostgresLog::open(&url, Default::default(), Arc::new(SystemClock)).await?;
            let options = ReadOptions { schema: "trunkline_keys".to_owned(), ..ReadOptions::new(url) };
            (Arc::new(log), Database::postgres(&options).await?)
        }
    })
}

/// How fast one thread seals and opens a name.
fn cipher(options: &Options) -> Result<()> {
    section("One thread seals and opens a name");
    let key = trunkline_vault::SubjectKey::passing([7; 32]);
    let subject = Subject::from(CustomerId::from_uuid(Uuid::from_u128(1)));
    let (length, began) = (options.length(), Instant::now());
    let (mut sealed, mut latencies) = (0_u128, Vec::new());
    let mut opened = Vec::new();
    while began.elapsed() < length {
        let place =
            Place { subject, event: EventId::from_uuid(Uuid::from_u128(sealed)), field: "/profile/name" };
        let start = Instant::now();
        let value = key.seal(&place, "\"欧阳致远\"".as_bytes())?;
        latencies.push(start.elapsed());
        let start = Instant::now();
        key.open(&SealedValue::read(&value.0)?)?;
        opened.push(start.elapsed());
        sealed += 1;
    }
    let busy = |spent: &[Duration]| spent.iter().sum::<Duration>();
    let rate = |spent: &[Duration]| count(spent.len() as u64) / busy(spent).as_secs_f64();
    println!("sealed {:>9.0}/s  opened {:>9.0}/s\n", rate(&latencies), rate(&opened));
    Ok(())
}
