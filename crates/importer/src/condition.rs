//! Conditions of a step: `{outcome} = AGENT | HANG`, `{q_exit} != 0:00:00`, `{agent} is given`,
//! `{agent} is missing`.

use crate::template::{Slot, Template};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Is(Vec<String>),
    IsNot(Vec<String>),
    Given,
    Missing,
}

/// One condition. All conditions of a step must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) left: Template,
    test: Test,
}

impl Condition {
    pub(crate) fn parse(text: &str, find: &dyn Fn(&str) -> Result<Slot, String>) -> Result<Self, String> {
        let choices = |right: &str| right.split('|').map(|choice| choice.trim().to_owned()).collect();
        let (left, test) = if let Some(left) = text.trim_end().strip_suffix(" is given") {
            (left, Test::Given)
        } else if let Some(left) = text.trim_end().strip_suffix(" is missing") {
            (left, Test::Missing)
        } else if let Some((left, right)) = text.split_once(" != ") {
            (left, Test::IsNot(choices(right)))
        } else if let Some((left, right)) = text.split_once(" = ") {
            (left, Test::Is(choices(right)))
        } else {
            return Err(format!(
                "has the condition {text:?}; a condition is `{{column}} = A | B`, `{{column}} != A | B`, \
                 `{{column}} is given` or `{{column}} is missing`"
            ));
        };
        Ok(Self { left: Template::parse(left.trim(), find)?, test })
    }

    /// Whether it holds for what its left side says.
    pub(crate) fn holds(&self, left: &str) -> bool {
        match &self.test {
            Test::Is(choices) => choices.iter().any(|choice| choice == left),
            Test::IsNot(choices) => !choices.iter().any(|choice| choice == left),
            Test::Given => !left.is_empty(),
            Test::Missing => left.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(text: &str) -> Condition {
        Condition::parse(text, &|_| Ok(Slot::Column(0))).unwrap()
    }

    #[test]
    fn a_condition_compares_with_one_or_several_texts() {
        assert!(condition("{a} = AGENT | HANG").holds("HANG"));
        assert!(!condition("{a} = AGENT | HANG").holds("PHANTOM"));
        assert!(condition("{a} != 0:00:00").holds("7:02:47"));
        assert!(!condition("{a} != 0:00:00").holds("0:00:00"));
        assert!(condition("{a} is given").holds("x") && !condition("{a} is given").holds(""));
        assert!(condition("{a} is missing").holds("") && !condition("{a} is missing").holds("x"));
    }

    #[test]
    fn anything_else_is_refused_with_the_forms_that_are_allowed() {
        let refusal = Condition::parse("{a} > 3", &|_| Ok(Slot::Column(0))).unwrap_err();
        assert!(refusal.contains("is missing"), "{refusal}");
    }
}
