//! Generations: a read model's tables are built beside the ones in use, and views point to those in use.

use trunkline_database::{
    AssertSqlSafe, Cell, Database, Dialect, Migration, Result, Row, Transaction, Value,
};
use trunkline_kernel::{Position, Timestamp};
use uuid::Uuid;

use crate::words::{As, Word};
use crate::{Definition, ReadModel};

/// The bookkeeping of the runtime.
pub(crate) const SCHEMA: Migration = Migration {
    name: "0001_projections",
    sqlite: include_str!("schema.sqlite.sql"),
    postgres: include_str!("schema.postgres.sql"),
};

/// What a generation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Catching up beside the one in use.
    Building,
    /// The one in use.
    Active,
    /// Kept up to date, so that one can switch to it.
    Standby,
}

impl Word for Status {
    fn word(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Active => "active",
            Self::Standby => "standby",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Building, Self::Active, Self::Standby].into_iter().find(|status| status.word() == word)
    }
}

/// One generation as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Of which read model.
    pub model: ReadModel,
    /// Its number, from 1.
    pub generation: u32,
    /// The version of the definition that it was built by.
    pub version: u32,
    /// What it is for.
    pub status: Status,
    /// Everything up to here is in it.
    pub position: Position,
    /// When the event at that position was recorded.
    pub recorded_at: Option<Timestamp>,
    /// Which server advances it.
    pub owner: Option<Uuid>,
    /// Grows with every change of owner; what an earlier owner writes is refused.
    pub epoch: i64,
    /// Until when the owner is believed to be alive.
    pub lease_until: Option<Timestamp>,
    /// How often it was taken up since it advanced last.
    pub starts: i64,
    /// The event that was about to be folded alone, when it is being careful.
    pub trying: Position,
    /// How often.
    pub tries: i64,
    /// Whether it is to be used as soon as it is built.
    pub switch_when_built: bool,
}

const COLUMNS: &str = "name, generation, version, status, position, recorded_at, owner, epoch, lease_until, \
    starts, trying, tries, switch_when_built";

impl Generation {
    fn read(row: &Row) -> Result<Option<Self>> {
        // A name that this build does not know belongs to another version of the program.
        let Some(model) = ReadModel::named(&row.get::<String>("name")?) else { return Ok(None) };
        Ok(Some(Self {
            model,
            generation: row.get("generation")?,
            version: row.get("version")?,
            status: row.get::<As<Status>>("status")?.0,
            position: row.get("position")?,
            recorded_at: row.get("recorded_at")?,
            owner: row.get("owner")?,
            epoch: row.get("epoch")?,
            lease_until: row.get("lease_until")?,
            starts: row.get("starts")?,
            trying: row.get("trying")?,
            tries: row.get("tries")?,
            switch_when_built: row.get("switch_when_built")?,
        }))
    }
}

/// Every generation of the known read models.
///
/// # Errors
/// When the database fails.
pub async fn list(database: &Database) -> Result<Vec<Generation>> {
    let sql = format!("SELECT {COLUMNS} FROM projection_generations ORDER BY name, generation");
    let rows = database.fetch(AssertSqlSafe(sql), Vec::new()).await?;
    rows.iter().filter_map(|row| Generation::read(row).transpose()).collect()
}

/// Every generation, as of a transaction.
pub(crate) async fn list_in(transaction: &mut Transaction) -> Result<Vec<Generation>> {
    let sql = format!("SELECT {COLUMNS} FROM projection_generations ORDER BY name, generation");
    let rows = transaction.fetch(AssertSqlSafe(sql), Vec::new()).await?;
    rows.iter().filter_map(|row| Generation::read(row).transpose()).collect()
}

/// Serialises servers that change generations of one PostgreSQL database at the same moment; SQLite has one writer.
async fn lock(transaction: &mut Transaction) -> Result<()> {
    match transaction.dialect() {
        Dialect::Sqlite => Ok(()),
        Dialect::Postgres => transaction.script("SELECT pg_advisory_xact_lock(7306084712)").await,
    }
}

