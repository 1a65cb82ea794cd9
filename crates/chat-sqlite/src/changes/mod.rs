//! The durable changes of conversations. Each takes the next `pos` and is one row; the row of a sent message is in
//! `messages`.

mod list;
mod missed;
mod present;
mod record;

pub(crate) use record::{last_change, store, take_pos};

use crate::SqliteStore;
use async_trait::async_trait;
use chat_domain::{Change, ChangeLog, ChangeRange, Pos, StoreError};

#[async_trait]
impl ChangeLog for SqliteStore {
    async fn list_changes(&self, ranges: &[ChangeRange], limit: u32) -> Result<Vec<Change>, StoreError> {
        let ranges = ranges.to_vec();
        self.read(move |connection| list::list(connection, &ranges, limit.into())).await
    }

    async fn list_missed(&self, ranges: &[ChangeRange]) -> Result<Vec<Change>, StoreError> {
        let ranges = ranges.to_vec();
        self.read(move |connection| missed::find(connection, &ranges)).await
    }

    async fn list_missed_pos(&self, range: ChangeRange, limit: u32) -> Result<Vec<Pos>, StoreError> {
        self.read(move |connection| missed::find_pos(connection, range, limit)).await
    }
}
