//! Verification: every row of the log against its digest, the tree and the signed heads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use tokio::runtime::Handle;
use trunkline_kernel::Position;
use trunkline_log::raw::Rows;
use trunkline_notary::{SignedHead, Tile, TileId, TreeHash, Trust};

use crate::judge::judge;
use crate::merge::Merge;
use crate::scan::{Scanned, Span, StreamKeys, TILE, scan};
use crate::verdict::{Finding, Kind, Verdict};
use crate::{Books, RegistryError, classify, index};

/// Events of one chunk of work: 128 tiles.
const CHUNK: u64 = 128 * TILE;

/// Findings that are listed; more are counted.
const FINDINGS_MAX: usize = 1_000;

/// Heads that are held against the log: the newest.
const HEADS_MAX: u32 = 5_000;

/// What is to be verified, and against what.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The first position.
    pub from: Position,
    /// The last position; the end of the log when absent.
    pub to: Option<Position>,
    /// Heads from elsewhere that the log has to agree with.
    pub against: Vec<SignedHead>,
    /// Whose signatures are believed; without it only the arithmetic of heads is checked.
    pub trust: Option<Trust>,
    /// Whether the index of tags, too, is held against the events.
    pub index: bool,
    /// How many threads look at rows.
    pub threads: usize,
}

/// How far a verification is.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    all: AtomicU64,
}

impl Progress {
    /// Events that were looked at, and all that will be.
    pub fn get(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed))
    }
}

/// Verifies a log against its notary's books. Without books only each event's own digest, the order and the heads
/// given are checked.
///
/// # Errors
/// When a store fails. What is wrong with the log is no error but a finding.
pub async fn verify(
    rows: Arc<dyn Rows>,
    books: Option<Books>,
    scope: Scope,
    progress: Arc<Progress>,
) -> Result<Verdict, RegistryError> {
    let began = Instant::now();
    let size = match &books {
        Some(books) => books.size().await?,
        None => 0,
    };
    let mut heads = match &books {
        Some(books) => books.heads_before(u64::MAX >> 1, HEADS_MAX).await?,
        None => Vec::new(),
    };
    heads.reverse();
    let counted = Arc::clone(&rows);
    let head =
        tokio::task::spawn_blocking(move || counted.head()).await.map_err(|_| RegistryError::Thread)??.0;
    let span = Span { first: scope.from.0.max(1), last: scope.to.map_or(head, |to| to.0.min(head)) };
    progress.all.store((span.last + 1).saturating_sub(span.first), Ordering::Relaxed);
    let ends =
        heads.iter().map(|head| head.signed.head.size).chain(scope.against.iter().map(|head| head.head.size));
    let mut merge = Merge::new(ends.collect(), span.first == 1);
    if span.first <= span.last {
        let low = (span.first - 1) / CHUNK * CHUNK;
        if let Some(books) = &books {
            merge.believe(books, 0, low.min(size)).await?;
        }
        let scanner = Scanner { rows, books: books.clone(), span, size, handle: Handle::current(), progress };
        let (threads, index) = (scope.threads.max(1), scope.index);
        let scanned = tokio::task::spawn_blocking(move || scanner.events_and_index(threads, index, merge));
        merge = scanned.await.map_err(|_| RegistryError::Thread)??;
    }
    if let Some(books) = &books {
        merge.believe(books, merge.size(), size).await?;
        let past = classify::classify(books, &merge.suspects).await?;
        merge.findings.extend(past);
    }
    let Merge { events, left_out, .. } = merge;
    let last = heads.iter().map(|head| head.signed.head.size).max().unwrap_or(0).max(size);
    if scope.to.is_none() && head < last {
        let what = format!("the log ends at position {head}, and the notary has had {last} events");
        merge.findings.push(Finding::over(head + 1, last, Kind::Truncated, what));
    }
    let judged = judge(&merge, &heads, &scope, head);
    let mut findings = merge.findings;
    findings.extend(judged.findings);
    if let (Some(books), Some(newest), true) = (&books, heads.last(), findings.is_empty())
        && books.root(newest.signed.head.size).await.ok() != Some(newest.signed.head.root)
    {
        let what =
            "the stored tree does not lead to the last head, though the log does; proofs cannot be made";
        findings.push(Finding::over(1, size, Kind::Tree, what));
    }
    findings.sort();
    findings.dedup();
    let left_out = left_out + findings.len().saturating_sub(FINDINGS_MAX) as u64;
    findings.truncate(FINDINGS_MAX);
    Ok(Verdict {
        from: Position(span.first),
        to: Position(span.last),
        events,
        heads: judged.heads,
        vouched: judged.vouched,
        findings,
        left_out,
        took: began.elapsed(),
    })
}

