//! The durable changes of conversations. Each takes the next `pos` and is one row; the row of a sent message is in
//! `messages`.

mod list;
mod present;
mod record;

pub(crate) use record::{last_change, store, take_pos};

use crate::SqliteStore;
use async_trait::async_trait;
use chat_domain::{Change, ChangeLog, ChangeRange, StoreError};

#[async_trait]
impl ChangeLog for SqliteStore {
    async fn list_changes(&self, ranges: &[ChangeRange], limit: u32) -> Result<Vec<Change>, StoreError> {
        let ranges = ranges.to_vec();
        self.read(move |connection| list::list(connection, &ranges, limit.into())).await
    }
}
