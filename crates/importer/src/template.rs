//! Texts with places for columns and values: `{date} {vru_entry}`.

/// Where a place in a template takes its text from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// A column of the row.
    Column(usize),
    /// A value of the mapping.
    Value(usize),
    /// All columns of the row, joined: what makes a row without a key of its own recognisable.
    Row,
    /// The number of the row's first line in the file.
    Line,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Slot(Slot),
}

/// A text with places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

impl Template {
    /// Reads a template. `{{` and `}}` are braces, `{name}` is a place; `find` says what the name means.
    pub(crate) fn parse(text: &str, find: &dyn Fn(&str) -> Result<Slot, String>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                literal.push_str(brace);
                rest = after;
            } else if brace == "{" {
                let (name, after) = rest.split_once('}').ok_or_else(|| {
                    "has an open brace without a closing one; `{{` writes a brace".to_owned()
                })?;
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::Slot(find(name)?));
                rest = after;
            } else {
                return Err("has a closing brace without an open one; `}}` writes a brace".to_owned());
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self(parts))
    }

    /// The names in a template, without asking what they mean.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.0.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Slot(slot) => Some(*slot),
        })
    }

    /// Fills the places. The text has no white space at its ends.
    pub(crate) fn fill<E>(
        &self,
        mut get: impl FnMut(Slot, &mut String) -> Result<(), E>,
    ) -> Result<String, E> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Slot(slot) => get(*slot, &mut text)?,
            }
        }
        let trimmed = text.trim();
        if trimmed.len() != text.len() {
            text = trimmed.to_owned();
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Template, String> {
        Template::parse(text, &|name| match name {
            "date" => Ok(Slot::Column(0)),
            "time" => Ok(Slot::Column(1)),
            _ => Err(format!("{name}?")),
        })
    }

    fn filled(text: &str) -> String {
        parse(text)
            .unwrap()
            .fill(|slot, out| -> Result<(), ()> {
                out.push_str(if slot == Slot::Column(0) { "990201" } else { "7:02:47" });
                Ok(())
            })
            .unwrap()
    }

    #[test]
    fn places_are_filled_and_doubled_braces_are_braces() {
        assert_eq!(filled("{date} {time}"), "990201 7:02:47");
        assert_eq!(filled("a{{b}}c{date}"), "a{b}c990201");
        assert_eq!(filled("  plain "), "plain");
        assert_eq!(filled("银行{date}"), "银行990201");
    }

    #[test]
    fn a_brace_alone_and_an_unknown_name_are_refused() {
        assert!(parse("{date").unwrap_err().contains("closing"));
        assert!(parse("date}").unwrap_err().contains("open"));
        assert_eq!(parse("{dat}").unwrap_err(), "dat?");
    }
}
