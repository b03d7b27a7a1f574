//! What an access is found by: who, whom, roles, ways and outcomes that are rare, and the words of its texts.

use std::collections::BTreeSet;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};
use trunkline_domain::access::{Entry, Outcome, Way};
use uuid::Uuid;

/// Words of one text that are searchable.
const WORDS_MAX: usize = 200;
/// The longest word, in characters; of a longer one the beginning counts.
const WORD_CHARS_MAX: usize = 64;

/// The hash of what an access can be found by. Hashes of 64 bits are as good as unique, and short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(pub i64);

impl Term {
    fn of(sort: &str, text: &str) -> Self {
        let hash = Sha256::new_with_prefix(sort).chain_update([0]).chain_update(text).finalize();
        let mut eight = [0; 8];
        eight.copy_from_slice(&hash[..8]);
        Self(i64::from_be_bytes(eight))
    }

    /// Who, as an actor.
    pub fn who(actor: &str) -> Self {
        Self::of("who", actor)
    }

    /// What rows are of, by its id: `customer:UUID`.
    pub fn thing(thing: &str) -> Self {
        Self::of("thing", thing)
    }

    /// A role.
    pub fn role(role: &str) -> Self {
        Self::of("role", role)
    }

    /// A way. Nothing for the one on which nearly everything comes: rows tell it as fast.
    pub fn way(way: Way) -> Option<Self> {
        (way != Way::Query).then(|| Self::of("way", way.as_str()))
    }

    /// An outcome; nothing for the usual one.
    pub fn outcome(outcome: Outcome) -> Option<Self> {
        (outcome != Outcome::Allowed).then(|| Self::of("outcome", outcome.as_str()))
    }

    /// That an emergency was in force.
    pub fn emergency() -> Self {
        Self::of("emergency", "")
    }

    /// A word of a text.
    pub fn word(word: &str) -> Self {
        Self::of("word", word)
    }
}

/// Everything that an access is found by.
pub(super) fn of(entry: &Entry) -> BTreeSet<Term> {
    let mut terms: BTreeSet<Term> = entry.things.iter().map(|thing| Term::thing(thing)).collect();
    terms.extend(entry.who.as_deref().map(Term::who));
    terms.extend(entry.roles.iter().map(|role| Term::role(role)));
    terms.extend(Term::way(entry.way));
    terms.extend(Term::outcome(entry.outcome));
    terms.extend(entry.emergency.then(Term::emergency));
    let texts = [&entry.reason, &entry.operation, &entry.code].into_iter().flatten().chain(&entry.fields);
    terms.extend(texts.flat_map(|text| words(text)).map(|word| Term::word(&word)));
    // Nobody knows a part of these only, and each part would cost every read of the centre a row.
    let names = [&entry.address, &entry.trace].into_iter().flatten();
    terms.extend(names.map(|name| Term::word(&name.to_lowercase())));
    terms
}

/// The words of a text: runs of letters and digits in lower case, and of ideographs, which have no spaces between words,
/// each one and each pair of neighbours.
fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let letters: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    for run in letters.chunk_by(|a, b| sort(*a) == sort(*b)) {
        match run.first().map(|first| sort(*first)) {
            Some(Sort::Ideograph) => {
                words.extend(run.iter().map(char::to_string));
                words.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
            }
            Some(Sort::Letter) => {
                words.insert(run.iter().take(WORD_CHARS_MAX).collect());
            }
            Some(Sort::Between) | None => {}
        }
        if words.len() >= WORDS_MAX {
            break;
        }
    }
    words
}

/// The words that a text is looked for by: pairs of ideographs say more than the single ones in them, and the address of a
/// machine or the name of a trace is one word.
pub fn sought(text: &str) -> BTreeSet<String> {
    let (whole, rest): (Vec<&str>, Vec<&str>) = text.split_whitespace().partition(|part| is_name(part));
    let words = words(&rest.join(" "));
    let is_single =
        |word: &str| word.chars().count() == 1 && word.chars().all(|c| sort(c) == Sort::Ideograph);
    let is_paired = |word: &str| words.iter().any(|pair| pair != word && pair.contains(word));
    let words = words.iter().filter(|word| !(is_single(word) && is_paired(word))).cloned();
    words.chain(whole.into_iter().map(str::to_lowercase)).collect()
}

/// Whether it is the address of a machine, or what names a trace: a UUID or so many hexadecimal digits.
fn is_name(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || Uuid::parse_str(text).is_ok()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Ideograph,
    Letter,
    Between,
}

fn sort(c: char) -> Sort {
    match u32::from(c) {
        0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x323af => Sort::Ideograph,
        _ if c.is_alphanumeric() || c == '_' => Sort::Letter,
        _ => Sort::Between,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_ideographs_one_and_two_at_a_time() {
        let found: Vec<String> = words("客户电话, Complaint no_42！").into_iter().collect();
        assert_eq!(found, ["complaint", "no_42", "客", "客户", "户", "户电", "电", "电话", "话"]);
        assert_eq!(words(" —— "), BTreeSet::new());
        let found: Vec<String> = sought("电话 a 王").into_iter().collect();
        assert_eq!(found, ["a", "王", "电话"]);
        let found: Vec<String> =
            sought("10.0.0.7 4BF92F3577B34DA6A3CE929D0E0E4736 v1.2").into_iter().collect();
        assert_eq!(found, ["10.0.0.7", "2", "4bf92f3577b34da6a3ce929d0e0e4736", "v1"]);
    }

    #[test]
    fn a_long_text_has_a_bounded_number_of_words() {
        assert!(words(&"王".repeat(10_000)).len() <= 2);
        let many: String = (0..10_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(words(&many).len(), WORDS_MAX);
    }
}
