//! The words keep their promises.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use trunkline_kernel::{
    Actor, AgentId, Cause, Clock as _, CommandId, CorrelationId, CustomerId, EventId, EventType, FixedClock,
    Id as _, Ids, Millis, NewEvent, Payload, Personal, PhoneNumber, SchemaVersion, Sealed, SeededIds,
    StreamId, Tag, Tags, Timestamp, TraceId,
};
use uuid::Uuid;

fn event(payload: &serde_json::Value) -> NewEvent {
    let ids = SeededIds::new(1);
    NewEvent {
        id: EventId::from_uuid(ids.uuid()),
        event_type: EventType::known("call.bridged"),
        schema_version: SchemaVersion::FIRST,
        tags: [Tag::of(AgentId::from_uuid(ids.uuid())), Tag::of(CustomerId::from_uuid(ids.uuid()))]
            .into_iter()
            .collect(),
        payload: Payload::of(payload).unwrap(),
        cause: Cause {
            actor: "user:李伟".parse().unwrap(),
            command: CommandId::from_uuid(ids.uuid()),
            correlation: CorrelationId::from_uuid(ids.uuid()),
            causation: None,
            trace: TraceId::new(7),
        },
        occurred_at: Timestamp::from_micros(1_700_000_000_123_456),
    }
}

#[test]
fn an_id_of_one_kind_is_not_found_under_another() {
    let customer = CustomerId::from_uuid(Uuid::from_u128(5));
    let stream = StreamId::of(customer);
    assert_eq!(stream.category(), "customer");
    assert_eq!(stream.id::<CustomerId>(), Some(customer));
    assert_eq!(stream.id::<AgentId>(), None);
    assert_eq!(Tag::of(customer).id::<AgentId>(), None);
}

#[test]
fn malformed_names_are_refused_with_what_they_take() {
    for name in ["", "call", "call-", "Call-1", "call-a b", "-x", &format!("call-{}", "x".repeat(300))] {
        assert!(name.parse::<StreamId>().is_err(), "{name}");
    }
    for tag in ["", "customer", "customer:", "Customer:1", ":x", "customer:a b"] {
        assert!(tag.parse::<Tag>().is_err(), "{tag}");
    }
    for actor in ["", "user:", "nobody:x", "user:a b"] {
        assert!(actor.parse::<Actor>().is_err(), "{actor}");
    }
    for name in ["call", "call.", "Call.bridged", "call.bridged.twice"] {
        assert!(name.parse::<EventType>().is_err(), "{name}");
    }
}

#[test]
fn tags_are_sorted_and_unique_whatever_the_order_of_arrival() {
    let (a, b): (Tag, Tag) = ("agent:1".parse().unwrap(), "customer:2".parse().unwrap());
    let tags: Tags = [b.clone(), a.clone(), b.clone()].into_iter().collect();
    assert_eq!(tags.iter().collect::<Vec<_>>(), [&a, &b]);
}

#[test]
fn the_digest_is_over_the_canonical_form_that_rfc_8785_gives() {
    use sha2::Digest as _;
    let event = event(
        &serde_json::json!({"z": 1.0, "a": "电话\u{7}\"", "n": null, "big": 9_007_199_254_740_991_i64}),
    );
    let stream: StreamId = "call-1".parse().unwrap();
    // The same object, but written by the library instead of field by field.
    let object = serde_json::json!({
        "type": "call.bridged", "traceId": event.cause.trace.unwrap().to_string(), "tags": event.tags,
        "stream": "call-1", "schemaVersion": 1,
        "payload": serde_json::from_str::<serde_json::Value>(event.payload.as_str()).unwrap(),
        "occurredAt": event.occurred_at, "eventId": event.id, "correlationId": event.cause.correlation,
        "commandId": event.cause.command, "actor": "user:李伟",
    });
    let canonical = serde_json_canonicalizer::to_vec(&object).unwrap();
    assert_eq!(event.digest(&stream).unwrap().0, <[u8; 32]>::from(sha2::Sha256::digest(canonical)));
}

