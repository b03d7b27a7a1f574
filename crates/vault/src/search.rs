//! Searching in sealed names: keyed hashes of the parts of a name, kept beside it in a read model.
//!
//! A name is brought into one spelling and cut into its beginnings, its pairs of neighbouring characters and, where
//! it is written in ideographs, its single characters. Each part is hashed under the blind-index key, so that the
//! table tells nothing to who has no key; erasing a person deletes the rows.

use std::collections::BTreeSet;

use trunkline_kernel::BlindKey;

/// Beginnings that are kept of a name, in characters; longer ones are found by these and their pairs.
const PREFIX_CHARS_MAX: usize = 6;
/// Characters of a name that are searchable.
const NAME_CHARS_MAX: usize = 64;

const PURPOSE: &str = "name search 1";

/// The hash of one part of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub i64);

/// What is looked for in names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought<'a> {
    /// Names that begin so.
    Prefix(&'a str),
    /// Names that have this somewhere.
    Part(&'a str),
}

/// What is looked for is too short to be found: two letters, or one ideograph, at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("names are searched by two letters or one Chinese character at least")]
pub struct TooShort;

/// Every token of a name.
pub fn tokens(key: &BlindKey, name: &str) -> Vec<Token> {
    let chars = spelling(name);
    let mut parts = BTreeSet::new();
    for length in 1..=chars.len().min(PREFIX_CHARS_MAX) {
        parts.insert(prefix(&chars[..length]));
    }
    parts.extend(inner(&chars));
    parts.iter().map(|part| token(key, part)).collect()
}

/// The tokens that a name must have to be found.
///
/// # Errors
/// When nothing is left to look for.
pub fn sought(key: &BlindKey, what: Sought<'_>) -> Result<Vec<Token>, TooShort> {
    let (text, from_start) = match what {
        Sought::Prefix(text) => (text, true),
        Sought::Part(text) => (text, false),
    };
    let chars = spelling(text);
    let mut parts = BTreeSet::new();
    if from_start && !chars.is_empty() {
        parts.insert(prefix(&chars[..chars.len().min(PREFIX_CHARS_MAX)]));
    }
    if !from_start || chars.len() > PREFIX_CHARS_MAX {
        // Pairs say more than the single characters in them.
        parts.extend(inner(&chars).into_iter().filter(|part| chars.len() == 1 || part.chars().count() > 2));
    }
    if parts.is_empty() {
        return Err(TooShort);
    }
    Ok(parts.iter().map(|part| token(key, part)).collect())
}

/// Whether a readable name is what is looked for: what tokens promise, exactly.
pub fn matches(name: &str, what: Sought<'_>) -> bool {
    let name: String = spelling(name).into_iter().collect();
    match what {
        Sought::Prefix(text) => name.starts_with(&spelling(text).into_iter().collect::<String>()),
        Sought::Part(text) => name.contains(&spelling(text).into_iter().collect::<String>()),
    }
}

fn spelling(text: &str) -> Vec<char> {
    text.trim().chars().map(half_width).flat_map(char::to_lowercase).take(NAME_CHARS_MAX).collect()
}

/// Full-width Latin letters and digits, as Chinese input methods give them, count as the usual ones.
fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

fn prefix(chars: &[char]) -> String {
    std::iter::once('^').chain(chars.iter().copied()).collect()
}

/// Pairs of neighbours, and single ideographs.
fn inner(chars: &[char]) -> Vec<String> {
    let pairs = chars.windows(2).map(|pair| std::iter::once('=').chain(pair.iter().copied()).collect());
    let singles = chars.iter().filter(|c| is_ideograph(**c)).map(|c| format!("={c}"));
    pairs.chain(singles).collect()
}

/// CJK ideographs of every block, by their code points in Unicode 16.
fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x323af)
}

fn token(key: &BlindKey, part: &str) -> Token {
    let hash = key.hash(PURPOSE, part.as_bytes());
    let mut eight = [0; 8];
    eight.copy_from_slice(&hash[..8]);
    Token(i64::from_be_bytes(eight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> BlindKey {
        BlindKey::new([3; 32])
    }

    fn finds(name: &str, what: Sought<'_>) -> bool {
        let has: BTreeSet<_> = tokens(&key(), name).into_iter().collect();
        sought(&key(), what).unwrap().iter().all(|token| has.contains(token))
    }

    #[test]
    fn names_are_found_by_their_beginning_and_by_any_part() {
        for (name, what, found) in [
            ("王小明", Sought::Prefix("王"), true),
            ("王小明", Sought::Prefix("王小"), true),
            ("王小明", Sought::Prefix("小明"), false),
            ("王小明", Sought::Part("小"), true),
            ("王小明", Sought::Part("小明"), true),
            ("王小明", Sought::Part("明小"), false),
            ("Alexandra Chen", Sought::Prefix("alexandra c"), true),
            ("Alexandra Chen", Sought::Prefix("alexandra d"), false),
            ("Alexandra Chen", Sought::Part("CHEN"), true),
            ("Ａｌｅｘ", Sought::Part("lex"), true),
            ("𠀀小明", Sought::Part("𠀀"), true),
        ] {
            assert_eq!(finds(name, what), found, "{name} by {what:?}");
            assert_eq!(matches(name, what), found, "{name} by {what:?}, readable");
        }
    }

    #[test]
    fn one_letter_is_too_little_and_one_ideograph_is_not() {
        assert_eq!(sought(&key(), Sought::Part("a")), Err(TooShort));
        assert_eq!(sought(&key(), Sought::Part(" ")), Err(TooShort));
        assert_eq!(sought(&key(), Sought::Prefix("a")).unwrap().len(), 1);
        assert_eq!(sought(&key(), Sought::Part("王")).unwrap().len(), 1);
    }

    #[test]
    fn a_name_has_few_tokens_and_another_key_gives_others() {
        assert_eq!(tokens(&key(), "王小明").len(), 3 + 2 + 3);
        assert!(tokens(&key(), &"x".repeat(10_000)).len() < 2 * NAME_CHARS_MAX);
        let other = tokens(&BlindKey::new([4; 32]), "王小明");
        assert!(tokens(&key(), "王小明").iter().all(|token| !other.contains(token)));
    }
}
