//! The epoch of the database.

use crate::PostgresStore;
use crate::fault::Fault;
use crate::schema::database_epoch;
use async_trait::async_trait;
use chat_domain::{Epoch, EpochStore, StoreError};
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::RunQueryDsl;

#[async_trait]
impl EpochStore for PostgresStore {
    async fn epoch(&self) -> Result<Epoch, StoreError> {
        self.query(async |connection| {
            let epoch = database_epoch::table.select(database_epoch::epoch).get_result(connection).await?;
            Ok::<_, Fault>(Epoch::new(epoch))
        })
        .await
    }

    async fn begin_epoch(&self) -> Result<Epoch, StoreError> {
        self.query(async |connection| {
            let random = diesel::dsl::sql::<SqlUuid>("gen_random_uuid()");
            let begun = diesel::update(database_epoch::table).set(database_epoch::epoch.eq(random));
            let epoch = begun.returning(database_epoch::epoch).get_result(connection).await?;
            Ok::<_, Fault>(Epoch::new(epoch))
        })
        .await
    }
}
