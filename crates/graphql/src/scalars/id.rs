//! Relay ids: `kind:uuid`, the same text that tags the events of the thing in the log.

use async_graphql::ID;
use trunkline_kernel::Id;
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};

/// The id of a node.
pub(crate) fn global<I: Id>(id: I) -> ID {
    ID(format!("{}:{id}", I::KIND))
}

/// Reads the id of a thing of one kind: `kind:uuid`, or the bare UUID.
///
/// # Errors
/// Names the argument when the text is the id of something else or of nothing.
pub(crate) fn parse_id<I: Id>(field: &str, id: &ID) -> ApiResult<I> {
    id_of(id).ok_or_else(|| ApiError::input(field, not_an_id::<I>()))
}

/// The typed id in a text, when it is one of that kind.
pub(crate) fn id_of<I: Id>(text: &str) -> Option<I> {
    let key = match text.split_once(':') {
        Some((kind, key)) => (kind == I::KIND).then_some(key)?,
        None => text,
    };
    Uuid::try_parse(key).ok().map(I::from_uuid)
}

/// What to say of a text that is not an id of that kind.
pub(crate) fn not_an_id<I: Id>() -> String {
    format!("not the id of a {0}: give {0}:UUID or the UUID alone", I::KIND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_kernel::{AgentId, CustomerId};

    #[test]
    fn an_id_is_read_with_and_without_its_kind_and_never_as_another_kind() {
        let customer = CustomerId::from_uuid(Uuid::from_u128(7));
        assert_eq!(id_of::<CustomerId>(&global(customer)), Some(customer));
        assert_eq!(id_of::<CustomerId>(&customer.to_string()), Some(customer));
        assert_eq!(id_of::<AgentId>(&global(customer)), None);
        assert_eq!(id_of::<CustomerId>("customer:7"), None);
    }
}
