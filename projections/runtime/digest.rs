//! Digests of read models: two databases that hold the same rows give the same digest, in whatever order they
//! hold them.

use sha2::{Digest as _, Sha256};
use trunkline_database::{AssertSqlSafe, Database, Result, Row, Table, Transaction, Value};

use crate::ReadModel;

/// What one table holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDigest {
    /// The table without its generation.
    pub table: &'static str,
    /// How many rows; rows of sums that are all zero are no rows.
    pub rows: u64,
    /// The sum of the rows' SHA-256, as 32 hexadecimal digits.
    pub digest: String,
}

/// Digests every table of a generation, as of one moment.
///
/// # Errors
/// When the database fails.
pub async fn digest(database: &Database, model: ReadModel, generation: u32) -> Result<Vec<TableDigest>> {
    let mut snapshot = database.snapshot().await?;
    digest_in(&mut snapshot, model, generation).await
}

/// Digests every table of a generation, as of a transaction.
pub(crate) async fn digest_in(
    transaction: &mut Transaction,
    model: ReadModel,
    generation: u32,
) -> Result<Vec<TableDigest>> {
    let mut digests = Vec::new();
    for table in model.definition().tables {
        let sql = format!("SELECT {} FROM {}", table.column_list(), table.of_generation(generation));
        let (mut rows, mut sum) = (0_u64, 0_u128);
        let mut bytes = Vec::new();
        transaction
            .each(AssertSqlSafe(sql), Vec::new(), |row| {
                if let Some(hash) = hash(table, &row, &mut bytes)? {
                    rows += 1;
                    sum = sum.wrapping_add(hash);
                }
                Ok::<_, trunkline_database::DatabaseError>(())
            })
            .await?;
        digests.push(TableDigest { table: table.name, rows, digest: format!("{sum:032x}") });
    }
    Ok(digests)
}

/// Rows of sums stay behind, all zero, when late events move what they counted to another window; a fresh rebuild
/// never makes them. Only tables of sums have nothing but numbers outside their key.
fn hash(table: &Table, row: &Row, bytes: &mut Vec<u8>) -> Result<Option<u128>> {
    bytes.clear();
    let (mut sums, mut zero) = (false, true);
    for (at, column) in table.columns.iter().enumerate() {
        let value = row.value(at, column.kind)?;
        if !table.key.contains(&column.name) {
            sums = true;
            zero &= value == Value::Int(0);
        }
        value.digest_into(bytes);
    }
    if sums && zero {
        return Ok(None);
    }
    let hash = Sha256::digest(&*bytes);
    let mut first = [0; 16];
    first.copy_from_slice(&hash[..16]);
    Ok(Some(u128::from_be_bytes(first)))
}
