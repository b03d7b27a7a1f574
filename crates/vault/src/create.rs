//! Making keys, many at once: whoever needs one waits for the transaction that makes all that are needed just then.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use trunkline_kernel::{Clock, Subject};

use crate::VaultError;
use crate::cipher::Secret;
use crate::master::{MasterKeys, Wrapped};
use crate::store::{KeyName, KeyRow, Store};
use crate::vault::Held;

/// The most keys that one transaction makes, when many are waited for.
const BATCH_MAX: usize = 2_000;

/// Who waits for which keys.
pub(crate) struct Wanted {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) made: oneshot::Sender<Result<HashMap<Subject, Held>, VaultError>>,
}

/// Makes keys until nobody can ask any more.
pub(crate) async fn run(
    store: Store,
    master: Arc<MasterKeys>,
    clock: Arc<dyn Clock>,
    mut wanted: mpsc::Receiver<Wanted>,
) {
    while let Some(first) = wanted.recv().await {
        let mut count = first.subjects.len();
        let mut batch = vec![first];
        while count < BATCH_MAX
            && let Ok(next) = wanted.try_recv()
        {
            count += next.subjects.len();
            batch.push(next);
        }
        let mut subjects: Vec<Subject> = batch.iter().flat_map(|one| one.subjects.iter().copied()).collect();
        subjects.sort_unstable();
        subjects.dedup();
        let made = make(&store, &master, &*clock, &subjects).await;
        for Wanted { subjects, made: waiting } in batch {
            let answer = match &made {
                Ok(held) => Ok(subjects.iter().filter_map(|s| Some((*s, held.get(s)?.clone()))).collect()),
                Err(error) => Err(VaultError::Unmade { reason: in_full(error) }),
            };
            // Who has gone does not wait any more; the key stays.
            let _ = waiting.send(answer);
        }
    }
}

async fn make(
    store: &Store,
    master: &MasterKeys,
    clock: &dyn Clock,
    subjects: &[Subject],
) -> Result<HashMap<Subject, Held>, VaultError> {
    let names: Vec<KeyName> = subjects.iter().map(|subject| KeyName::from(*subject)).collect();
    let keys = make_missing(store, master, clock, &names).await?;
    let held = |(subject, name)| Some((subject, keys.get(&name)?.clone()));
    Ok(subjects.iter().copied().zip(names).filter_map(held).collect())
}

/// Makes keys of these names, those that there are not; gives all of them as they are in the store.
pub(crate) async fn make_missing(
    store: &Store,
    master: &MasterKeys,
    clock: &dyn Clock,
    names: &[KeyName],
) -> Result<HashMap<KeyName, Held>, VaultError> {
    let fresh: Vec<Secret> = names.iter().map(|_| random()).collect::<Result<_, _>>()?;
    let named: Vec<(KeyName, &Secret)> = names.iter().copied().zip(&fresh).collect();
    let ours = master.wrap(&named).await?;
    let now = clock.now();
    let row = |(name, Wrapped { text, master }): (&KeyName, &Wrapped)| KeyRow {
        kind: name.kind.to_owned(),
        subject: name.id,
        wrapped: Some(text.clone()),
        master: master.clone(),
        created_at: now,
        destroyed_at: None,
    };
    store.insert_missing(names.iter().zip(&ours).map(row).collect()).await?;
    // Another server may have been first, or the subject erased meanwhile; what is stored is what holds.
    let stored = store.read(names).await?;
    let mut held = HashMap::with_capacity(names.len());
    let mut foreign = Vec::new();
    for ((name, ours), key) in names.iter().zip(ours).zip(fresh) {
        match stored.get(name).map(|row| (&row.wrapped, &row.master)) {
            Some((Some(text), _)) if *text == ours.text => {
                held.insert(*name, Held::of(key));
            }
            Some((Some(text), master)) => {
                foreign.push((*name, Wrapped { text: text.clone(), master: master.clone() }));
            }
            Some((None, _)) => {
                held.insert(*name, Held::Destroyed);
            }
            None => {}
        }
    }
    let unwrapped = master.unwrap(&foreign).await?;
    held.extend(foreign.iter().zip(unwrapped).map(|((name, _), key)| (*name, Held::of(key))));
    Ok(held)
}

/// A new secret of the machine's random numbers.
pub(crate) fn random() -> Result<Secret, VaultError> {
    let mut secret = Secret::default();
    getrandom::fill(&mut *secret).map_err(|_| VaultError::Random)?;
    Ok(secret)
}

/// The error and what led to it, for the many who waited for one transaction.
fn in_full(error: &VaultError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
