//! The record of reads: searches by any combination of terms, newest first.

use std::collections::{BTreeMap, BTreeSet};

use trunkline_access::Role;
use trunkline_database::{AssertSqlSafe, Cell, TableRow as _, Value};
use trunkline_domain::access::{Outcome, Way};
use trunkline_kernel::Position;

use super::page::{Edge, Listing};
use super::{Page, PageRequest, ReadError, ReadModels, read_all};
use crate::audit::{AccessRow, Term, TermRow, first, sought};
use crate::words::As;

/// Of two terms the rarer leads the search; of those that are more frequent than this it does not matter which.
const RARE: usize = 1_000;
/// How many terms one search takes.
const SEARCH_TERMS_MAX: usize = 16;

/// Which accesses; empty means all.
#[derive(Clone, Debug, Default)]
pub struct AccessFilter {
    /// Only those by this actor.
    pub who: Option<String>,
    /// Only those that gave rows of this thing or person: `customer:UUID`.
    pub thing: Option<String>,
    /// Only those by somebody with this role.
    pub role: Option<Role>,
    /// Only those on this way.
    pub way: Option<Way>,
    /// Only those that came to this.
    pub outcome: Option<Outcome>,
    /// Only those while an emergency was in force.
    pub emergency: bool,
    /// Only those with every word of this in their reason, name, fields, code, address or trace.
    pub text: Option<String>,
    /// Only those recorded after this position.
    pub after: Option<Position>,
    /// Only those recorded up to this position.
    pub until: Option<Position>,
}

impl AccessFilter {
    fn terms(&self) -> BTreeSet<Term> {
        let mut terms: BTreeSet<Term> = self.who.as_deref().map(Term::who).into_iter().collect();
        terms.extend(self.thing.as_deref().map(Term::thing));
        terms.extend(self.role.map(|role| Term::role(role.as_str())));
        terms.extend(self.way.and_then(Term::way));
        terms.extend(self.outcome.and_then(Term::outcome));
        terms.extend(self.emergency.then(Term::emergency));
        let words = self.text.as_deref().map(sought).unwrap_or_default();
        terms.extend(words.iter().map(|word| Term::word(word)));
        terms
    }

    /// What rows must fulfil, where no term says it.
    fn conditions(&self) -> Vec<(&'static str, Value)> {
        let way = self.way.filter(|way| Term::way(*way).is_none());
        let outcome = self.outcome.filter(|outcome| Term::outcome(*outcome).is_none());
        let way = way.map(|way| ("way = {}", As(way).value()));
        let outcome = outcome.map(|outcome| ("outcome = {}", As(outcome).value()));
        way.into_iter().chain(outcome).collect()
    }

    fn within(&self, list: &mut Listing) {
        if let Some(after) = self.after {
            list.only("entry >= {}", first(after.plus(1).0).value());
        }
        if let Some(until) = self.until {
            list.only("entry < {}", first(until.plus(1).0).value());
        }
    }
}

impl ReadModels {
    /// Accesses, the newest first.
    ///
    /// # Errors
    /// When the page is malformed or the text has too many words, and when the database fails.
    pub async fn accesses(
        &self,
        filter: &AccessFilter,
        page: &PageRequest,
    ) -> Result<Page<AccessRow>, ReadError> {
        let terms = filter.terms();
        if terms.len() > SEARCH_TERMS_MAX {
            return Err(ReadError::Limit { what: "a search's terms", limit: SEARCH_TERMS_MAX });
        }
        let mut list = Listing::by(&["entry"]).newest_first();
        filter.within(&mut list);
        let terms = self.rarest_first(terms).await?;
        let Some((rarest, others)) = terms.split_first() else {
            for (condition, value) in filter.conditions() {
                list.only(condition, value);
            }
            return list.page(self, page).await;
        };
        list.only("term = {}", rarest.0.value());
        for other in others {
            let test =
                "EXISTS (SELECT 1 FROM access_terms AS o WHERE o.term = {} AND o.entry = access_terms.entry)";
            list.only(test, other.0.value());
        }
        for (condition, value) in filter.conditions() {
            let test = "EXISTS (SELECT 1 FROM access_entries AS o WHERE o.entry = access_terms.entry AND o.";
            list.only(&format!("{test}{condition})"), value);
        }
        let found: Page<TermRow> = list.page(self, page).await?;
        self.entries(found).await
    }

    /// The accesses that a page of terms leads to.
    async fn entries(&self, found: Page<TermRow>) -> Result<Page<AccessRow>, ReadError> {
        let Page { edges, has_previous, has_next } = found;
        let mut values: Vec<Value> = edges.iter().map(|edge| edge.row.entry.value()).collect();
        if values.is_empty() {
            return Ok(Page { edges: Vec::new(), has_previous, has_next });
        }
        let marks: Vec<String> = (1..=values.len()).map(|at| format!("${at}")).collect();
        let relation = self.relation("access_entries", &mut values);
        let columns = AccessRow::TABLE.column_list();
        let sql = format!("SELECT {columns} FROM {relation} WHERE entry IN ({})", marks.join(", "));
        let rows: Vec<AccessRow> = read_all(&self.database.fetch(AssertSqlSafe(sql), values).await?)?;
        let row = |edge: Edge<TermRow>| {
            let row = rows.iter().find(|row| row.entry == edge.row.entry)?.clone();
            Some(Edge { cursor: edge.cursor, row })
        };
        Ok(Page { edges: edges.into_iter().filter_map(row).collect(), has_previous, has_next })
    }

    /// The terms, the one that fewest accesses have first.
    async fn rarest_first(&self, terms: BTreeSet<Term>) -> Result<Vec<Term>, ReadError> {
        let mut terms: Vec<Term> = terms.into_iter().collect();
        if terms.len() < 2 {
            return Ok(terms);
        }
        let mut counts = BTreeMap::new();
        for term in &terms {
            let mut values = vec![term.0.value()];
            let relation = self.relation("access_terms", &mut values);
            let sql = format!(
                "SELECT CAST(COUNT(*) AS bigint) AS found FROM (SELECT 1 FROM {relation} WHERE term = $1 LIMIT {RARE}) AS n"
            );
            let row = self.database.fetch_optional(AssertSqlSafe(sql), values).await?;
            let found: i64 = row.map_or(Ok(0), |row| row.get("found"))?;
            counts.insert(*term, found);
        }
        terms.sort_by_key(|term| counts.get(term).copied());
        Ok(terms)
    }
}
