//! The tables: tiles, heads, checkpoint.

use std::collections::BTreeSet;

use trunkline_database::{Database, Migration, Row, TableRow as _, Transaction, Value, table};
use trunkline_kernel::{Recorded, Timestamp};
use trunkline_notary::{
    ConsistencyDocument, EventDocument, InclusionDocument, Incomplete, Leaf, Plan, Rim, SignedHead, Tile,
    TileId, Tiles, TreeHash,
};

use crate::{NumberedHead, RegistryError};

const MIGRATIONS: [Migration; 1] = [Migration {
    name: "notary-0001",
    sqlite: include_str!("tables.sqlite.sql"),
    postgres: include_str!("tables.postgres.sql"),
}];

table! {
    /// A tile as it is stored.
    #[derive(Clone, Debug)]
    struct StoredTile = "notary_tiles" key(level, place) {
        level: u32,
        place: u64,
        hashes: Vec<u8>,
    }
}

/// The notary's database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Books {
    pub(crate) database: Database,
}

/// The checkpoint: what a commit starts from, and by what right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    pub(crate) size: u64,
    pub(crate) epoch: i64,
}

impl Books {
    /// Opens the books, and makes the tables where they are not there.
    ///
    /// # Errors
    /// When the database fails or is newer than this program.
    pub async fn open(database: Database, now: Timestamp) -> Result<Self, RegistryError> {
        database.migrate(&MIGRATIONS, now).await?;
        Ok(Self { database })
    }

    /// Takes the database as it is, for whoever only reads.
    pub fn of(database: Database) -> Self {
        Self { database }
    }

    /// The database itself, for tests that tamper with it.
    #[doc(hidden)]
    pub fn database_for_tests(&self) -> &Database {
        &self.database
    }

