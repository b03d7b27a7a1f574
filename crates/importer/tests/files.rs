//! Small files through the importer into a log in memory. The real files go through the binary, in `tests/e2e`.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::path::Path;
use std::sync::Arc;

use trunkline_app::{DispatchLimits, Dispatcher};
use trunkline_importer::{BadRow, ImportError, Mapping, Observer, Options, Summary, import};
use trunkline_kernel::{RandomIds, Recorded, SystemClock};
use trunkline_log::{Direction, Filter, Log, MemoryLog, Query};
use trunkline_vault::Vault;

const HEADER: &str = "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\t\
                      q_exit\tq_time\toutcome\tser_start\tser_exit\tser_time\tserver";
const ANSWERED: &str = "AA0101\t1\t77\t2\tPS\t990201\t7:00:00\t7:00:10\t10\t7:00:10\t7:01:00\t50\tAGENT\t7:00:59\t\
                        7:03:00\t121\tYIFAT";

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
    rows_in_flight_max: usize,
    dry_run: bool,
}

impl Station {
    async fn new() -> Self {
        let log = Arc::new(MemoryLog::new(Arc::new(SystemClock)));
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
        let vault = Vault::passing(clock.clone()).await.unwrap();
        let dispatcher = Dispatcher::new(log.clone(), vault, clock, ids, DispatchLimits::default());
        Self { log, dispatcher, rows_in_flight_max: 16, dry_run: false }
    }

    async fn try_import(
        &self,
        mapping: &Mapping,
        data: &[u8],
    ) -> (Result<Summary, ImportError>, Vec<(u64, String)>) {
        let mut refused = Refused::default();
        let options = Options { rows_in_flight_max: self.rows_in_flight_max, dry_run: self.dry_run };
        let done = import(mapping, data, &self.dispatcher, options, &mut refused).await;
        (done, refused.0)
    }

    async fn import(&self, mapping: &Mapping, data: impl AsRef<[u8]>) -> (Summary, Vec<(u64, String)>) {
        let (done, refused) = self.try_import(mapping, data.as_ref()).await;
        (done.unwrap(), refused)
    }

    async fn events(&self) -> Vec<Recorded> {
        let filter = Filter::default();
        let query = Query { filter, direction: Direction::Forwards, from: None, until: None, limit: 10_000 };
        self.log.read(&query).await.unwrap().events
    }

    /// Type, time of day and payload of the events of all calls.
    async fn call_events(&self) -> Vec<String> {
        let events = self.events().await;
        let calls = events.iter().filter(|event| event.stream.category() == "call");
        calls
            .map(|event| {
                let said = &event.event;
                format!("{} {} {}", said.event_type, said.occurred_at, said.payload.as_str())
            })
            .collect()
    }
}

fn bank() -> Mapping {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/mappings/anonymous_bank.toml");
    Mapping::load(&file).unwrap()
}

fn bank_rows(rows: &[&str]) -> String {
    let rows: String = rows.iter().map(|row| format!("{row}\n")).collect();
    format!("{HEADER}\n{rows}")
}

/// A row like [`ANSWERED`] with some columns changed, counted from 0.
fn changed(changes: &[(usize, &str)]) -> String {
    let mut fields: Vec<&str> = ANSWERED.split('\t').collect();
    for (at, text) in changes {
        fields[*at] = text;
    }
    fields.join("\t")
}

