//! The epoch of the database.

use crate::SqliteStore;
use crate::fault::Stored;
use crate::id::Id;
use crate::schema::database_epoch;
use async_trait::async_trait;
use chat_domain::{Epoch, EpochStore, StoreError};
use diesel::prelude::*;
use diesel::sql_types::Binary;

#[async_trait]
impl EpochStore for SqliteStore {
    async fn epoch(&self) -> Result<Epoch, StoreError> {
        self.read(find).await
    }

    async fn begin_epoch(&self) -> Result<Epoch, StoreError> {
        self.write(begin).await
    }
}

fn find(connection: &mut SqliteConnection) -> Stored<Epoch> {
    let epoch: Id = database_epoch::table.select(database_epoch::epoch).get_result(connection)?;
    Ok(epoch.into())
}

/// Replaces the epoch by a new one.
pub(crate) fn begin(connection: &mut SqliteConnection) -> Stored<Epoch> {
    let random = diesel::dsl::sql::<Binary>("randomblob(16)");
    diesel::update(database_epoch::table).set(database_epoch::epoch.eq(random)).execute(connection)?;
    find(connection)
}