#[test]
fn every_field_is_under_the_digest() {
    let stream: StreamId = "call-1".parse().unwrap();
    let base = event(&serde_json::json!({"waited": 1}));
    let digest = base.digest(&stream).unwrap();
    let mut changed: Vec<NewEvent> = vec![base.clone(); 6];
    changed[0].payload = Payload::of(&serde_json::json!({"waited": 2})).unwrap();
    changed[1].occurred_at = base.occurred_at.plus(Millis(1));
    changed[2].cause.actor = Actor::system("import");
    changed[3].tags = Tags::default();
    changed[4].schema_version = SchemaVersion(2);
    changed[5].cause.trace = None;
    for other in changed {
        assert_ne!(other.digest(&stream).unwrap(), digest);
    }
    assert_ne!(base.digest(&"call-2".parse().unwrap()).unwrap(), digest);
}

#[test]
fn open_sealed_erased_and_absent_stay_four_things_in_json() {
    type Name = Option<Personal<String>>;
    let values: [(Name, &str); 4] = [
        (Some(Personal::Open("王芳".to_owned())), r#""王芳""#),
        (Some(Personal::Sealed(Sealed("k1.abc".to_owned()))), r#"{"$sealed":"k1.abc"}"#),
        (Some(Personal::Erased), r#"{"$erased":true}"#),
        (None, "null"),
    ];
    for (value, json) in values {
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(serde_json::from_str::<Name>(json).unwrap(), value);
    }
}

#[test]
fn personal_values_and_payloads_do_not_show_in_debug_output() {
    let secret = Personal::Open("王芳".to_owned());
    let payload = Payload::of(&secret).unwrap();
    let number = PhoneNumber::parse("13812345678", Some("CN")).unwrap();
    let shown = format!("{secret:?} {payload:?} {number:?}");
    assert!(!shown.contains("王芳") && !shown.contains("138"), "{shown}");
}

#[test]
fn a_phone_number_is_the_same_however_it_is_written() {
    for text in ["+86 138 1234 5678", "0086 13812345678", "138-1234-5678"] {
        assert_eq!(PhoneNumber::parse(text, Some("CN")).unwrap().as_str(), "+8613812345678", "{text}");
    }
    for text in ["", "12", "hello", "+86 1", "13812345678"] {
        assert!(PhoneNumber::parse(text, None).is_err(), "{text}");
    }
}

#[test]
fn a_fixed_clock_only_moves_when_it_is_moved() {
    let clock = FixedClock::at(Timestamp::from_millis(1_000));
    assert_eq!(clock.now(), clock.now());
    clock.advance(Millis::from_secs(2));
    assert_eq!(clock.now(), Timestamp::from_millis(3_000));
}

#[test]
fn seeded_ids_repeat_for_a_seed_and_differ_between_seeds() {
    let ids = |seed| {
        (0..100).map(|_| 0).scan(SeededIds::new(seed), |ids, _: i32| Some(ids.uuid())).collect::<Vec<_>>()
    };
    assert_eq!(ids(3), ids(3));
    assert!(ids(3).iter().all(|id| !ids(4).contains(id) && id.get_version_num() == 7));
}

proptest! {
    #[test]
    fn a_timestamp_survives_its_text(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
        let moment = Timestamp::from_micros(micros);
        prop_assert_eq!(moment.to_string().parse::<Timestamp>().unwrap(), moment);
    }

    #[test]
    fn a_window_holds_its_moment(micros in any::<i32>(), minutes in 1_i64..2_000) {
        let moment = Timestamp::from_micros(i64::from(micros) * 1_000_003);
        let width = Millis::from_mins(minutes);
        let start = moment.floor(width);
        prop_assert!(start <= moment && moment < start.plus(width));
    }

    #[test]
    fn a_payload_is_canonical_whatever_the_order_of_its_keys(keys in proptest::collection::btree_map("[a-z]{1,6}", any::<i32>(), 0..8)) {
        let forwards: serde_json::Map<_, _> = keys.iter().map(|(k, v)| (k.clone(), (*v).into())).collect();
        let backwards: serde_json::Map<_, _> = keys.iter().rev().map(|(k, v)| (k.clone(), (*v).into())).collect();
        prop_assert_eq!(Payload::of(&forwards).unwrap(), Payload::of(&backwards).unwrap());
    }
}
