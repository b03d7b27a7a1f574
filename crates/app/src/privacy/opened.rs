//! Payloads with their sealed values opened, for whoever may have all of one person's data.

use serde_json::{Map, Value};
use trunkline_kernel::{Recorded, Subject};
use trunkline_vault::{Keys, SealedValue};

/// What became of the sealed values of a payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Values that were opened.
    pub opened: usize,
    /// Values that nobody can read any more.
    pub erased: usize,
    /// Values of somebody else, which stay sealed.
    pub foreign: usize,
    /// Values that were changed, or stand where they were not sealed for.
    pub forged: usize,
}

/// Opens the sealed values of `whose` in an event's payload, in place. A value that was sealed for another event or
/// another field is not opened: it was moved there.
///
/// # Errors
/// When the payload is not JSON.
pub fn open_payload(recorded: &Recorded, keys: &Keys, whose: Subject) -> serde_json::Result<(Value, Opened)> {
    let mut payload: Value = recorded.event.payload.read()?;
    let mut walk = Walk { recorded, keys, whose, opened: Opened::default() };
    walk.value(&mut payload, &mut String::new());
    Ok((payload, walk.opened))
}

struct Walk<'a> {
    recorded: &'a Recorded,
    keys: &'a Keys,
    whose: Subject,
    opened: Opened,
}

impl Walk<'_> {
    fn value(&mut self, value: &mut Value, path: &mut String) {
        let length = path.len();
        if let Some(text) = sealed_text(value) {
            if let Some(clear) = self.open(&text, path) {
                *value = clear;
            }
            return;
        }
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    path.push('/');
                    path.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    self.value(value, path);
                    path.truncate(length);
                }
            }
            Value::Array(list) => {
                for (at, value) in list.iter_mut().enumerate() {
                    path.push('/');
                    path.push_str(&at.to_string());
                    self.value(value, path);
                    path.truncate(length);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn open(&mut self, text: &str, path: &str) -> Option<Value> {
        let Ok(sealed) = SealedValue::read(text) else {
            self.opened.forged += 1;
            return None;
        };
        let place = sealed.place();
        if place.event != self.recorded.event.id || place.field != path {
            self.opened.forged += 1;
            return None;
        }
        if place.subject != self.whose {
            self.opened.foreign += 1;
            return None;
        }
        let Some(key) = self.keys.get(self.whose) else {
            self.opened.erased += 1;
            return Some(Value::Object(Map::from_iter([("$erased".to_owned(), Value::Bool(true))])));
        };
        match key.open(&sealed).ok().and_then(|json| serde_json::from_slice(&json).ok()) {
            Some(clear) => {
                self.opened.opened += 1;
                Some(clear)
            }
            None => {
                self.opened.forged += 1;
                None
            }
        }
    }
}

fn sealed_text(value: &Value) -> Option<String> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.get("$sealed").and_then(Value::as_str).map(str::to_owned)
}
