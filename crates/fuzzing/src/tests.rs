//! Every input of the corpora goes through its target with every test, and so do some thousand inputs that are made of them.

use std::fs;
use std::path::{Path, PathBuf};

use super::{TARGETS, Target};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// How many inputs are made of each one of a corpus.
const BENT: usize = 20;

fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target.name);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no corpus", target.name);
    files.into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

/// Bytes that mean something to the readers.
const TELLING: &[u8] = b"\"{}[],:0-9\\\n\xff ";

/// Bytes are cut, doubled, replaced and flipped.
fn bend(bytes: &[u8], chance: &mut StdRng) -> Vec<u8> {
    let mut bent = bytes.to_vec();
    for _ in 0..chance.random_range(1..4) {
        if bent.is_empty() {
            return bent;
        }
        let at = chance.random_range(0..bent.len());
        let end = (at + chance.random_range(1..16)).min(bent.len());
        match chance.random_range(0..5) {
            0 => bent.truncate(at),
            1 => drop(bent.drain(at..end)),
            2 => bent.extend_from_within(at..end),
            3 => bent[at] ^= 1 << chance.random_range(0..8),
            _ => bent[at] = TELLING[chance.random_range(0..TELLING.len())],
        }
    }
    bent
}

#[test]
fn every_target_takes_its_corpus_and_what_is_made_of_it() {
    let mut chance = StdRng::seed_from_u64(7);
    for target in TARGETS {
        for (file, bytes) in corpus(target) {
            let tried = std::panic::catch_unwind(|| (target.run)(&bytes));
            assert!(tried.is_ok(), "{} does not take {}", target.name, file.display());
            for _ in 0..BENT {
                let bent = bend(&bytes, &mut chance);
                let tried = std::panic::catch_unwind(|| (target.run)(&bent));
                assert!(tried.is_ok(), "{} does not take {:?}", target.name, String::from_utf8_lossy(&bent));
            }
        }
    }
}
