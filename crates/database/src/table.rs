//! Tables as Rust types: one declaration gives the row, its columns and its key.

use crate::{Kind, Result, Row, Value};

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
}

/// A table of a read model. What is stored is `name_gN`, one for each generation; `name` is a view.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name without a generation.
    pub name: &'static str,
    /// Its columns, in the order of [`TableRow::values`].
    pub columns: &'static [Column],
    /// The columns of its primary key.
    pub key: &'static [&'static str],
}

impl Table {
    /// The columns, separated by commas.
    pub fn column_list(&self) -> String {
        self.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    /// The type of a column.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        self.columns.iter().find(|column| column.name == name).map(|column| column.kind)
    }

    /// The table of one generation.
    pub fn of_generation(&self, generation: u32) -> String {
        format!("{}_g{generation}", self.name)
    }
}

/// A row of one table. Declared with [`table!`](crate::table!).
pub trait TableRow: Clone + Send + Sync + 'static {
    /// The table.
    const TABLE: &'static Table;

    /// The cells in the order of the columns.
    fn values(&self) -> Vec<Value>;

    /// Reads a row that has the table's columns by name.
    ///
    /// # Errors
    /// When a column is missing or has another type.
    fn read(row: &Row) -> Result<Self>;

    /// Reads a row that starts with the table's columns, in their order.
    ///
    /// # Errors
    /// As [`TableRow::read`].
    fn read_in_order(row: &Row) -> Result<Self>;
}

/// Declares a row and its table: `table! { /// Doc. pub struct Name = "table" key(id) { /// Doc. pub id: Type, … } }`.
#[macro_export]
macro_rules! table {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident = $table:literal key($($key:ident),+) {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $ty:ty),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $ty),+
        }

        impl $crate::TableRow for $name {
            const TABLE: &'static $crate::Table = &$crate::Table {
                name: $table,
                columns: &[$($crate::Column { name: stringify!($field), kind: <$ty as $crate::Cell>::KIND }),+],
                key: &[$(stringify!($key)),+],
            };

            fn values(&self) -> Vec<$crate::Value> {
                vec![$($crate::Cell::value(&self.$field)),+]
            }

            fn read(row: &$crate::Row) -> $crate::Result<Self> {
                Ok(Self { $($field: row.get(stringify!($field))?),+ })
            }

            fn read_in_order(row: &$crate::Row) -> $crate::Result<Self> {
                let mut places = 0..;
                Ok(Self { $($field: row.at(places.next().unwrap_or(usize::MAX))?),+ })
            }
        }
    };
}
