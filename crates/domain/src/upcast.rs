//! Reading what older versions of this program wrote: one table from (type, version) to a function that says the
//! same in newer shapes.

use serde_json::Value;
use smallvec::{SmallVec, smallvec};
use trunkline_kernel::{SchemaVersion, StoredEvent, UnknownEvent};

use crate::Event;

/// The most upcasters that one stored event may pass through; a longer way is a loop in the table.
const STEPS_MAX: usize = 32;

/// An event in a shape that may be of any age.
#[derive(Clone, Debug, PartialEq)]
pub struct Shaped {
    /// The permanent name.
    pub event_type: &'static str,
    /// The version of the shape.
    pub version: u16,
    /// The payload in that shape.
    pub payload: Value,
}

/// One entry of the table: how to read a shape that is not written any more.
#[derive(Clone, Copy, Debug)]
pub struct Upcaster {
    /// The stored name.
    pub event_type: &'static str,
    /// The stored version.
    pub version: u16,
    /// What it means in newer shapes, one or many, in order; they may be old themselves. An error is a payload
    /// that does not have the old shape.
    pub rewrite: fn(Value) -> serde_json::Result<Vec<Shaped>>,
}

impl Upcaster {
    /// Whether it is for this shape.
    pub fn reads(&self, event_type: &str, version: u16) -> bool {
        self.event_type == event_type && self.version == version
    }
}

/// Every shape that was shipped once and is not written any more. None yet.
pub const UPCASTERS: &[Upcaster] = &[];

/// What can be read from a name and a payload of today's shape.
pub(crate) trait Readable: Sized {
    /// Reads today's shape.
    fn read(event_type: &str, payload: &str) -> Result<Self, UnknownEvent>;

    /// The version of today's shape.
    fn version(&self) -> SchemaVersion;
}

impl Readable for Event {
    fn read(event_type: &str, payload: &str) -> Result<Self, UnknownEvent> {
        Self::of(event_type, payload)
    }

    fn version(&self) -> SchemaVersion {
        self.schema_version()
    }
}

/// An event of one aggregate, where the caller knows whose stream it reads.
pub(crate) struct Of<E>(pub(crate) E);

impl<E: StoredEvent> Readable for Of<E> {
    fn read(event_type: &str, payload: &str) -> Result<Self, UnknownEvent> {
        E::decode(event_type, payload).map(Self)
    }

    fn version(&self) -> SchemaVersion {
        self.0.schema_version()
    }
}

/// Reads a stored event of any age. Today's shape goes straight from the text to the type.
pub(crate) fn decode<E: Readable>(
    table: &[Upcaster],
    event_type: &str,
    version: SchemaVersion,
    payload: &str,
) -> Result<SmallVec<[E; 1]>, UnknownEvent> {
    match table.iter().find(|upcaster| upcaster.reads(event_type, version.0)) {
        None => read_today(event_type, version, payload).map(|event| smallvec![event]),
        Some(upcaster) => {
            let shape = |source| UnknownEvent::Shape { event_type: event_type.to_owned(), source };
            let value = serde_json::from_str(payload).map_err(shape)?;
            let mut events = SmallVec::new();
            for shaped in (upcaster.rewrite)(value).map_err(shape)? {
                climb(table, shaped, STEPS_MAX, &mut events)?;
            }
            Ok(events)
        }
    }
}

/// Takes one shape up to today's, depth first, so that the order of the events stays.
fn climb<E: Readable>(
    table: &[Upcaster],
    shaped: Shaped,
    steps: usize,
    events: &mut SmallVec<[E; 1]>,
) -> Result<(), UnknownEvent> {
    let Shaped { event_type, version, payload } = shaped;
    let shape = |source| UnknownEvent::Shape { event_type: event_type.to_owned(), source };
    match table.iter().find(|upcaster| upcaster.reads(event_type, version)) {
        Some(upcaster) if steps > 0 => {
            let newer = (upcaster.rewrite)(payload).map_err(shape)?;
            newer.into_iter().try_for_each(|shaped| climb(table, shaped, steps - 1, events))
        }
        Some(_) => Err(UnknownEvent::Version { event_type: event_type.to_owned(), version }),
        None => {
            events.push(read_today(event_type, SchemaVersion(version), &payload.to_string())?);
            Ok(())
        }
    }
}

fn read_today<E: Readable>(
    event_type: &str,
    version: SchemaVersion,
    payload: &str,
) -> Result<E, UnknownEvent> {
    let unknown = || UnknownEvent::Version { event_type: event_type.to_owned(), version: version.0 };
    match E::read(event_type, payload) {
        Ok(event) if event.version() == version => Ok(event),
        Ok(_) => Err(unknown()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call;

    /// As if `call.joined` had been written once: first with the wait in seconds, then in milliseconds, and was
    /// later split into an answer and a bridge.
    const TABLE: &[Upcaster] = &[
        Upcaster {
            event_type: "call.joined",
            version: 1,
            rewrite: |old| {
                #[derive(serde::Deserialize)]
                struct Joined {
                    waited: i64,
                }
                let joined: Joined = serde_json::from_value(old)?;
                let payload = json!({ "waitedMs": joined.waited * 1_000 });
                Ok(vec![Shaped { event_type: "call.joined", version: 2, payload }])
            },
        },
        Upcaster {
            event_type: "call.joined",
            version: 2,
            rewrite: |payload| {
                Ok(vec![
                    Shaped { event_type: "call.answered", version: 1, payload: json!({}) },
                    Shaped { event_type: "call.bridged", version: 1, payload },
                ])
            },
        },
        Upcaster {
            event_type: "call.looping",
            version: 1,
            rewrite: |payload| Ok(vec![Shaped { event_type: "call.looping", version: 1, payload }]),
        },
    ];

    fn read(event_type: &str, version: u16, payload: &str) -> Result<Vec<Event>, UnknownEvent> {
        decode::<Event>(TABLE, event_type, SchemaVersion(version), payload).map(SmallVec::into_vec)
    }

    #[test]
    fn an_old_event_becomes_several_of_today_in_order() {
        let bridged = call::Bridged { agent: None, waited_ms: Some(trunkline_kernel::Millis(7_000)) };
        let expected: Vec<Event> =
            vec![call::Event::from(call::Answered {}).into(), call::Event::from(bridged).into()];
        assert_eq!(read("call.joined", 1, r#"{"waited":7}"#).unwrap(), expected);
        assert_eq!(read("call.joined", 2, r#"{"waitedMs":7000}"#).unwrap(), expected);
    }

    #[test]
    fn one_aggregate_reads_as_the_whole_does() {
        let events: SmallVec<[Of<call::Event>; 1]> =
            decode(TABLE, "call.joined", SchemaVersion(1), r#"{"waited":7}"#).unwrap();
        assert_eq!(
            events.iter().map(|Of(event)| event.name()).collect::<Vec<_>>(),
            ["call.answered", "call.bridged"]
        );
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let told = |event_type, version, payload| read(event_type, version, payload).unwrap_err().to_string();
        assert!(told("call.joined", 1, r#"{"waited":"long"}"#).contains("does not have the shape"));
        assert!(told("call.joined", 1, "no json").contains("does not have the shape"));
        assert!(told("call.answered", 9, "{}").contains("version 9"));
        assert!(told("call.vanished", 1, "{}").contains("no event type"));
        assert!(told("planet.aligned", 1, "{}").contains("no event type"));
        assert!(told("call.looping", 1, "{}").contains("version 1"), "a loop in the table must end");
    }
}
