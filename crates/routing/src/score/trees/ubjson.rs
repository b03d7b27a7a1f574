//! Universal Binary JSON (ubjson.org, draft 12), as far as XGBoost writes it: the same document as its JSON.

use serde_json::{Map, Number, Value};

/// How deep values may lie in each other.
const DEPTH_MAX: u32 = 64;

struct Reader<'a> {
    rest: &'a [u8],
    depth: u32,
}

type Read<T> = Result<T, String>;

/// Reads one value and nothing after it.
pub(super) fn read(bytes: &[u8]) -> Read<Value> {
    let mut reader = Reader { rest: bytes, depth: 0 };
    let marker = reader.byte()?;
    let value = reader.value(marker)?;
    if reader.rest.is_empty() { Ok(value) } else { Err(format!("{} bytes too many", reader.rest.len())) }
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or("the file ends in the middle")?;
        self.rest = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Read<u8> {
        Ok(self.take::<1>()?[0])
    }

    fn integer(&mut self, marker: u8) -> Read<i64> {
        match marker {
            b'i' => Ok(i8::from_be_bytes(self.take()?).into()),
            b'U' => Ok(self.byte()?.into()),
            b'I' => Ok(i16::from_be_bytes(self.take()?).into()),
            b'l' => Ok(i32::from_be_bytes(self.take()?).into()),
            b'L' => Ok(i64::from_be_bytes(self.take()?)),
            other => Err(format!("marker {other:#04x} where a whole number must stand")),
        }
    }

    /// A length; never more than what is left could hold if each element took a byte, so that a false length
    /// reserves no memory. Types that take no bytes are not read by length.
    fn length(&mut self) -> Read<usize> {
        let marker = self.byte()?;
        let length = self.integer(marker)?;
        let length = usize::try_from(length).map_err(|_| format!("a length of {length}"))?;
        if length > self.rest.len() {
            return Err(format!("a length of {length} with {} bytes left", self.rest.len()));
        }
        Ok(length)
    }

    fn text(&mut self) -> Read<String> {
        let length = self.length()?;
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        String::from_utf8(text.to_vec()).map_err(|_| "a text that is not UTF-8".to_owned())
    }

    fn value(&mut self, marker: u8) -> Read<Value> {
        match marker {
            b'Z' => Ok(Value::Null),
            b'T' => Ok(Value::Bool(true)),
            b'F' => Ok(Value::Bool(false)),
            b'd' => float(f32::from_be_bytes(self.take()?).into()),
            b'D' => float(f64::from_be_bytes(self.take()?)),
            b'S' => Ok(Value::String(self.text()?)),
            b'C' => Ok(Value::String(char::from(self.byte()?).to_string())),
            b'[' => self.nested(Self::array),
            b'{' => self.nested(Self::object),
            other => Ok(Value::Number(self.integer(other)?.into())),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Read<Value>) -> Read<Value> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("values lie deeper than {DEPTH_MAX} in each other"));
        }
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn next_is(&mut self, marker: u8) -> bool {
        let is = self.rest.first() == Some(&marker);
        if is {
            self.rest = &self.rest[1..];
        }
        is
    }

    /// `[$d#L…` is typed and counted, `[#L…` is counted, `[…]` is neither.
    fn array(&mut self) -> Read<Value> {
        let kind = if self.next_is(b'$') { Some(self.byte()?) } else { None };
        if !self.next_is(b'#') {
            if kind.is_some() {
                return Err("an array with a type and no count".to_owned());
            }
            let mut values = Vec::new();
            while !self.next_is(b']') {
                let marker = self.byte()?;
                values.push(self.value(marker)?);
            }
            return Ok(Value::Array(values));
        }
        if kind.is_some_and(|kind| b"ZTFN".contains(&kind)) {
            return Err("an array of a type that takes no bytes".to_owned());
        }
        let count = self.length()?;
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            let marker = kind.map_or_else(|| self.byte(), Ok)?;
            values.push(self.value(marker)?);
        }
        Ok(Value::Array(values))
    }

    /// XGBoost writes objects without type and count.
    fn object(&mut self) -> Read<Value> {
        if matches!(self.rest.first(), Some(b'$' | b'#')) {
            return Err("an object with a type or a count, which XGBoost does not write".to_owned());
        }
        let mut members = Map::new();
        while !self.next_is(b'}') {
            let key = self.text()?;
            let marker = self.byte()?;
            let value = self.value(marker)?;
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}

fn float(number: f64) -> Read<Value> {
    Number::from_f64(number).map(Value::Number).ok_or_else(|| format!("{number} is not a number"))
}
