//! Ids that are made from texts, so that the same row always means the same thing.

use trunkline_kernel::Id;
use uuid::Uuid;

/// The namespace of all namespaces of imports. Permanent: another one would make every id another.
const IMPORTS: Uuid = Uuid::from_u128(0x3c0e_52d6_9f4b_4b55_8a54_61a7_8f0e_7d21);

/// The longest name of a namespace in bytes.
const NAME_BYTES_MAX: usize = 100;

/// Where the ids of a source come from. Two mappings with the same namespace mean the same things by the same
/// texts, for instance the customers of one CRM in two of its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace(Uuid);

impl Namespace {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(plain) {
            return Err(format!("takes 1 to {NAME_BYTES_MAX} letters, digits, `_`, `-` and `.`"));
        }
        Ok(Self(Uuid::new_v5(&IMPORTS, name.as_bytes())))
    }

    /// The id that a text stands for: itself when it is a UUID, and otherwise one made from the namespace, the
    /// kind of thing and the text (UUID version 5).
    pub fn id<I: Id>(self, text: &str) -> I {
        let uuid = Uuid::try_parse(text)
            .unwrap_or_else(|_| Uuid::new_v5(&self.0, format!("{}:{text}", I::KIND).as_bytes()));
        I::from_uuid(uuid)
    }
}

#[cfg(test)]
mod tests {
    use trunkline_kernel::{AgentId, CustomerId};

    use super::*;

    #[test]
    fn the_same_text_is_the_same_thing_of_a_kind_in_a_namespace() {
        let bank = Namespace::named("anonymous_bank").unwrap();
        let other = Namespace::named("other").unwrap();
        assert_eq!(bank.id::<AgentId>("YIFAT"), bank.id::<AgentId>("YIFAT"));
        assert_ne!(bank.id::<AgentId>("1").uuid(), bank.id::<CustomerId>("1").uuid());
        assert_ne!(bank.id::<AgentId>("1"), other.id::<AgentId>("1"));
    }

    #[test]
    fn ids_of_the_bank_never_change() {
        let bank = Namespace::named("anonymous_bank").unwrap();
        assert_eq!(bank.id::<AgentId>("YIFAT").to_string(), "af4d6392-88d9-5bed-8e2a-bc77700c2f89");
    }

    #[test]
    fn a_uuid_stands_for_itself() {
        let id = "0190b5f4-0000-7000-8000-000000000001";
        assert_eq!(Namespace::named("x").unwrap().id::<AgentId>(id).to_string(), id);
    }
}
