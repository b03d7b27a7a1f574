//! How a masked value looks: it can be recognised by who knows it and is of no use to who does not.

use crate::Class;

/// How many characters of a number stay at its end.
const TAIL: usize = 4;

/// A value as it is shown masked; nothing where nothing may be left of it.
pub fn mask(class: Class, value: &str) -> Option<String> {
    match class {
        Class::Name | Class::Staff => value.chars().next().map(|first| format!("{first}**")),
        Class::Contact => contact(value),
        Class::Words => None,
    }
}

fn contact(value: &str) -> Option<String> {
    if let Some((name, domain)) = value.split_once('@') {
        return Some(format!("{}***@{domain}", name.chars().next()?));
    }
    // Chinese numbers are shown as people write them, without the country.
    let value = value.strip_prefix("+86").unwrap_or(value);
    let length = value.chars().count();
    // Of what is short, nothing is shown that is not hidden in the same measure.
    let head = length.saturating_sub(TAIL + 4).min(3);
    if head == 0 {
        return Some("****".to_owned());
    }
    let start: String = value.chars().take(head).collect();
    let end: String = value.chars().skip(length - TAIL).collect();
    Some(format!("{start}****{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_value_can_be_recognised_and_not_used() {
        let cases = [
            (Class::Contact, "+8613812341234", Some("138****1234")),
            (Class::Contact, "+447700900123", Some("+44****0123")),
            (Class::Contact, "wang@example.com", Some("w***@example.com")),
            (Class::Contact, "1234567", Some("****")),
            (Class::Contact, "", Some("****")),
            (Class::Contact, "@example.com", None),
            (Class::Name, "王小明", Some("王**")),
            (Class::Name, "", None),
            (Class::Staff, "Li Wei", Some("L**")),
            (Class::Words, "asked for her husband", None),
        ];
        for (class, value, masked) in cases {
            assert_eq!(mask(class, value).as_deref(), masked, "{value}");
        }
    }

    #[test]
    fn at_least_four_characters_of_a_number_are_hidden() {
        for length in 0..30 {
            let number: String = "123456789012345678901234567890".chars().take(length).collect();
            let shown = mask(Class::Contact, &number).unwrap();
            let kept = shown.chars().filter(|letter| *letter != '*').count();
            assert!(kept == 0 || kept + 4 <= length, "{number} is shown as {shown}");
        }
    }
}