/// Migrates the bookkeeping, and gives every read model that has no generation its first one, in use and empty.
pub(crate) async fn prepare(database: &Database, now: Timestamp) -> Result<()> {
    database.migrate(&[SCHEMA], now).await?;
    let mut transaction = database.begin().await?;
    lock(&mut transaction).await?;
    let known = list_in(&mut transaction).await?;
    for model in ReadModel::ALL {
        if !known.iter().any(|generation| generation.model == model) {
            insert(&mut transaction, model.definition(), 1, Status::Active, false, now).await?;
            for index in model.definition().script.indexes(transaction.dialect(), 1) {
                transaction.script(AssertSqlSafe(index)).await?;
            }
            point_views(&mut transaction, model.definition(), 1).await?;
        }
    }
    transaction.commit().await
}

/// Gives a generation that was built its indexes. Until then it had none, because writing many rows costs far less
/// without them. Each is made by itself, so that nobody waits for all of them.
pub(crate) async fn index(database: &Database, model: ReadModel, generation: u32) -> Result<()> {
    for index in model.definition().script.indexes(database.dialect(), generation) {
        let mut transaction = database.begin().await?;
        transaction.script(AssertSqlSafe(index)).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Makes the next generation of a read model, empty; gives its number. `held` names who builds it and until when
/// nobody else may; without it whoever looks for work first does.
pub(crate) async fn create(
    database: &Database,
    model: ReadModel,
    switch: bool,
    now: Timestamp,
    held: Option<(Uuid, Timestamp)>,
) -> Result<u32> {
    let mut transaction = database.begin().await?;
    lock(&mut transaction).await?;
    let known = list_in(&mut transaction).await?;
    let last =
        known.iter().filter(|known| known.model == model).map(|known| known.generation).max().unwrap_or(0);
    insert(&mut transaction, model.definition(), last + 1, Status::Building, switch, now).await?;
    if let Some((owner, until)) = held {
        let sql = "UPDATE projection_generations SET owner = $3, lease_until = $4, epoch = 1
            WHERE name = $1 AND generation = $2";
        let key = vec![Value::Text(model.name().into()), (last + 1).value()];
        let values = key.into_iter().chain([owner.value(), until.value()]).collect();
        transaction.execute_expecting(1, sql, values).await?;
    }
    transaction.commit().await?;
    Ok(last + 1)
}

async fn insert(
    transaction: &mut Transaction,
    definition: &Definition,
    generation: u32,
    status: Status,
    switch: bool,
    now: Timestamp,
) -> Result<()> {
    let script = definition.script.tables(transaction.dialect(), generation);
    transaction.script(AssertSqlSafe(script)).await?;
    let values = vec![
        Value::Text(definition.name.into()),
        generation.value(),
        definition.version.value(),
        As(status).value(),
        switch.value(),
        now.value(),
    ];
    transaction
        .execute(
            "INSERT INTO projection_generations (name, generation, version, status, position, epoch, starts, trying, \
             tries, switch_when_built, created_at) VALUES ($1, $2, $3, $4, 0, 0, 0, 0, 0, $5, $6)",
            values,
        )
        .await?;
    Ok(())
}

/// Lets the views show one generation.
async fn point_views(transaction: &mut Transaction, definition: &Definition, generation: u32) -> Result<()> {
    for table in definition.tables {
        let (view, of) = (table.name, table.of_generation(generation));
        let script = format!("DROP VIEW IF EXISTS {view}; CREATE VIEW {view} AS SELECT * FROM {of};");
        transaction.script(AssertSqlSafe(script)).await?;
        if transaction.dialect() == Dialect::Postgres {
            let comments = include_str!("views.postgres.sql").replace("{table}", &of).replace("{view}", view);
            transaction.script(AssertSqlSafe(comments)).await?;
        }
    }
    Ok(())
}

/// Why a generation cannot be used or dropped.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    /// There is none of that number.
    #[error("{model} has no generation {generation}; `projections list` shows those it has")]
    Unknown {
        /// The read model.
        model: &'static str,
        /// The number asked for.
        generation: u32,
    },
    /// It was built by another version of the program.
    #[error("generation {generation} of {model} has version {version}, this build reads version {wanted}")]
    Version {
        /// The read model.
        model: &'static str,
        /// The number asked for.
        generation: u32,
        /// Its version.
        version: u32,
        /// This build's.
        wanted: u32,
    },
    /// It is still being built.
    #[error("generation {generation} of {model} is still being built, at position {position}")]
    Building {
        /// The read model.
        model: &'static str,
        /// The number asked for.
        generation: u32,
        /// How far it is.
        position: Position,
    },
    /// It is in use.
    #[error("generation {generation} of {model} is in use; switch to another one first")]
    InUse {
        /// The read model.
        model: &'static str,
        /// The number asked for.
        generation: u32,
    },
    /// The database failed.
    #[error("the read models' database failed")]
    Database(#[from] trunkline_database::DatabaseError),
}

/// Lets queries see this generation from now on, in one transaction. The one that was in use is kept up to date.
///
/// # Errors
/// When there is no such generation, it is still being built, or was built by another version.
pub async fn switch(database: &Database, model: ReadModel, generation: u32) -> Result<(), GenerationError> {
    let mut transaction = database.begin().await?;
    lock(&mut transaction).await?;
    let found = find(&mut transaction, model, generation).await?;
    if found.status == Status::Building {
        let model = model.name();
        return Err(GenerationError::Building { model, generation, position: found.position });
    }
    activate(&mut transaction, &found).await?;
    transaction.commit().await?;
    Ok(())
}

/// Ends the building of a generation: it is kept up to date from now on, and used when `switch` says so.
pub(crate) async fn built(
    database: &Database,
    model: ReadModel,
    generation: u32,
    switch: bool,
) -> Result<(), GenerationError> {
    let mut transaction = database.begin().await?;
    lock(&mut transaction).await?;
    let found = find(&mut transaction, model, generation).await?;
    set_status(&mut transaction, model, generation, Status::Standby).await?;
    if switch {
        activate(&mut transaction, &found).await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn activate(transaction: &mut Transaction, generation: &Generation) -> Result<(), GenerationError> {
    let definition = generation.model.definition();
    if generation.version != definition.version {
        return Err(GenerationError::Version {
            model: definition.name,
            generation: generation.generation,
            version: generation.version,
            wanted: definition.version,
        });
    }
    let name = Value::Text(definition.name.into());
    transaction
        .execute(
            "UPDATE projection_generations SET status = 'standby' WHERE name = $1 AND status = 'active'",
            vec![name],
        )
        .await?;
    set_status(transaction, generation.model, generation.generation, Status::Active).await?;
    point_views(transaction, definition, generation.generation).await?;
    Ok(())
}

async fn set_status(
    transaction: &mut Transaction,
    model: ReadModel,
    generation: u32,
    status: Status,
) -> Result<()> {
    let values = vec![Value::Text(model.name().into()), generation.value(), As(status).value()];
    let sql = "UPDATE projection_generations SET status = $3 WHERE name = $1 AND generation = $2";
    transaction.execute_expecting(1, sql, values).await
}

async fn find(
    transaction: &mut Transaction,
    model: ReadModel,
    generation: u32,
) -> Result<Generation, GenerationError> {
    list_in(transaction)
        .await?
        .into_iter()
        .find(|found| found.model == model && found.generation == generation)
        .ok_or(GenerationError::Unknown { model: model.name(), generation })
}

/// Drops the tables of a generation that is not in use.
///
/// # Errors
/// When there is no such generation or it is in use.
pub async fn drop_generation(
    database: &Database,
    model: ReadModel,
    generation: u32,
) -> Result<(), GenerationError> {
    let mut transaction = database.begin().await?;
    lock(&mut transaction).await?;
    let found = find(&mut transaction, model, generation).await?;
    if found.status == Status::Active {
        return Err(GenerationError::InUse { model: model.name(), generation });
    }
    for table in model.definition().tables {
        let script = format!("DROP TABLE IF EXISTS {}", table.of_generation(generation));
        transaction.script(AssertSqlSafe(script)).await?;
    }
    for table in ["projection_parked", "projection_generations"] {
        let sql = format!("DELETE FROM {table} WHERE name = $1 AND generation = $2");
        transaction
            .execute(AssertSqlSafe(sql), vec![Value::Text(model.name().into()), generation.value()])
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}