/// Hands chunks to threads and takes what they find in order.
struct Scanner {
    rows: Arc<dyn Rows>,
    books: Option<Books>,
    span: Span,
    size: u64,
    handle: Handle,
    progress: Arc<Progress>,
}

impl Scanner {
    fn events_and_index(&self, threads: usize, index: bool, merge: Merge) -> Result<Merge, RegistryError> {
        let keys = StreamKeys::default();
        let mut merge = self.run(threads, &keys, merge)?;
        if index {
            index::hold(&*self.rows, self.span, &keys, &mut merge)?;
        }
        Ok(merge)
    }

    fn run(&self, threads: usize, keys: &StreamKeys, mut merge: Merge) -> Result<Merge, RegistryError> {
        let first_chunk = (self.span.first - 1) / CHUNK;
        let next = AtomicU64::new(first_chunk);
        let stop = AtomicBool::new(false);
        // A bound, so that fast threads wait for the one that all others have to wait for.
        let (send, receive) = mpsc::sync_channel::<(u64, Result<Scanned, RegistryError>)>(threads * 2);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (send, next, stop, scanner) = (send.clone(), &next, &stop, &self);
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let chunk = next.fetch_add(1, Ordering::Relaxed);
                        if chunk * CHUNK >= scanner.span.last
                            || send.send((chunk, scanner.chunk(chunk, keys))).is_err()
                        {
                            return;
                        }
                    }
                });
            }
            drop(send);
            let mut waiting = BTreeMap::new();
            let mut turn = first_chunk;
            let mut outcome = Ok(());
            for (chunk, scanned) in receive {
                match scanned {
                    Ok(scanned) => {
                        waiting.insert(chunk, scanned);
                    }
                    Err(error) => {
                        stop.store(true, Ordering::Relaxed);
                        outcome = Err(error);
                    }
                }
                while let Some(scanned) = waiting.remove(&turn) {
                    merge.take(turn * CHUNK, scanned);
                    turn += 1;
                }
            }
            outcome
        })?;
        Ok(merge)
    }

    /// The part of a chunk that is within the span, with the tree's leaf hashes where only part of a tile is.
    fn chunk(&self, chunk: u64, keys: &StreamKeys) -> Result<Scanned, RegistryError> {
        let low = chunk * CHUNK;
        let span = Span { first: self.span.first.max(low + 1), last: self.span.last.min(low + CHUNK) };
        let stored = match &self.books {
            Some(books) if low < self.size => {
                let end = (low + CHUNK).min(self.size).div_ceil(TILE);
                let tiles = self.handle.block_on(books.run(0, low / TILE, end))?;
                leaves_of(low, self.size, tiles)
            }
            Some(_) | None => Vec::new(),
        };
        let wanted = self.size.min(low + CHUNK).saturating_sub(low);
        let skip = usize::try_from(span.first - 1 - low).unwrap_or(usize::MAX);
        let inside = stored.get(skip..).unwrap_or_default();
        let mut scanned = scan(&*self.rows, span, keys, inside, &|events| {
            self.progress.done.fetch_add(events, Ordering::Relaxed);
        })?;
        if (stored.len() as u64) < wanted {
            let what =
                "the stored tree has lost its leaf hashes here, so that nothing vouches for the events";
            let first = low + stored.len() as u64 + 1;
            scanned.findings.push(Finding::over(first, low + wanted, Kind::Tree, what));
        }
        // The rest of the first and the last tile is believed as far as the heads agree with it.
        let mut leaves = stored.get(..skip).map(<[TreeHash]>::to_vec).unwrap_or_default();
        leaves.resize(skip, TreeHash::empty());
        leaves.append(&mut scanned.leaves);
        leaves.extend_from_slice(stored.get(leaves.len()..).unwrap_or_default());
        scanned.leaves = leaves;
        scanned.compute_roots();
        Ok(scanned)
    }
}

/// The leaf hashes of the entries from `low` on; a tile that is missing ends them.
fn leaves_of(low: u64, size: u64, tiles: Vec<(TileId, Tile)>) -> Vec<TreeHash> {
    let mut leaves = Vec::new();
    for (id, tile) in tiles {
        let first = id.index * TILE;
        if first != low + leaves.len() as u64 {
            break;
        }
        let most = usize::try_from(size.saturating_sub(first)).unwrap_or(usize::MAX);
        leaves.extend(tile.0.into_iter().take(most));
    }
    leaves
}
