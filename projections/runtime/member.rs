//! One generation being folded: loads the rows that a page of events needs, folds them, and hands out what changed.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use trunkline_database::{Database, Result, Transaction};
use trunkline_kernel::Position;
use uuid::Uuid;

use crate::fold::{Decoded, Fold, Writes};
use crate::{Definition, ReadModel};

/// Pages of at most this many events are folded where they are; larger ones go to a thread that may block.
const INLINE_EVENTS_MAX: usize = 64;

/// A generation with its rows in memory.
pub(crate) struct Member {
    pub(crate) model: ReadModel,
    pub(crate) generation: u32,
    pub(crate) position: Position,
    pub(crate) parked: BTreeSet<Position>,
    fold: Box<dyn Fold>,
    /// Whether everything that was ever written is in memory, unless a cache says otherwise.
    from_start: bool,
}

/// An event that could not be folded.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) position: Position,
    pub(crate) error: String,
}

impl Member {
    pub(crate) fn new(
        model: ReadModel,
        generation: u32,
        position: Position,
        parked: BTreeSet<Position>,
    ) -> Self {
        let from_start = position == Position::START;
        Self { model, generation, position, parked, fold: (model.definition().fold)(), from_start }
    }

    fn definition(&self) -> &'static Definition {
        self.model.definition()
    }

    /// Throws away the rows in memory. Everything handed out before must be committed.
    pub(crate) fn forget(&mut self) {
        self.fold = (self.definition().fold)();
        self.from_start = false;
    }

    /// Everything up to this batch is committed.
    pub(crate) fn committed(&mut self, batch: u64) {
        for store in self.fold.stores() {
            store.committed(batch);
        }
    }

    /// Whether an event is one that this member folds.
    pub(crate) fn admits(&self, event: &Decoded) -> bool {
        event.recorded.position > self.position
            && self.definition().categories.contains(&event.recorded.stream.category())
            && !self.parked.contains(&event.recorded.position)
    }

    /// Names the rows that a page needs, and loads those that are not in memory.
    pub(crate) async fn load(&mut self, database: &Database, events: &[Decoded]) -> Result<()> {
        let mut fold = std::mem::replace(&mut self.fold, Box::new(Nothing));
        for event in events.iter().filter(|event| self.admits(event)) {
            if let Ok(body) = &event.body {
                body.iter().for_each(|body| fold.want(&event.recorded, body));
            }
        }
        let mut snapshot = None;
        let mut outcome = Ok(());
        for store in fold.stores() {
            let wanted = store.wanted();
            if wanted.is_empty() {
                continue;
            }
            let known = self.from_start && store.is_complete();
            outcome = match known {
                true => store.accept(&wanted, &[]),
                false => load_rows(database, &mut snapshot, store, self.generation, &wanted).await,
            };
            if outcome.is_err() {
                break;
            }
        }
        self.fold = fold;
        outcome
    }

    /// Folds a page whose rows are loaded. After a failure the rows in memory are of no use any more.
    pub(crate) async fn fold(&mut self, events: &Arc<[Decoded]>, batch: u64) -> Result<Vec<Writes>, Failure> {
        let due: Vec<usize> = (0..events.len()).filter(|at| self.admits(&events[*at])).collect();
        if due.is_empty() {
            return Ok(Vec::new());
        }
        #[cfg(test)]
        due.iter().for_each(|at| crate::tests::killed::end_if_deadly(self.model, &events[*at]));
        if due.len() <= INLINE_EVENTS_MAX {
            return fold_now(self.fold.as_mut(), events, &due, batch);
        }
        let mut fold = std::mem::replace(&mut self.fold, Box::new(Nothing));
        let page = events.clone();
        let done = tokio::task::spawn_blocking(move || {
            let writes = fold_now(fold.as_mut(), &page, &due, batch);
            (fold, writes)
        });
        match done.await {
            Ok((fold, writes)) => {
                self.fold = fold;
                writes
            }
            // Panics are caught inside, so this is the end of the runtime.
            Err(error) => Err(Failure { position: self.position, error: error.to_string() }),
        }
    }
}

async fn load_rows(
    database: &Database,
    snapshot: &mut Option<Transaction>,
    store: &mut dyn crate::fold::Store,
    generation: u32,
    wanted: &[Uuid],
) -> Result<()> {
    let transaction = match snapshot {
        Some(transaction) => transaction,
        None => snapshot.insert(database.snapshot().await?),
    };
    let table = store.table();
    let key = table.key.first().copied().unwrap_or_default();
    let rows = transaction.fetch_by(table, &table.of_generation(generation), key, wanted).await?;
    store.accept(wanted, &rows)
}

fn fold_now(
    fold: &mut dyn Fold,
    events: &[Decoded],
    due: &[usize],
    batch: u64,
) -> Result<Vec<Writes>, Failure> {
    for event in due.iter().map(|at| &events[*at]) {
        fold_one(fold, event).map_err(|error| Failure { position: event.recorded.position, error })?;
    }
    let last = due.last().map_or(Position::START, |at| events[*at].recorded.position);
    catch_unwind(AssertUnwindSafe(|| {
        fold.settle();
        fold.stores().into_iter().map(|store| store.drain(batch)).filter(|writes| writes.rows() > 0).collect()
    }))
    .map_err(|_| Failure { position: last, error: "the fold panicked while it settled a page".to_owned() })
}

fn fold_one(fold: &mut dyn Fold, event: &Decoded) -> Result<(), String> {
    let body = event.body.as_ref().map_err(|error| {
        let source = std::error::Error::source(error).map(|source| format!(": {source}"));
        format!("{error}{}", source.unwrap_or_default())
    })?;
    let folded =
        catch_unwind(AssertUnwindSafe(|| body.iter().try_for_each(|body| fold.apply(&event.recorded, body))));
    match folded {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(format!("the fold panicked: {}", said.unwrap_or_default()))
        }
    }
}

/// Stands in while the real fold is on another thread.
struct Nothing;

impl Fold for Nothing {
    fn want(&mut self, _: &trunkline_kernel::Recorded, _: &trunkline_domain::Event) {}

    fn apply(
        &mut self,
        _: &trunkline_kernel::Recorded,
        _: &trunkline_domain::Event,
    ) -> Result<(), crate::fold::Unfoldable> {
        Ok(())
    }

    fn stores(&mut self) -> Vec<&mut dyn crate::fold::Store> {
        Vec::new()
    }
}

/// Writes what one member changed.
pub(crate) async fn write(transaction: &mut Transaction, generation: u32, writes: Vec<Writes>) -> Result<()> {
    for Writes { table, upserts, sums, removals } in writes {
        let into = table.of_generation(generation);
        if !upserts.is_empty() {
            transaction.upsert(table, &into, upserts).await?;
        }
        if !sums.is_empty() {
            transaction.add(table, &into, sums).await?;
        }
        if !removals.is_empty() {
            transaction.delete(table, &into, removals).await?;
        }
    }
    Ok(())
}
