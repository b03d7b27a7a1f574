//! Reading signed heads.

use trunkline_database::{Cell as _, Row, SqlSafeStr, Value};
use trunkline_notary::{KeyId, PublicKey, SignedHead};

use crate::{Books, RegistryError};

/// A signed head and its place among all of this notary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberedHead {
    /// Counted from 1 in the order of signing.
    pub number: u64,
    /// The head.
    pub signed: SignedHead,
}

impl NumberedHead {
    /// The key whose turn it is after this head.
    pub fn signer(&self) -> KeyId {
        self.signed.head.next_key.as_ref().map_or(self.signed.key, PublicKey::id)
    }
}

impl Books {
    /// The head that was signed last.
    ///
    /// # Errors
    /// When the database fails or the head is damaged.
    pub async fn last_head(&self) -> Result<Option<NumberedHead>, RegistryError> {
        let sql = "SELECT number, document FROM notary_heads ORDER BY number DESC LIMIT 1";
        Ok(self.heads_of(sql, vec![]).await?.pop())
    }

    /// The last head of exactly this size.
    ///
    /// # Errors
    /// As [`Books::last_head`].
    pub async fn head_of_size(&self, size: u64) -> Result<Option<NumberedHead>, RegistryError> {
        let sql = "SELECT number, document FROM notary_heads WHERE size = $1 ORDER BY number DESC LIMIT 1";
        Ok(self.heads_of(sql, vec![size.value()]).await?.pop())
    }

    /// Heads after a number, the oldest first, `limit` at most.
    ///
    /// # Errors
    /// As [`Books::last_head`].
    pub async fn heads_after(&self, number: u64, limit: u32) -> Result<Vec<NumberedHead>, RegistryError> {
        let sql = "SELECT number, document FROM notary_heads WHERE number > $1 ORDER BY number LIMIT $2";
        self.heads_of(sql, vec![number.value(), limit.value()]).await
    }

    /// Heads before a number, the newest first, `limit` at most.
    ///
    /// # Errors
    /// As [`Books::last_head`].
    pub async fn heads_before(&self, number: u64, limit: u32) -> Result<Vec<NumberedHead>, RegistryError> {
        let sql = "SELECT number, document FROM notary_heads WHERE number < $1 ORDER BY number DESC LIMIT $2";
        self.heads_of(sql, vec![number.value(), limit.value()]).await
    }

    async fn heads_of(
        &self,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
    ) -> Result<Vec<NumberedHead>, RegistryError> {
        self.database.fetch(sql, values).await?.iter().map(head).collect()
    }

    /// The number of the last head that a place of publication has taken.
    pub(crate) async fn published(&self, target: &str) -> Result<u64, RegistryError> {
        let sql = "SELECT number FROM notary_published WHERE target = $1";
        let row = self.database.fetch_optional(sql, vec![target.to_owned().value()]).await?;
        Ok(row.map(|row| row.get("number")).transpose()?.unwrap_or(0))
    }

    /// Notes that a place of publication has taken a head and all before it.
    pub(crate) async fn note_published(&self, target: &str, number: u64) -> Result<(), RegistryError> {
        let sql = "INSERT INTO notary_published (target, number) VALUES ($1, $2)
            ON CONFLICT (target) DO UPDATE SET number = excluded.number";
        self.database.execute(sql, vec![target.to_owned().value(), number.value()]).await?;
        Ok(())
    }
}

fn head(row: &Row) -> Result<NumberedHead, RegistryError> {
    let number = row.get("number")?;
    let document: String = row.get("document")?;
    let signed = serde_json::from_str(&document).map_err(|source| RegistryError::Head { number, source })?;
    Ok(NumberedHead { number, signed })
}
