//! The vault: keys by subject, those in use kept in memory for a while.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lru::LruCache;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use trunkline_database::Database;
use trunkline_kernel::{BlindKey, Clock, Subject, Timestamp};

use crate::cipher::Secret;
use crate::create::{self, Wanted, make_missing};
use crate::master::{MasterKeys, Wrapped};
use crate::store::{KeyName, KeyRow, Store};
use crate::{SubjectKey, VaultError};

/// What bounds the vault. All of it can be set under `[vault]` in the configuration.
#[derive(Clone, Copy, Debug)]
pub struct VaultLimits {
    /// How many open keys are kept in memory, about 200 bytes each. Default 50,000.
    pub cached_keys_max: NonZeroUsize,
    /// How long an open key is kept, and with it how long another server may go on reading what belongs to a person
    /// who was erased on this one when it does not hear of it. Default 300 s.
    pub cached: Duration,
    /// How many requests may wait for keys to be made. Default 10,000.
    pub queue_max: usize,
}

impl Default for VaultLimits {
    fn default() -> Self {
        Self {
            cached_keys_max: NonZeroUsize::MIN.saturating_add(49_999),
            cached: Duration::from_secs(300),
            queue_max: 10_000,
        }
    }
}

/// A key as the store has it.
#[derive(Clone)]
pub(crate) enum Held {
    Open(Arc<SubjectKey>),
    Destroyed,
}

impl Held {
    pub(crate) fn of(secret: Secret) -> Self {
        Self::Open(Arc::new(SubjectKey(secret)))
    }
}

/// The keys that were asked for. Keys are wiped when nobody holds them any more.
#[derive(Clone, Default)]
pub struct Keys(HashMap<Subject, Held>);

impl Keys {
    /// The key of a subject; `None` when it is destroyed or was never made.
    pub fn get(&self, subject: Subject) -> Option<&Arc<SubjectKey>> {
        match self.0.get(&subject) {
            Some(Held::Open(key)) => Some(key),
            Some(Held::Destroyed) | None => None,
        }
    }

    /// The key of one of them alone.
    #[must_use]
    pub fn of(&self, subject: Subject) -> Self {
        Self(self.0.get(&subject).map(|held| (subject, held.clone())).into_iter().collect())
    }

    /// Whether the subject was erased.
    pub fn is_destroyed(&self, subject: Subject) -> bool {
        matches!(self.0.get(&subject), Some(Held::Destroyed))
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys", self.0.len())
    }
}

/// That a subject's key is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// Since when: now, or since an earlier destruction.
    pub at: Timestamp,
}

/// What a rotation of the master key did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The master key that wraps now.
    pub master: String,
    /// How many keys were wrapped anew.
    pub rewrapped: u64,
}

/// How many keys there are of one kind under one master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The kind of subject, or of the vault's own keys.
    pub kind: String,
    /// The master key; `None` for keys that are destroyed.
    pub master: Option<String>,
    /// How many.
    pub keys: u64,
}

/// The keys of every data subject.
pub struct Vault {
    store: Store,
    master: Arc<MasterKeys>,
    clock: Arc<dyn Clock>,
    limits: VaultLimits,
    cache: Mutex<LruCache<Subject, (Instant, Held)>>,
    wanted: mpsc::Sender<Wanted>,
    index: BlindKey,
    receipts: Secret,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("master", &self.master).finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens the keys in a database of their own, and makes the vault's own keys when they are not there. On SQLite
    /// the database must be durable: a key that is lost takes all that was sealed under it along.
    ///
    /// # Errors
    /// When the database fails, or its keys are wrapped by other master keys.
    pub async fn open(
        database: Database,
        master: MasterKeys,
        clock: Arc<dyn Clock>,
        limits: VaultLimits,
    ) -> Result<Arc<Self>, VaultError> {
        let store = Store::open(database, clock.now()).await?;
        let master = Arc::new(master);
        let own = [KeyName::INDEX, KeyName::RECEIPTS];
        let mut own_keys = make_missing(&store, &master, &*clock, &own).await?;
        let mut own_key = |name: KeyName| match own_keys.remove(&name) {
            Some(Held::Open(key)) => Ok(key.0.clone()),
            Some(Held::Destroyed) | None => Err(VaultError::Wrapped { name: name.to_string() }),
        };
        let (index, receipts) = (own_key(KeyName::INDEX)?, own_key(KeyName::RECEIPTS)?);
        let (wanted, waiting) = mpsc::channel(limits.queue_max);
        tokio::spawn(create::run(store.clone(), Arc::clone(&master), Arc::clone(&clock), waiting));
        let cache = Mutex::new(LruCache::new(limits.cached_keys_max));
        Ok(Arc::new(Self {
            store,
            master,
            clock,
            limits,
            cache,
            wanted,
            index: BlindKey::new(*index),
            receipts,
        }))
    }

