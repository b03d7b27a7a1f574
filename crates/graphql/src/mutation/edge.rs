//! The edge: texts of clients become typed values, and what cannot become one is told field by field.

use std::collections::BTreeMap;
use std::fmt::Display;

use async_graphql::{ID, InputObject, SimpleObject};
use trunkline_domain::messages::{self, Language};
use trunkline_kernel::{Id, Millis, Personal, PhoneNumber};

use crate::access::Named;
use crate::scalars::{id_of, not_an_id};

/// Why a mutation did nothing: a rule of the business, or a value that cannot be taken.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserError {
    /// The stable code, for instance `CALL_NOT_RINGING`. Each has a page under `schema/errors`.
    pub code: String,
    /// The field of the input that it is about, when it is about one.
    pub field: Option<String>,
    /// What was wrong and what to do, in the language of the request's `Accept-Language`: English or Chinese.
    pub message: String,
}

/// The code of a value that cannot be taken.
const INVALID_VALUE: &str = "INVALID_VALUE";

/// Collects what is wrong with the fields of one input, so that a client learns of everything at once.
#[derive(Default)]
pub(crate) struct Fields {
    errors: Vec<UserError>,
    named: Vec<Named>,
}

impl Fields {
    /// Takes a parsed value, or notes what was wrong with it.
    pub(crate) fn take<T, E: Display>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.refuse(field, error)).ok()
    }

    /// Notes what is wrong with a field.
    pub(crate) fn refuse(&mut self, field: &str, message: impl Display) {
        self.errors.push(UserError {
            code: INVALID_VALUE.to_owned(),
            field: Some(field.to_owned()),
            message: message.to_string(),
        });
    }

    /// An id that must be given.
    pub(crate) fn id<I: Id>(&mut self, field: &str, id: &ID) -> Option<I> {
        let parsed: Option<I> = id_of(id);
        match parsed {
            Some(id) => {
                self.named.push(Named { kind: I::KIND, id: id.uuid(), field: field.to_owned() });
            }
            None => self.refuse(field, not_an_id::<I>()),
        }
        parsed
    }

    /// An id that may be given. The outer option is empty when it is wrong.
    pub(crate) fn optional_id<I: Id>(&mut self, field: &str, id: Option<&ID>) -> Option<Option<I>> {
        match id {
            Some(id) => self.id(field, id).map(Some),
            None => Some(None),
        }
    }

    /// A telephone number that may be given.
    pub(crate) fn optional_phone(
        &mut self,
        field: &str,
        text: Option<&str>,
    ) -> Option<Option<Personal<PhoneNumber>>> {
        match text {
            Some(text) => {
                self.take(field, PhoneNumber::parse(text, None)).map(|number| Some(Personal::Open(number)))
            }
            None => Some(None),
        }
    }

    /// A length of time that may be given and does not run backwards.
    pub(crate) fn optional_millis(&mut self, field: &str, millis: Option<i64>) -> Option<Option<Millis>> {
        match millis {
            Some(millis) if millis < 0 => {
                self.refuse(field, "a length of time in milliseconds is not negative");
                None
            }
            millis => Some(millis.map(Millis)),
        }
    }

    /// Everything that is named by its id: the caller must see it.
    pub(crate) fn named(&mut self) -> Vec<Named> {
        std::mem::take(&mut self.named)
    }

    /// What was wrong; nothing when everything could be taken. The English texts say what each field takes, the
    /// Chinese one is general.
    pub(crate) fn into_errors(mut self, language: Language) -> Vec<UserError> {
        if language == Language::Chinese
            && let Some(told) = messages::text(INVALID_VALUE, language)
        {
            self.errors.iter_mut().for_each(|error| error.message.clone_from(&told));
        }
        self.errors
    }
}

/// One named text.
#[derive(InputObject)]
pub(crate) struct AttributeInput {
    /// The name.
    pub name: String,
    /// The text.
    pub value: String,
}

/// Named texts as a map; of two with one name the later holds.
pub(crate) fn attributes<T: From<String>>(given: Option<Vec<AttributeInput>>) -> BTreeMap<String, T> {
    given
        .unwrap_or_default()
        .into_iter()
        .map(|attribute| (attribute.name, T::from(attribute.value)))
        .collect()
}

/// A text about a person, not yet sealed.
pub(crate) fn personal(text: Option<String>) -> Option<Personal<String>> {
    text.map(Personal::Open)
}
