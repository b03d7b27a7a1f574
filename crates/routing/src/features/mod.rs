//! Vectors that describe customers and agents to a model, declared as data.
//!
//! A [`Schema`] says which named values become which numbers. It has a version: a model that was trained on one
//! version is refused another.

mod encoder;
mod shrink;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use encoder::Encoder;
pub use shrink::{Sample, Shrinkage};
pub use table::Table;

/// One named value before it is encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A quantity.
    Number(f64),
    /// A category.
    Text(String),
}

/// What is known of one customer or agent, by name.
pub type Values = BTreeMap<String, Value>;

/// How one named value is encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feature {
    /// The name of the value.
    pub name: String,
    /// What is made of it.
    #[serde(flatten)]
    pub encoder: Encoder,
}

/// A declaration of features, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Declaration", into = "Declaration")]
pub struct Schema {
    declaration: Declaration,
    columns: Vec<String>,
    /// Where the columns of each feature begin.
    begins: Vec<usize>,
}

/// A schema as it is written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Declaration {
    /// Whom it describes: `customer` or `agent`.
    pub of: String,
    /// Raised with every change.
    pub version: u32,
    /// The features, in the order of their columns.
    pub features: Vec<Feature>,
}

/// The most columns of one schema.
pub const COLUMNS_MAX: usize = 4_096;

/// Why a declaration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchema {
    /// Two columns would have one name.
    #[error("the column {0:?} is declared twice")]
    Twice(String),
    /// An encoder has no possible meaning.
    #[error("the feature {feature:?}: {why}")]
    Encoder {
        /// Which feature.
        feature: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Too wide.
    #[error("{0} columns; at most {COLUMNS_MAX} are possible")]
    TooWide(usize),
}

impl TryFrom<Declaration> for Schema {
    type Error = InvalidSchema;

    fn try_from(declaration: Declaration) -> Result<Self, InvalidSchema> {
        let mut columns = Vec::new();
        let mut begins = Vec::new();
        for feature in &declaration.features {
            let wrong = |why| InvalidSchema::Encoder { feature: feature.name.clone(), why };
            feature.encoder.check().map_err(wrong)?;
            begins.push(columns.len());
            columns.extend(feature.encoder.columns(&feature.name));
            if columns.len() > COLUMNS_MAX {
                return Err(InvalidSchema::TooWide(columns.len()));
            }
        }
        let mut seen = BTreeSet::new();
        match columns.iter().find(|column| !seen.insert(column.as_str())) {
            Some(twice) => Err(InvalidSchema::Twice(twice.clone())),
            None => Ok(Self { declaration, columns, begins }),
        }
    }
}

impl From<Schema> for Declaration {
    fn from(schema: Schema) -> Self {
        schema.declaration
    }
}

impl Schema {
    /// Whom it describes.
    pub fn of(&self) -> &str {
        &self.declaration.of
    }

    /// Raised with every change.
    pub fn version(&self) -> u32 {
        self.declaration.version
    }

    /// The names of the columns, in order: `value`, `industry=retail`.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Where the column of that name is.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The vector of these values. What is missing, or of another kind than declared, is NaN, except for one-hot
    /// and hashing, where a missing category is no category: zeros.
    pub fn encode(&self, values: &Values) -> Vec<f32> {
        let mut row = Vec::with_capacity(self.columns.len());
        for feature in &self.declaration.features {
            feature.encoder.encode(values.get(&feature.name), &mut row);
        }
        row
    }

    /// Encodes one value anew in a vector of this schema; what the schema does not declare changes nothing.
    pub fn encode_one(&self, name: &str, value: &Value, row: &mut [f32]) {
        let declared = self.declaration.features.iter().zip(&self.begins);
        for (feature, begin) in declared.filter(|(feature, _)| feature.name == name) {
            let mut cells = Vec::new();
            feature.encoder.encode(Some(value), &mut cells);
            if let Some(place) = row.get_mut(*begin..*begin + cells.len()) {
                place.copy_from_slice(&cells);
            }
        }
    }

    /// Whether a feature of that name is declared.
    pub fn declares(&self, name: &str) -> bool {
        self.declaration.features.iter().any(|feature| feature.name == name)
    }
}