    /// A vault that is gone with the process, for logs in memory and tests.
    ///
    /// # Errors
    /// When SQLite cannot be started, or the machine has no random numbers.
    pub async fn passing(clock: Arc<dyn Clock>) -> Result<Arc<Self>, VaultError> {
        let database = Database::sqlite_in_memory().await?;
        Self::open(database, MasterKeys::passing()?, clock, VaultLimits::default()).await
    }

    /// The secret under which identifiers and names are looked up.
    pub fn index(&self) -> &BlindKey {
        &self.index
    }

    /// The seed of the key that signs receipts of erasure.
    pub fn receipt_seed(&self) -> &[u8; 32] {
        &self.receipts
    }

    /// The keys of these subjects; those that have none and were not erased get one, durable before this returns.
    ///
    /// # Errors
    /// When the store or the master keys fail, or too many requests wait.
    pub async fn keys(&self, subjects: &[Subject]) -> Result<Keys, VaultError> {
        let mut keys = self.existing(subjects).await?;
        let missing: Vec<Subject> =
            subjects.iter().copied().filter(|subject| !keys.0.contains_key(subject)).collect();
        if missing.is_empty() {
            return Ok(keys);
        }
        let (made, answer) = oneshot::channel();
        let busy = |_| VaultError::Busy { queue_max: self.limits.queue_max };
        self.wanted.try_send(Wanted { subjects: missing, made }).map_err(busy)?;
        let ended = || VaultError::Unmade { reason: "the vault is closing".to_owned() };
        let made = answer.await.map_err(|_| ended())??;
        self.remember(&made);
        keys.0.extend(made);
        Ok(keys)
    }

    /// The keys of these subjects, those that there are.
    ///
    /// # Errors
    /// When the store or the master keys fail.
    pub async fn existing(&self, subjects: &[Subject]) -> Result<Keys, VaultError> {
        let mut found = HashMap::with_capacity(subjects.len());
        let mut unknown = Vec::new();
        {
            let mut cache = self.cache.lock();
            for subject in subjects {
                match cache.get(subject) {
                    Some((since, held)) if since.elapsed() < self.limits.cached => {
                        found.insert(*subject, held.clone());
                    }
                    Some(_) | None => unknown.push(*subject),
                }
            }
        }
        if !unknown.is_empty() {
            unknown.sort_unstable();
            unknown.dedup();
            let read = self.read(&unknown).await?;
            self.remember(&read);
            found.extend(read);
        }
        Ok(Keys(found))
    }

    async fn read(&self, subjects: &[Subject]) -> Result<HashMap<Subject, Held>, VaultError> {
        let names: Vec<KeyName> = subjects.iter().map(|subject| KeyName::from(*subject)).collect();
        let rows = self.store.read(&names).await?;
        let mut held = HashMap::with_capacity(subjects.len());
        let mut wrapped = Vec::with_capacity(subjects.len());
        for (subject, name) in subjects.iter().zip(names) {
            match rows.get(&name) {
                Some(KeyRow { wrapped: Some(text), master, .. }) => {
                    wrapped.push((*subject, (name, Wrapped { text: text.clone(), master: master.clone() })));
                }
                Some(_) => {
                    held.insert(*subject, Held::Destroyed);
                }
                None => {}
            }
        }
        let (owners, wrapped): (Vec<Subject>, Vec<_>) = wrapped.into_iter().unzip();
        let keys = self.master.unwrap(&wrapped).await?;
        held.extend(owners.into_iter().zip(keys.into_iter().map(Held::of)));
        Ok(held)
    }

