//! Pages of connections: `first`/`after` forwards, `last`/`before` backwards.

use async_graphql::OutputType;
use async_graphql::connection::{Connection, Edge};
use trunkline_projections::reads::{self, Cursor, End, PageRequest};

use crate::config::{PAGE_DEFAULT, PAGE_MAX};
use crate::error::{ApiError, ApiResult, ErrorCode};

/// Which end of the list a page is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Start,
    End,
}

/// A page that was asked for. The size has been checked; cursors are read by whoever made them.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub from: From,
    pub size: usize,
    pub after: Option<String>,
    pub before: Option<String>,
}

impl Page {
    /// Checks the four arguments of a connection.
    ///
    /// # Errors
    /// When the size is not 1 to 100, or both ends are asked for at once.
    pub(crate) fn of(
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> ApiResult<Self> {
        let (from, field, size) = match (first, last) {
            (Some(_), Some(_)) => {
                return Err(ApiError::new(ErrorCode::PageSize, "Give `first` or `last`, not both."));
            }
            (Some(first), None) => (From::Start, "first", first),
            (None, Some(last)) => (From::End, "last", last),
            (None, None) => return Ok(Self { from: From::Start, size: PAGE_DEFAULT, after, before }),
        };
        match usize::try_from(size) {
            Ok(size) if (1..=PAGE_MAX).contains(&size) => Ok(Self { from, size, after, before }),
            _ => Err(ApiError::new(
                ErrorCode::PageSize,
                format!("`{field}` is {size}; a page has 1 to {PAGE_MAX} entries."),
            )
            .with("field", field)),
        }
    }

    /// Cuts a list that was read with one entry too many to the page, in the order of the list, and says
    /// whether there is a page before and one after it.
    pub(crate) fn cut<T>(&self, mut found: Vec<T>) -> (Vec<T>, bool, bool) {
        let more = found.len() > self.size;
        found.truncate(self.size);
        match self.from {
            From::Start => (found, self.after.is_some(), more),
            From::End => {
                found.reverse();
                (found, more, self.before.is_some())
            }
        }
    }
}

/// What a list costs beside its entries when each thing that has one needs a statement of its own for it: it bounds
/// how many such lists one operation can ask for.
pub(crate) const STATEMENT_COST: usize = 50;

/// What a page costs: its entries times what one of them costs.
pub(crate) fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let asked = first.or(last).and_then(|size| usize::try_from(size).ok()).unwrap_or(PAGE_DEFAULT);
    1 + asked.min(PAGE_MAX).saturating_mul(child)
}

impl Page {
    /// The same page in the words of the read models.
    pub(crate) fn request(&self) -> PageRequest {
        PageRequest {
            limit: self.size,
            end: match self.from {
                From::Start => End::First,
                From::End => End::Last,
            },
            after: self.after.clone().map(Cursor),
            before: self.before.clone().map(Cursor),
        }
    }
}

/// A page of rows as a connection.
pub(crate) fn connection<R, N: OutputType>(
    page: reads::Page<R>,
    node: impl Fn(R) -> N,
) -> Connection<String, N> {
    let mut connection = Connection::new(page.has_previous, page.has_next);
    let edges = page.edges.into_iter().map(|edge| Edge::new(edge.cursor.0, node(edge.row)));
    connection.edges = edges.collect();
    connection
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_1_to_100_entries() {
        for (first, fits) in [(0, false), (1, true), (100, true), (101, false), (-1, false)] {
            assert_eq!(Page::of(Some(first), None, None, None).is_ok(), fits, "{first}");
            assert_eq!(Page::of(None, None, Some(first), None).is_ok(), fits, "{first}");
        }
        let both = Page::of(Some(1), None, Some(1), None).map(|page| page.size).map_err(|error| error.code());
        assert_eq!(both, Err(ErrorCode::PageSize));
        assert_eq!(Page::of(None, None, None, None).map(|page| page.size).ok(), Some(PAGE_DEFAULT));
    }

    #[test]
    fn a_backward_page_is_given_in_the_order_of_the_list() {
        let page = Page::of(None, None, Some(2), Some("9".into())).ok().unwrap();
        assert_eq!(page.cut(vec![8, 7, 6]), (vec![7, 8], true, true));
        let page = Page::of(Some(2), None, None, None).ok().unwrap();
        assert_eq!(page.cut(vec![1, 2]), (vec![1, 2], false, false));
    }
}
