//! Messages: the hot path, and history.

mod append;
mod history;
mod rows;

pub(crate) use history::{find_in_conversation, last_messages};
pub(crate) use rows::MessageRow;

use crate::SqliteStore;
use async_trait::async_trait;
use chat_domain::messages::{AppendError, Appended, Draft, HistoryError, HistoryPage, HistoryRequest, MessageStore};
use chat_domain::{ConversationId, UserId};

#[async_trait]
impl MessageStore for SqliteStore {
    async fn append(&self, draft: Draft) -> Result<Appended, AppendError> {
        self.write(move |connection| append::append(connection, &draft)).await
    }

    async fn history(
        &self,
        conversation: ConversationId,
        reader: UserId,
        request: HistoryRequest,
    ) -> Result<HistoryPage, HistoryError> {
        self.read(move |connection| history::history(connection, conversation, reader, request)).await
    }
}
