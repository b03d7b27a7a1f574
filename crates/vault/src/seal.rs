//! Sealed values: what stands in an event in place of a personal value.
//!
//! `tl1.` and base64url (RFC 4648, without padding) of
//!
//! ```text
//! kind of subject  1 byte    SubjectKind::code
//! subject         16 bytes   UUID
//! event           16 bytes   UUID
//! field length     2 bytes   big endian
//! field                      JSON pointer (RFC 6901) into the payload, UTF-8
//! nonce           12 bytes
//! ciphertext                 as long as the value's JSON text
//! tag             16 bytes
//! ```
//!
//! All before the nonce is the [`Place`]: it derives the cipher key and is the associated data. Read models copy a
//! sealed value as it is, and whoever may see it needs nothing but the subject's key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use trunkline_kernel::{EventId, Id as _, Sealed, Subject, SubjectKind};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cipher::{self, NONCE_BYTES, Secret, TAG_BYTES};

/// How every sealed value begins, so that they can be found in files.
pub const PREFIX: &str = "tl1.";

/// The first bytes of every context of a value, so that a value and a wrapped key never share one.
const LABEL: &[u8] = b"trunkline value 1";

const SUBJECT_AT: usize = 1;
const EVENT_AT: usize = 17;
const LENGTH_AT: usize = 33;
const FIELD_AT: usize = 35;

/// The key of one data subject.
pub struct SubjectKey(pub(crate) Secret);

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a subject's key")
    }
}

/// Where a value belongs: nothing sealed for one place opens in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Whose it is.
    pub subject: Subject,
    /// The event that says it.
    pub event: EventId,
    /// The field of its payload, as a JSON pointer.
    pub field: &'a str,
}

/// The ciphertext, or its place, is not what was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value was changed or moved")]
pub struct Forged;

impl Place<'_> {
    fn head(&self) -> Vec<u8> {
        // A payload's limit in bytes is far above any field's pointer; a longer one is cut in its length, which
        // the decoder refuses.
        let length = u16::try_from(self.field.len()).unwrap_or(u16::MAX);
        let mut head = Vec::with_capacity(FIELD_AT + self.field.len());
        head.push(self.subject.kind.code());
        head.extend_from_slice(self.subject.id.as_bytes());
        head.extend_from_slice(self.event.uuid().as_bytes());
        head.extend_from_slice(&length.to_be_bytes());
        head.extend_from_slice(self.field.as_bytes());
        head
    }
}

fn context(head: &[u8]) -> Vec<u8> {
    [LABEL, head].concat()
}

impl SubjectKey {
    /// A key that no store keeps, for measurements.
    pub fn passing(secret: [u8; 32]) -> Self {
        Self(Secret::new(secret))
    }

    /// Seals a value's JSON text for its place.
    ///
    /// # Errors
    /// Never for a value that fits into an event.
    pub fn seal(&self, place: &Place<'_>, json: &[u8]) -> Result<Sealed, Forged> {
        let head = place.head();
        let body = cipher::seal(&self.0, &context(&head), json)?;
        let mut text = String::from(PREFIX);
        URL_SAFE_NO_PAD.encode_string([head, body].concat(), &mut text);
        Ok(Sealed(text))
    }

    /// The JSON text of a sealed value.
    ///
    /// # Errors
    /// When it was changed or moved, or sealed under another key.
    pub fn open(&self, sealed: &SealedValue) -> Result<Zeroizing<Vec<u8>>, Forged> {
        let (head, body) = sealed.bytes.split_at(sealed.body_at);
        cipher::open(&self.0, &context(head), body)
    }

    /// A key for another purpose that ends when this one does, such as a recording's: HKDF-SHA-256 over the label.
    ///
    /// # Errors
    /// Never; what is derived is shorter than 255 hashes.
    pub fn derive(&self, label: &str) -> Result<Zeroizing<[u8; 32]>, Forged> {
        let mut key = Zeroizing::new([0; 32]);
        let hkdf = hkdf::Hkdf::<sha2::Sha256>::from_prk(&*self.0).map_err(|_| Forged)?;
        let info = [b"trunkline derived 1 ", label.as_bytes()].concat();
        hkdf.expand(&info, &mut *key).map_err(|_| Forged)?;
        Ok(key)
    }
}

/// A sealed value, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue {
    bytes: Vec<u8>,
    body_at: usize,
    subject: Subject,
}

