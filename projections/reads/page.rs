//! Pages by key: their cost does not grow with how far one has turned.

use trunkline_database::{AssertSqlSafe, Cell, Column, Kind, Row, TableRow, Value};
use trunkline_kernel::Timestamp;
use uuid::Uuid;

use super::{ReadError, ReadModels};

/// The most rows in a page.
pub const PAGE_ROWS_MAX: usize = 100;

/// A place in a list, opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(pub String);

/// Which end of what is left a page is taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// The first rows: `first` and `after` in Relay's words.
    #[default]
    First,
    /// The last rows: `last` and `before`.
    Last,
}

/// Which page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many rows, 1 to [`PAGE_ROWS_MAX`].
    pub limit: usize,
    /// From which end.
    pub end: End,
    /// Only rows after this place.
    pub after: Option<Cursor>,
    /// Only rows before this place.
    pub before: Option<Cursor>,
}

impl PageRequest {
    /// The first rows of a list.
    pub fn first(limit: usize) -> Self {
        Self { limit, end: End::First, after: None, before: None }
    }

    /// The last rows of a list.
    pub fn last(limit: usize) -> Self {
        Self { limit, end: End::Last, after: None, before: None }
    }

    /// The same, after this place.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// The same, before this place.
    #[must_use]
    pub fn before(mut self, cursor: Cursor) -> Self {
        self.before = Some(cursor);
        self
    }
}

/// A row with its place in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge<T> {
    /// Its place.
    pub cursor: Cursor,
    /// The row.
    pub row: T,
}

/// A page of a list, in the list's own order whichever end it was taken from.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub edges: Vec<Edge<T>>,
    /// Whether there are rows before; when a page is taken from the start it is only known that a place was given.
    pub has_previous: bool,
    /// Whether there are rows after; as `has_previous`, the other way round.
    pub has_next: bool,
}

impl<T> Page<T> {
    /// The rows without their places.
    pub fn rows(self) -> Vec<T> {
        self.edges.into_iter().map(|edge| edge.row).collect()
    }
}