#[tokio::test]
async fn a_row_is_one_atomic_history_at_its_own_past_times() {
    let station = Station::new().await;
    let (summary, refused) = station.import(&bank(), bank_rows(&[ANSWERED])).await;
    assert_eq!(refused, []);
    assert_eq!((summary.rows, summary.imported, summary.events), (1, 1, 8));
    let events = station.events().await;
    assert!(events.iter().all(|event| event.recorded_at == events[0].recorded_at), "one append");
    let calls = station.call_events().await;
    assert!(calls[0].starts_with("call.created 1999-02-01T05:00:00Z "), "{calls:?}");
    assert_eq!(calls[1], r#"call.queued 1999-02-01T05:00:10Z {"priority":2,"queue":"PS"}"#);
    assert!(
        calls[2].starts_with("call.bridged 1999-02-01T05:01:00Z ") && calls[2].contains("\"waitedMs\":50000")
    );
    assert_eq!(calls[3], r#"call.ended 1999-02-01T05:03:01Z {"cause":"completed"}"#);
}

#[tokio::test]
async fn a_call_over_midnight_goes_on_into_the_next_day() {
    let row = changed(&[
        (6, "23:59:50"),
        (7, "0:00:05"),
        (8, "15"),
        (9, "0:00:05"),
        (10, "0:01:05"),
        (11, "60"),
        (13, "0:01:04"),
        (14, "0:11:04"),
        (15, "600"),
    ]);
    let station = Station::new().await;
    station.import(&bank(), bank_rows(&[&row])).await;
    let calls = station.call_events().await;
    assert!(calls[3].starts_with("call.ended 1999-02-01T22:11:05Z"), "{calls:?}");
}

#[tokio::test]
async fn a_negative_duration_counts_as_zero_and_is_kept_as_it_was() {
    let row = changed(&[(7, "6:59:15"), (8, "-45")]);
    let station = Station::new().await;
    station.import(&bank(), bank_rows(&[&row])).await;
    let calls = station.call_events().await;
    assert!(calls[0].contains("\"vru_time\":\"-45\""), "{calls:?}");
    assert!(calls[1].starts_with("call.queued 1999-02-01T05:00:00Z"), "{calls:?}");
}

#[tokio::test]
async fn outcomes_become_ends_of_their_kind() {
    let unqueued = [(9, "0:00:00"), (10, "0:00:00"), (11, "0")];
    let with = |changes: &[(usize, &'static str)], base: &[(usize, &'static str)]| {
        changed(&[base, changes].concat())
    };
    let rows = [
        with(&[(1, "2"), (12, "HANG"), (16, "NO_SERVER")], &[]),
        with(&[(1, "3"), (12, "HANG"), (16, "NO_SERVER")], &unqueued),
        with(&[(1, "4"), (12, "PHANTOM"), (16, "NO_SERVER")], &[]),
        with(&[(1, "5"), (2, "0"), (16, "NO_SERVER")], &unqueued),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    // One row after the other, so that the log has them in the order of the file.
    let station = Station { rows_in_flight_max: 1, ..Station::new().await };
    let (_, refused) = station.import(&bank(), bank_rows(&rows)).await;
    assert_eq!(refused, []);
    let calls = station.call_events().await;
    let ends: Vec<&str> = calls
        .iter()
        .filter(|call| call.starts_with("call.ended"))
        .filter_map(|call| call.split(' ').nth(2))
        .collect();
    assert_eq!(
        ends,
        [
            r#"{"cause":"abandoned","waitedMs":50000}"#,
            r#"{"cause":"customer_hangup"}"#,
            r#"{"cause":"phantom","waitedMs":50000}"#,
            r#"{"cause":"completed"}"#,
        ]
    );
    let bridged: Vec<&String> = calls.iter().filter(|call| call.starts_with("call.bridged")).collect();
    assert!(bridged.len() == 1 && bridged[0].ends_with(" {}"), "no agent is named: {bridged:?}");
    let agents = station.events().await.iter().filter(|event| event.stream.category() == "agent").count();
    assert_eq!(agents, 0);
}

#[tokio::test]
async fn the_same_rows_again_add_nothing_in_whatever_file_they_are() {
    let other = changed(&[(6, "8:00:00")]);
    let station = Station::new().await;
    station.import(&bank(), bank_rows(&[ANSWERED, ANSWERED])).await;
    let before = station.events().await.len();
    let (again, _) = station.import(&bank(), bank_rows(&[&other, ANSWERED])).await;
    assert_eq!((again.imported, again.repeated), (1, 1));
    assert_eq!(station.events().await.len(), before + 4, "agent and customer were there");
}

#[tokio::test]
async fn a_second_call_of_a_known_customer_leaves_the_customer_as_it_is() {
    let station = Station::new().await;
    let later = changed(&[(1, "2"), (6, "8:00:00")]);
    for rows in [bank_rows(&[ANSWERED]), bank_rows(&[&later])] {
        let (summary, refused) = station.import(&bank(), rows).await;
        assert_eq!((summary.imported, refused), (1, Vec::new()));
    }
    let claims = station.events().await;
    let claims = claims.iter().filter(|recorded| recorded.event.event_type.as_str() == "identifier.claimed");
    assert_eq!(claims.count(), 1);
}

#[tokio::test]
async fn bad_rows_are_refused_with_line_and_reason_and_the_others_taken() {
    let rows = [
        changed(&[(5, "19990201")]),
        changed(&[(15, "long")]),
        changed(&[(5, "990231")]),
        changed(&[(3, "high")]),
        "AA0101\t1\t77".to_owned(),
        changed(&[(12, "LOST")]),
        ANSWERED.to_owned(),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let mut data = bank_rows(&rows).into_bytes();
    data.extend_from_slice(b"AA01\xff\n");
    data.extend_from_slice(&vec![b'x'; 10 << 20]);
    data.extend_from_slice(b"\nAA0101\t2\t78\t2\tPS\t990201\t7:00:00\t7:00:1");
    let station = Station::new().await;
    let (summary, refused) = station.import(&bank(), &data).await;
    let lines: Vec<u64> = refused.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 9, 10, 11]);
    let reason = |at: usize| refused[at].1.as_str();
    assert!(reason(0).contains("not a time of the form \"%y%m%d %H:%M:%S\""), "{refused:?}");
    assert!(reason(1).contains("`served_seconds` is \"long\", not a number"), "{refused:?}");
    assert!(reason(3).contains("`priority` is \"high\", not a whole number"), "{refused:?}");
    assert_eq!(reason(4), "the row has 3 fields, the file has 17 columns");
    assert!(reason(5).contains("`fate` is \"LOST\", which its map does not have"), "{refused:?}");
    assert!(reason(6).contains("not UTF-8") && reason(7).contains("65536 bytes"), "{refused:?}");
    assert!(summary.may_be_cut_off);
    assert_eq!((summary.rows, summary.imported, summary.refused), (10, 1, 9));
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let station = Station { dry_run: true, ..Station::new().await };
    let (summary, refused) = station.import(&bank(), bank_rows(&[ANSWERED, "x"])).await;
    assert_eq!((summary.imported, refused.len()), (1, 1));
    assert_eq!(station.events().await.len(), 0);
}

#[tokio::test]
async fn missing_and_doubled_columns_and_empty_files_are_told_before_anything_is_written() {
    let station = Station::new().await;
    let told =
        async |data: &str| station.try_import(&bank(), data.as_bytes()).await.0.unwrap_err().to_string();
    let missing = told("vru+line\tcall_id\n").await;
    assert!(missing.contains("anonymous_bank.toml, line ") && missing.contains("`value."), "{missing}");
    assert!(missing.contains("its columns are vru+line, call_id"), "{missing}");
    let doubled = told(&format!("{HEADER}\tserver\n")).await;
    assert!(doubled.contains("names the column \"server\", which the file has twice"), "{doubled}");
    assert!(told("").await.contains("it is empty"));
}

fn parse(text: &str) -> Result<Mapping, String> {
    Mapping::parse(Path::new("m.toml"), text.to_owned()).map_err(|error| error.to_string())
}

const SMALL: &str = r#"
[source]
namespace = "crm"

[value.at]
time = "{when}"
format = "%Y-%m-%d %H:%M"

[[step]]
do = "customer.register"
id = "{no}"
at = "{at}"
with = { name = "{name}" }

[[step]]
do = "customer.link_identifier"
id = "{no}"
at = "{at}"
with = { kind = "phone", value = "{phone}", region = "CN" }
when = ["{phone} is given"]
"#;

#[test]
fn a_mapping_that_makes_no_sense_is_refused_with_key_and_line() {
    let cases = [
        (
            "name = \"{name}\"",
            "nam = \"{name}\"",
            "m.toml, line 13: `step 1 with.nam` is no field of customer.register",
        ),
        (
            "customer.register",
            "customer.make",
            "m.toml, line 10: `step 1 do` is \"customer.make\"; it takes one of agent.register",
        ),
        ("with = { name", "whit = { name", "unknown field `whit`"),
        ("%Y-%m-%d %H:%M", "%Q", "m.toml, line 7: `value.at.format` is not a time format"),
        ("{when}", "{at}", "m.toml, line 5: `value.at` is worked out from itself"),
        ("{when}", "{when", "line 6: `value.at.time` has an open brace without a closing one"),
        (
            "\"{phone} is given\"",
            "\"{phone} > 1\"",
            "line 20: `step 2 when` has the condition \"{phone} > 1\"",
        ),
        ("kind = \"phone\", ", "", "line 16: `step 2 with` lacks `kind`"),
        (
            "namespace = \"crm\"",
            "namespace = \"my crm\"",
            "line 3: `source.namespace` takes 1 to 100 letters",
        ),
        (
            "namespace = \"crm\"",
            "namespace = \"crm\"\nencoding = \"latin1\"",
            "`source.encoding` is \"latin1\"; it takes \"utf-8\" or \"gb18030\"",
        ),
    ];
    parse(SMALL).unwrap();
    for (from, to, expected) in cases {
        let refusal = parse(&SMALL.replacen(from, to, 1)).unwrap_err();
        assert!(refusal.contains(expected), "{refusal}\n  should say\n{expected}");
    }
}

#[tokio::test]
async fn an_identifier_of_another_customer_refuses_the_row() {
    let data = "no,name,phone,when\n1,李伟,13812345678,2026-01-05 10:00\n2,王芳,+86 138 1234 5678,2026-01-05 11:00\n\
                3,张敏,,2026-01-05 12:00\n4,刘洋,12,2026-01-05 12:00\n";
    let station = Station::new().await;
    let (summary, refused) = station.import(&parse(SMALL).unwrap(), data).await;
    assert_eq!((summary.imported, summary.refused), (2, 2));
    assert!(
        refused[0].1.starts_with("IDENTIFIER_TAKEN") || refused[1].1.starts_with("IDENTIFIER_TAKEN"),
        "{refused:?}"
    );
    assert!(
        refused.iter().all(|(_, reason)| !reason.contains("1381234")),
        "a number is in no reason: {refused:?}"
    );
    let registered = |event: &&Recorded| event.event.event_type.as_str() == "customer.registered";
    assert_eq!(
        station.events().await.iter().filter(registered).count(),
        2,
        "a refused row leaves nothing behind"
    );
}

#[test]
fn the_documentation_has_the_vocabulary_as_it_is() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/import.md");
    let text = std::fs::read_to_string(page).unwrap();
    let (_, rest) = text.split_once("<!-- vocabulary -->\n\n").unwrap();
    let (table, _) = rest.split_once("<!-- end of vocabulary -->").unwrap();
    assert_eq!(table, trunkline_importer::markdown(), "put `markdown()` between the marks");
}