    /// Waits for what is under way and closes the database.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// How many events the tree has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn size(&self) -> Result<u64, RegistryError> {
        let row = self.database.fetch_optional("SELECT size FROM notary_state", vec![]).await?;
        Ok(row.map(|row| row.get("size")).transpose()?.unwrap_or(0))
    }

    /// Those of the tiles that are stored.
    ///
    /// # Errors
    /// When the database fails. A tile that is damaged counts as missing.
    pub async fn tiles(&self, ids: &BTreeSet<TileId>) -> Result<Tiles, RegistryError> {
        let mut tiles = Vec::new();
        for id in ids {
            tiles.extend(self.run(id.level, id.index, id.index + 1).await?);
        }
        Ok(tiles.into_iter().collect())
    }

    /// The stored tiles of a level from `first` up to `end`, itself excluded.
    pub(crate) async fn run(
        &self,
        level: u32,
        first: u64,
        end: u64,
    ) -> Result<Vec<(TileId, Tile)>, RegistryError> {
        let sql = "SELECT level, place, hashes FROM notary_tiles
            WHERE level = $1 AND place >= $2 AND place < $3 ORDER BY place";
        let values = [u64::from(level), first, end].map(|number| trunkline_database::Cell::value(&number));
        let rows = self.database.fetch(sql, values.into()).await?;
        rows.iter().filter_map(|row| tile(row).transpose()).collect()
    }

    /// The rim of the tree of this size.
    pub(crate) async fn rim(&self, size: u64) -> Result<Rim, RegistryError> {
        let ids = Rim::tiles_of(size).into_iter().collect();
        Ok(Rim::of(size, &self.tiles(&ids).await?)?)
    }

    /// The hashes of a plan.
    pub(crate) async fn hashes(&self, plan: &Plan) -> Result<Vec<TreeHash>, RegistryError> {
        Ok(self.tiles(&plan.tiles()).await?.hashes(plan)?)
    }

    /// The root that the stored tree had at this size.
    ///
    /// # Errors
    /// When the database fails or a tile is missing.
    pub async fn root(&self, size: u64) -> Result<TreeHash, RegistryError> {
        let missing = || Incomplete { tile: TileId { level: 0, index: 0 } };
        self.hashes(&Plan::root(size)).await?.first().copied().ok_or_else(|| missing().into())
    }

    /// Makes the tree's growth durable, with the heads that were signed, all or nothing.
    pub(crate) async fn commit(
        &self,
        guard: Guard,
        rim: &mut Rim,
        heads: &[NumberedHead],
    ) -> Result<(), RegistryError> {
        let mut transaction = self.database.begin().await?;
        let sql = "UPDATE notary_state SET size = $1 WHERE size = $2 AND epoch = $3";
        let values = vec![cell(&rim.size()), cell(&guard.size), cell(&guard.epoch)];
        if transaction.execute(sql, values).await? != 1 {
            return Err(RegistryError::Superseded);
        }
        if rim.size() > guard.size {
            let rows = rim.take_changed().into_iter().map(|(id, tile)| {
                StoredTile { level: id.level, place: id.index, hashes: tile.to_bytes() }.values()
            });
            let rows: Vec<_> = rows.collect();
            transaction.upsert(StoredTile::TABLE, StoredTile::TABLE.name, rows).await?;
        }
        for NumberedHead { number, signed } in heads {
            insert_head(&mut transaction, *number, signed).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Proves that an event of the log is in the tree of a head, and looks that it does.
    ///
    /// # Errors
    /// When the head does not have it, the tree is damaged, or the event is not the one that was put into it.
    pub async fn prove(&self, event: &Recorded, head: &NumberedHead) -> Result<EventDocument, RegistryError> {
        let leaf = Leaf::from(event);
        let size = head.signed.head.size;
        let not_yet = RegistryError::NotYet { position: leaf.position, size };
        let Some(plan) = leaf.entry().and_then(|entry| Plan::inclusion(entry, size)) else {
            return Err(not_yet);
        };
        let path = self.hashes(&plan).await?;
        if !event.is_intact() || head.signed.includes(&leaf, &path).is_err() {
            return Err(RegistryError::Changed(leaf.position));
        }
        Ok(EventDocument { event: leaf.into(), canonical: None, path })
    }

    /// The same with the last head, as the document that is handed out.
    ///
    /// # Errors
    /// As [`Books::prove`].
    pub async fn prove_now(&self, event: &Recorded) -> Result<InclusionDocument, RegistryError> {
        let not_yet = RegistryError::NotYet { position: event.position, size: 0 };
        let head = self.last_head().await?.ok_or(not_yet)?;
        Ok(InclusionDocument { event: self.prove(event, &head).await?, head: head.signed })
    }

    /// Proves that the log only grew between two heads, and looks that it did.
    ///
    /// # Errors
    /// When the second is smaller, or the stored tree is not that of both heads.
    pub async fn prove_growth(
        &self,
        from: SignedHead,
        to: &NumberedHead,
    ) -> Result<ConsistencyDocument, RegistryError> {
        let (first, second) = (from.head, to.signed.head);
        let order = RegistryError::Order { from: first.size, to: second.size };
        let plan = Plan::consistency(first.size, second.size).ok_or(order)?;
        let path = self.hashes(&plan).await?;
        trunkline_notary::verify_consistency(first.size, second.size, &path, first.root, second.root)
            .map_err(|_| RegistryError::Tampered { number: to.number })?;
        Ok(ConsistencyDocument { from, to: to.signed, path })
    }
}

fn cell<T: trunkline_database::Cell>(of: &T) -> Value {
    of.value()
}

fn tile(row: &Row) -> Result<Option<(TileId, Tile)>, RegistryError> {
    let stored = StoredTile::read(row)?;
    let id = TileId { level: stored.level, index: stored.place };
    Ok(Tile::from_bytes(&stored.hashes).map(|tile| (id, tile)))
}

pub(crate) async fn insert_head(
    transaction: &mut Transaction,
    number: u64,
    signed: &SignedHead,
) -> Result<(), RegistryError> {
    let document = serde_json::to_string(signed).map_err(|source| RegistryError::Head { number, source })?;
    let sql = "INSERT INTO notary_heads (number, size, signed_at, document) VALUES ($1, $2, $3, $4)";
    let values = vec![cell(&number), cell(&signed.head.size), cell(&signed.head.signed_at), cell(&document)];
    transaction.execute(sql, values).await?;
    Ok(())
}