impl SealedValue {
    /// Reads the text that stands in an event.
    ///
    /// # Errors
    /// When it was not written by [`SubjectKey::seal`].
    pub fn read(text: &str) -> Result<Self, Forged> {
        let body = text.strip_prefix(PREFIX).ok_or(Forged)?;
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| Forged)?;
        let kind = bytes.first().and_then(|code| SubjectKind::coded(*code)).ok_or(Forged)?;
        let id = uuid_at(&bytes, SUBJECT_AT).ok_or(Forged)?;
        let length = bytes.get(LENGTH_AT..FIELD_AT).and_then(|two| <[u8; 2]>::try_from(two).ok());
        let body_at = FIELD_AT + usize::from(u16::from_be_bytes(length.ok_or(Forged)?));
        let field = bytes.get(FIELD_AT..body_at).ok_or(Forged)?;
        std::str::from_utf8(field).map_err(|_| Forged)?;
        if bytes.len() < body_at + NONCE_BYTES + TAG_BYTES {
            return Err(Forged);
        }
        Ok(Self { bytes, body_at, subject: Subject { kind, id } })
    }

    /// Whose it is.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// Where it belongs.
    pub fn place(&self) -> Place<'_> {
        let event = uuid_at(&self.bytes, EVENT_AT).unwrap_or_default();
        let field = std::str::from_utf8(&self.bytes[FIELD_AT..self.body_at]).unwrap_or_default();
        Place { subject: self.subject, event: EventId::from_uuid(event), field }
    }
}

impl fmt::Debug for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sealed for {:?}", self.place())
    }
}

fn uuid_at(bytes: &[u8], at: usize) -> Option<Uuid> {
    Uuid::from_slice(bytes.get(at..at + 16)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trunkline_kernel::{AgentId, CustomerId};

    use super::*;

    fn key(byte: u8) -> SubjectKey {
        SubjectKey(Zeroizing::new([byte; 32]))
    }

    fn place(field: &str) -> Place<'_> {
        let subject = CustomerId::from_uuid(Uuid::from_u128(5)).into();
        Place { subject, event: EventId::from_uuid(Uuid::from_u128(9)), field }
    }

    #[test]
    fn a_value_comes_back_for_its_place_alone() {
        let sealed = key(1).seal(&place("/profile/name"), r#""王芳""#.as_bytes()).unwrap();
        assert!(!sealed.0.contains("王芳") && sealed.0.starts_with(PREFIX));
        let read = SealedValue::read(&sealed.0).unwrap();
        assert_eq!(read.place(), place("/profile/name"));
        assert_eq!(key(1).open(&read).unwrap().as_slice(), r#""王芳""#.as_bytes());
        assert_eq!(key(2).open(&read), Err(Forged));
        assert!(!format!("{read:?} {:?}", key(1)).contains("王芳"));
    }

    #[test]
    fn a_value_that_was_given_another_place_does_not_open() {
        let sealed = key(1).seal(&place("/profile/name"), b"1").unwrap();
        let read = SealedValue::read(&sealed.0).unwrap();
        let elsewhere = [
            Place { field: "/profile/nama", ..place("") },
            Place { event: EventId::from_uuid(Uuid::from_u128(8)), ..place("/profile/name") },
            Place { subject: AgentId::from_uuid(Uuid::from_u128(5)).into(), ..place("/profile/name") },
            Place { subject: CustomerId::from_uuid(Uuid::from_u128(6)).into(), ..place("/profile/name") },
        ];
        for other in elsewhere {
            let bytes = [other.head().as_slice(), &read.bytes[read.body_at..]].concat();
            let moved = SealedValue::read(&format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))).unwrap();
            assert_eq!(moved.place(), other);
            assert_eq!(key(1).open(&moved), Err(Forged), "it opened as {other:?}");
        }
    }

    #[test]
    fn a_derived_key_is_another_for_every_label() {
        assert_eq!(key(1).derive("a").unwrap(), key(1).derive("a").unwrap());
        assert_ne!(key(1).derive("a").unwrap(), key(1).derive("b").unwrap());
        assert_ne!(key(1).derive("a").unwrap(), key(2).derive("a").unwrap());
    }

    proptest! {
        #[test]
        fn any_value_in_any_field_comes_back(field in "(/[^/~]{0,12}){1,3}", value in any::<Vec<u8>>()) {
            let sealed = key(3).seal(&place(&field), &value).unwrap();
            let read = SealedValue::read(&sealed.0).unwrap();
            prop_assert_eq!(read.place().field, field.as_str());
            let opened = key(3).open(&read).unwrap();
            prop_assert_eq!(opened.as_slice(), value.as_slice());
        }

        #[test]
        fn no_text_makes_the_reader_fall_over(text in "(tl1\\.)?[A-Za-z0-9_-]{0,200}") {
            let _ = SealedValue::read(&text);
        }
    }
}
