//! Which server keeps the tree. Time decides who may try; the epoch, which every commit checks, decides who succeeds.

use std::time::Duration;

use trunkline_database::Cell as _;
use trunkline_kernel::{Millis, Timestamp};
use uuid::Uuid;

use crate::{Books, RegistryError};

impl Books {
    /// Takes the lease when it is free or keeps it when it is this owner's; gives the epoch of whoever has it.
    pub(crate) async fn seat(
        &self,
        owner: Uuid,
        held: Option<i64>,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<i64>, RegistryError> {
        let until = now.plus(Millis(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)));
        if let Some(epoch) = held {
            let sql = "UPDATE notary_state SET lease_until = $1 WHERE owner = $2 AND epoch = $3";
            let kept = self.database.execute(sql, vec![until.value(), owner.value(), epoch.value()]).await?;
            if kept == 1 {
                return Ok(Some(epoch));
            }
        }
        let sql = "UPDATE notary_state SET owner = $1, epoch = epoch + 1, lease_until = $2
            WHERE owner IS NULL OR lease_until < $3";
        if self.database.execute(sql, vec![owner.value(), until.value(), now.value()]).await? != 1 {
            return Ok(None);
        }
        let sql = "SELECT epoch FROM notary_state WHERE owner = $1";
        let row = self.database.fetch_optional(sql, vec![owner.value()]).await?;
        Ok(row.map(|row| row.get("epoch")).transpose()?)
    }

    /// Gives the lease up, so that others need not wait.
    pub(crate) async fn release(&self, owner: Uuid) -> Result<(), RegistryError> {
        let sql = "UPDATE notary_state SET owner = NULL, lease_until = NULL WHERE owner = $1";
        self.database.execute(sql, vec![owner.value()]).await?;
        Ok(())
    }
}
