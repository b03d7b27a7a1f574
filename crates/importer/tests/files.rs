//! Whole files through the importer into a log in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use trunkline_app::{DispatchLimits, Dispatcher};
use trunkline_importer::{BadRow, Mapping, Observer, Options, Summary, import};
use trunkline_kernel::{RandomIds, Recorded, SystemClock};
use trunkline_log::{Direction, Filter, Log, MemoryLog, Query};

#[derive(Default)]
struct Refused(Vec<(u64, String)>);

impl Observer for Refused {
    fn refused(&mut self, row: &BadRow) -> std::io::Result<()> {
        self.0.push((row.line, row.reason.clone()));
        Ok(())
    }

    fn progress(&mut self, _bytes_read: u64, _summary: &Summary) {}
}

struct Station {
    log: Arc<MemoryLog>,
    dispatcher: Dispatcher,
}

impl Station {
    fn new() -> Self {
        let log = Arc::new(MemoryLog::new(Arc::new(SystemClock)));
        let dispatcher = Dispatcher::new(
            log.clone(),
            Arc::new(SystemClock),
            Arc::new(RandomIds),
            DispatchLimits::default(),
        );
        Self { log, dispatcher }
    }

    async fn import(&self, mapping: &Mapping, data: &[u8]) -> (Summary, Vec<(u64, String)>) {
        let mut refused = Refused::default();
        let options = Options { rows_in_flight_max: 64, dry_run: false };
        let summary = import(mapping, data, &self.dispatcher, options, &mut refused).await.unwrap();
        (summary, refused.0)
    }

    async fn events(&self) -> Vec<Recorded> {
        let mut query = Query {
            filter: Filter::default(),
            direction: Direction::Forwards,
            from: None,
            until: None,
            limit: 10_000,
        };
        let mut events = Vec::new();
        loop {
            let page = self.log.read(&query).await.unwrap();
            query.from = page.events.last().map(|event| event.position);
            let full = page.events.len() == query.limit;
            events.extend(page.events);
            if !full {
                return events;
            }
        }
    }
}

fn count(events: &[Recorded]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(event.event.event_type.to_string()).or_default() += 1;
    }
    counts
}

fn shipped(name: &str) -> Mapping {
    Mapping::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/mappings").join(name)).unwrap()
}

fn real(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    std::fs::read(&path).ok().or_else(|| {
        eprintln!("skipped: {name} is not in ../shared/data");
        None
    })
}

#[tokio::test]
async fn the_bank_s_three_weeks_become_calls_and_the_second_time_adds_nothing() {
    let Some(data) = real("anonymous_bank_1999_02_weeks_1_3.tsv") else { return };
    let station = Station::new();
    let mapping = shipped("anonymous_bank.toml");
    let (summary, refused) = station.import(&mapping, &data).await;
    assert_eq!(refused, []);
    assert_eq!((summary.rows, summary.imported, summary.repeated), (25_890, 25_890, 0));
    let counts = count(&station.events().await);
    let of = |name: &str| counts.get(name).copied().unwrap_or_default();
    assert_eq!(of("agent.registered"), 24);
    assert_eq!(of("customer.registered"), 3_533);
    assert_eq!(of("call.created"), 25_890);
    assert_eq!(of("call.queued"), 14_152);
    assert_eq!(of("call.bridged"), 20_899);
    assert_eq!(of("call.ended"), 25_890);
    let (again, refused) = station.import(&mapping, &data).await;
    assert_eq!(refused, []);
    assert_eq!((again.imported, again.repeated, again.events), (0, 25_890, 0));
    assert_eq!(count(&station.events().await), counts);
}

#[tokio::test]
async fn the_telesales_contacts_become_leads_calls_and_dispositions_in_order_of_time() {
    let Some(data) = real("bank_marketing_contacts.csv") else { return };
    let station = Station::new();
    let (summary, refused) = station.import(&shipped("bank_marketing.toml"), &data).await;
    assert_eq!(refused, []);
    assert_eq!((summary.rows, summary.imported), (28_832, 28_832));
    let events = station.events().await;
    let counts = count(&events);
    for name in ["customer.registered", "lead.added", "lead.finished", "call.created", "call.dispositioned"] {
        assert_eq!(counts.get(name), Some(&28_832), "{name}");
    }
    let created: Vec<_> =
        events.iter().filter(|event| event.event.event_type.as_str() == "call.created").collect();
    assert!(created.is_sorted_by_key(|event| event.event.occurred_at));
    let (first, last) = (created[0].event.occurred_at, created[28_831].event.occurred_at);
    assert!(first.to_string().starts_with("2008-05-05T07:00"), "{first}");
    assert!(last.to_string().starts_with("2010-11-"), "{last}");
}
