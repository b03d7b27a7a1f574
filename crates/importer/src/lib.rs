//! Imports of calls, customers, agents, interactions, leads and campaigns from CSV and TSV files, by a mapping that
//! says what the rows mean. `docs/import.md` describes the language of mappings.

mod args;
mod calendar;
mod command;
mod condition;
mod document;
mod ids;
mod mapping;
mod plan;
mod reader;
mod run;
mod template;
mod value;
mod vocabulary;

pub use document::MappingError;
pub use ids::Namespace;
pub use mapping::Mapping;
pub use reader::{BadRow, Encoding, Format, Row, Rows};
pub use run::{ImportError, Observer, Options, Summary, import};
pub use vocabulary::{Field, VOCABULARY, Vocable, markdown};