    fn remember(&self, held: &HashMap<Subject, Held>) {
        let now = Instant::now();
        let mut cache = self.cache.lock();
        for (subject, held) in held {
            // Whoever read the store before a key was destroyed must not bring it back.
            let destroyed = matches!(cache.peek(subject), Some((_, Held::Destroyed)));
            if !destroyed || matches!(held, Held::Destroyed) {
                cache.put(*subject, (now, held.clone()));
            }
        }
    }

    /// Drops a key from memory; it is read again when it is needed.
    pub fn forget(&self, subject: Subject) {
        self.cache.lock().pop(&subject);
    }

    /// Takes over that a subject was erased on another server, which has destroyed the key in the store.
    pub fn note_destroyed(&self, subject: Subject) {
        self.cache.lock().put(subject, (Instant::now(), Held::Destroyed));
    }

    /// Destroys a subject's key for ever; that it was destroyed stays known, so that none is made again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn destroy(&self, subject: Subject) -> Result<Destroyed, VaultError> {
        let at = self.store.destroy(subject.into(), self.clock.now()).await?;
        self.note_destroyed(subject);
        Ok(Destroyed { at })
    }

    /// Makes a new master key, where the vault makes them, and wraps every key by the newest. Servers that run go
    /// on; they take the new one over by themselves.
    ///
    /// # Errors
    /// When the store or the master keys fail; doing it again goes on.
    pub async fn rotate(&self) -> Result<Rotated, VaultError> {
        self.master.rotate().await?;
        self.rewrap().await
    }

    /// Wraps every key by the newest master key.
    ///
    /// # Errors
    /// As [`Vault::rotate`].
    pub async fn rewrap(&self) -> Result<Rotated, VaultError> {
        let master = self.master.active().await?;
        let mut rewrapped = 0;
        loop {
            let rows = self.store.wrapped_otherwise(&master).await?;
            if rows.is_empty() {
                return Ok(Rotated { master, rewrapped });
            }
            let named = |row: &KeyRow| {
                let kind =
                    kind_of(&row.kind).ok_or_else(|| VaultError::Wrapped { name: row.kind.clone() })?;
                let text = row.wrapped.clone().unwrap_or_default();
                Ok((KeyName { kind, id: row.subject }, Wrapped { text, master: row.master.clone() }))
            };
            let wrapped: Vec<_> = rows.iter().map(named).collect::<Result<_, VaultError>>()?;
            let keys = self.master.unwrap(&wrapped).await?;
            let named: Vec<_> = wrapped.iter().map(|(name, _)| *name).zip(&keys).collect();
            let anew = self.master.wrap(&named).await?;
            let changes = rows.into_iter().zip(anew).map(|(row, anew)| (row, anew.text, anew.master));
            rewrapped += self.store.rewrap(changes.collect()).await?;
        }
    }

    /// Forgets master keys that wrap nothing any more; backups of the key store that they wrapped cannot be read
    /// afterwards. Gives how many.
    ///
    /// # Errors
    /// When the store fails or the file of master keys cannot be written.
    pub async fn retire(&self) -> Result<usize, VaultError> {
        let in_use: Vec<String> = self.list().await?.into_iter().filter_map(|found| found.master).collect();
        self.master.retire(&in_use)
    }

    /// How many keys there are of each kind under each master key.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self) -> Result<Vec<Summary>, VaultError> {
        let counts = self.store.counts().await?;
        Ok(counts.into_iter().map(|(kind, master, keys)| Summary { kind, master, keys }).collect())
    }

    /// Waits for what is under way and closes the key store.
    pub async fn close(&self) {
        self.store.0.close().await;
    }
}

/// The kind of a row as the program spells it.
fn kind_of(kind: &str) -> Option<&'static str> {
    let own = [KeyName::INDEX.kind, KeyName::RECEIPTS.kind];
    let subjects = trunkline_kernel::SubjectKind::ALL.iter().map(|kind| kind.as_str());
    own.into_iter().chain(subjects).find(|known| *known == kind)
}
