//! Which accesses raise an alert, and which do not.

use trunkline_domain::access::{Entry, Outcome, Way};
use trunkline_domain::alert::AlertKind;
use trunkline_domain::grant::GlassBroken;
use trunkline_kernel::{AgentId, CustomerId, Id as _, Position, Timestamp};
use uuid::Uuid;

use super::*;

const NOON: &str = "2026-03-02T04:00:00Z";

fn entry(who: &str, at: &str) -> Entry {
    let base = serde_json::json!({ "at": at, "who": who, "roles": ["team_lead"], "way": "query", "outcome": "allowed",
        "times": 1 });
    serde_json::from_value::<Entry>(base).unwrap()
}

fn judge(when: When) -> Judge {
    Judge::new(AlertRules { rule: vec![AlertRule { name: "rule".to_owned(), roles: [].into(), when }] })
}

fn often(more_than: u64) -> Often {
    Often { more_than, within_minutes: 60 }
}

/// How many alerts these accesses raise.
fn raised(judge: &mut Judge, entries: &[Entry], owners: &Owners) -> Vec<AlertKind> {
    entries
        .iter()
        .flat_map(|entry| judge.hear(entry, Position(1), owners))
        .map(|(_, raised)| raised.kind)
        .collect()
}

#[test]
fn many_rows_are_told_once_in_a_window_and_again_in_the_next() {
    let rows = |who: &str, at: &str, rows| Entry { rows, way: Way::Export, ..entry(who, at) };
    let mut judge = judge(When::Rows(often(100)));
    let entries = [
        rows("user:a", "2026-03-02T04:00:00Z", 100),
        rows("user:b", "2026-03-02T04:10:00Z", 100),
        rows("user:a", "2026-03-02T04:20:00Z", 1),
        rows("user:a", "2026-03-02T04:30:00Z", 500),
        rows("service:api", "2026-03-02T04:40:00Z", 500),
        rows("user:a", "2026-03-02T05:00:00Z", 101),
    ];
    assert_eq!(raised(&mut judge, &entries, &Owners::new()), [AlertKind::Rows, AlertKind::Rows]);
}

#[test]
fn the_same_alert_has_the_same_id_wherever_it_is_judged() {
    let hear = |at: &str| {
        let mut judge = judge(When::Rows(often(1)));
        let heard = Entry { rows: 2, ..entry("user:a", at) };
        judge.hear(&heard, Position(7), &Owners::new()).pop().unwrap().0
    };
    assert_eq!(hear("2026-03-02T04:00:01Z"), hear("2026-03-02T04:59:59Z"));
    assert_ne!(hear("2026-03-02T04:00:01Z"), hear("2026-03-02T05:00:00Z"));
}

#[test]
fn personal_values_out_of_hours_are_told_and_others_are_not() {
    let hours =
        Hours { from_minute: 480, until_minute: 1_260, weekdays: (1..=7).collect(), utc_offset_minutes: 480 };
    let mut judge = judge(When::Hours(hours));
    let personal = |at: &str| Entry { clear: ["Customer.name".to_owned()].into(), ..entry("user:a", at) };
    let night = "2026-03-02T15:00:00Z";
    let entries = [personal(NOON), entry("user:a", night), personal(night), personal(night)];
    assert_eq!(raised(&mut judge, &entries, &Owners::new()), [AlertKind::Hours]);
}

#[test]
fn refusals_count_by_their_times_and_by_address_where_nobody_has_a_name() {
    let mut judge = judge(When::Refusals(often(20)));
    let refused = |times| Entry { outcome: Outcome::Refused, times, ..entry("user:a", NOON) };
    let nameless = |times| Entry { who: None, address: Some("192.0.2.1".to_owned()), ..refused(times) };
    assert_eq!(raised(&mut judge, &[refused(20), entry("user:a", NOON), nameless(1)], &Owners::new()), []);
    assert_eq!(raised(&mut judge, &[nameless(20)], &Owners::new()), [AlertKind::Refusals]);
}

#[test]
fn a_supervisor_may_see_their_own_customers_and_is_noticed_with_those_of_others() {
    let (own, other) = (AgentId::from_uuid(Uuid::from_u128(1)), AgentId::from_uuid(Uuid::from_u128(2)));
    let customer = |n: u128| CustomerId::from_uuid(Uuid::from_u128(n));
    let owners: Owners = (0..10).map(|n| (customer(n), if n < 5 { own } else { other })).collect();
    let saw = |n: u128| Entry {
        masked: ["Identifier.value".to_owned()].into(),
        things: [format!("customer:{}", customer(n))].into(),
        ..entry(&format!("agent:{own}"), NOON)
    };
    let mut judge = judge(When::Colleagues(often(2)));
    let entries: Vec<Entry> = [0, 1, 2, 3, 4, 5, 5, 5, 6].map(saw).into();
    assert_eq!(raised(&mut judge, &entries, &owners), []);
    assert_eq!(raised(&mut judge, &[saw(7), saw(8)], &owners), [AlertKind::Colleagues]);
}

#[test]
fn emergency_access_is_told_each_time() {
    let judge = judge(When::Emergency {});
    let broken = GlassBroken {
        by: "user:a".to_owned(),
        until: Timestamp::from_millis(1),
        reason: "an outage".to_owned(),
    };
    let alerts = judge.emergency(&broken, NOON.parse().unwrap(), Position(3));
    assert_eq!(alerts.len(), 1);
    assert_eq!((alerts[0].1.kind, alerts[0].1.position), (AlertKind::Emergency, Position(3)));
}