/// A list under construction: one view, its order, and what rows must fulfil.
#[derive(Debug)]
pub(crate) struct Listing {
    order: &'static [&'static str],
    descending: bool,
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Listing {
    /// All rows, in the order of these columns, which together are unique.
    pub(crate) fn by(order: &'static [&'static str]) -> Self {
        Self { order, descending: false, conditions: Vec::new(), values: Vec::new() }
    }

    /// The other way round.
    pub(crate) fn newest_first(mut self) -> Self {
        self.descending = true;
        self
    }

    /// Only rows for which `condition` holds; `{}` in it stands for the value.
    pub(crate) fn only(&mut self, condition: &str, value: Value) {
        self.values.push(value);
        self.conditions.push(condition.replace("{}", &format!("${}", self.values.len())));
    }

    /// Only rows for which `condition`, which takes no value, holds.
    pub(crate) fn only_where(&mut self, condition: &str) {
        self.conditions.push(format!("({condition})"));
    }

    /// Only rows whose column has one of these values; no values mean no condition.
    pub(crate) fn only_in<C: Cell>(&mut self, column: &str, values: &[C]) {
        if values.is_empty() {
            return;
        }
        let marks: Vec<String> = values
            .iter()
            .map(|value| {
                self.values.push(value.value());
                format!("${}", self.values.len())
            })
            .collect();
        self.conditions.push(format!("{column} IN ({})", marks.join(", ")));
    }

    /// Reads one page.
    pub(crate) async fn page<T: TableRow>(
        mut self,
        models: &ReadModels,
        request: &PageRequest,
    ) -> Result<Page<T>, ReadError> {
        if !(1..=PAGE_ROWS_MAX).contains(&request.limit) {
            return Err(ReadError::Limit { what: "a page", limit: PAGE_ROWS_MAX });
        }
        let backwards = request.end == End::Last;
        if let Some(cursor) = &request.after {
            self.beyond::<T>(cursor, !self.descending)?;
        }
        if let Some(cursor) = &request.before {
            self.beyond::<T>(cursor, self.descending)?;
        }
        let direction = if self.descending == backwards { "ASC" } else { "DESC" };
        let columns: Vec<String> = self.order.iter().map(|column| format!("{column} {direction}")).collect();
        let order = self.order;
        let mut rows = self.fetch::<T>(models, &columns.join(", "), request.limit + 1).await?;
        let more = rows.len() > request.limit;
        rows.truncate(request.limit);
        models.note(T::TABLE.name, &rows)?;
        let mut edges = rows
            .iter()
            .map(|row| {
                let row = T::read_in_order(row)?;
                Ok(Edge { cursor: cursor_of(&row, order), row })
            })
            .collect::<Result<Vec<_>, ReadError>>()?;
        if backwards {
            edges.reverse();
        }
        let (has_previous, has_next) =
            if backwards { (more, request.before.is_some()) } else { (request.after.is_some(), more) };
        Ok(Page { edges, has_previous, has_next })
    }

    /// Reads the first rows in another order than the list's own, which an index has.
    pub(crate) async fn top<T: TableRow>(
        self,
        models: &ReadModels,
        order: &str,
        most: usize,
    ) -> Result<Vec<T>, ReadError> {
        if !(1..=PAGE_ROWS_MAX).contains(&most) {
            return Err(ReadError::Limit { what: "a page", limit: PAGE_ROWS_MAX });
        }
        let rows = self.fetch::<T>(models, order, most).await?;
        models.note(T::TABLE.name, &rows)?;
        Ok(rows.iter().map(T::read_in_order).collect::<Result<_, _>>()?)
    }

    /// How many rows there are.
    pub(crate) async fn count<T: TableRow>(mut self, models: &ReadModels) -> Result<i64, ReadError> {
        let conditions = self.conditions();
        let relation = models.relation(T::TABLE.name, &mut self.values);
        let sql = format!("SELECT CAST(COUNT(*) AS bigint) AS found FROM {relation} {conditions}");
        let row = models.database.fetch_optional(AssertSqlSafe(sql), self.values).await?;
        Ok(row.map_or(Ok(0), |row| row.get("found"))?)
    }

    async fn fetch<T: TableRow>(
        mut self,
        models: &ReadModels,
        order: &str,
        most: usize,
    ) -> Result<Vec<Row>, ReadError> {
        let conditions = self.conditions();
        let relation = models.relation(T::TABLE.name, &mut self.values);
        let columns = T::TABLE.column_list();
        let sql = format!("SELECT {columns} FROM {relation} {conditions} ORDER BY {order} LIMIT {most}");
        Ok(models.database.fetch(AssertSqlSafe(sql), self.values).await?)
    }

    fn conditions(&self) -> String {
        if self.conditions.is_empty() {
            String::new()
        } else {
            format!("WHERE {}", self.conditions.join(" AND "))
        }
    }

    fn beyond<T: TableRow>(&mut self, cursor: &Cursor, greater: bool) -> Result<(), ReadError> {
        let columns: Vec<&Column> = self
            .order
            .iter()
            .filter_map(|name| T::TABLE.columns.iter().find(|column| column.name == *name))
            .collect();
        let place = decode(cursor, &columns).ok_or(ReadError::Cursor)?;
        let marks: Vec<String> = place
            .into_iter()
            .map(|value| {
                self.values.push(value);
                format!("${}", self.values.len())
            })
            .collect();
        let sign = if greater { ">" } else { "<" };
        self.conditions.push(format!("({}) {sign} ({})", self.order.join(", "), marks.join(", ")));
        Ok(())
    }
}

fn cursor_of<T: TableRow>(row: &T, order: &[&str]) -> Cursor {
    let values = row.values();
    let parts: Vec<serde_json::Value> = order
        .iter()
        .filter_map(|name| T::TABLE.columns.iter().position(|column| column.name == *name))
        .map(|at| match &values[at] {
            Value::Null(_) => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::Real(value) => (*value).into(),
            Value::Text(value) => value.as_ref().into(),
            Value::Uuid(value) => value.to_string().into(),
            Value::Time(value) => value.micros().into(),
            Value::Json(value) => value.as_str().into(),
            Value::Bytes(value) => hex::encode(value).into(),
        })
        .collect();
    Cursor(hex::encode(serde_json::Value::from(parts).to_string()))
}

fn decode(cursor: &Cursor, columns: &[&Column]) -> Option<Vec<Value>> {
    let bytes = hex::decode(&cursor.0).ok()?;
    let parts: Vec<serde_json::Value> = serde_json::from_slice(&bytes).ok()?;
    if parts.len() != columns.len() {
        return None;
    }
    parts.iter().zip(columns).map(|(part, column)| place(part, column.kind)).collect()
}

fn place(part: &serde_json::Value, kind: Kind) -> Option<Value> {
    match kind {
        Kind::Int => part.as_i64().map(Value::Int),
        Kind::Time => part.as_i64().map(|micros| Value::Time(Timestamp::from_micros(micros))),
        Kind::Text => part.as_str().map(|text| Value::Text(text.to_owned().into())),
        Kind::Uuid => part.as_str().and_then(|text| Uuid::try_parse(text).ok()).map(Value::Uuid),
        // No list is ordered by such a column.
        Kind::Bool | Kind::Real | Kind::Json | Kind::Bytes => None,
    }
}
