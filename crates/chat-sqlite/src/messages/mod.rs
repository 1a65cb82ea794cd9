//! Messages: sends and history.

mod append;
mod history;
pub(crate) mod places;
mod rows;

pub(crate) use history::{find_in_conversation, last_messages, load_positions};
pub(crate) use rows::MessageRow;

use crate::SqliteStore;
use crate::queue::Writes;
use async_trait::async_trait;
use chat_domain::messages::{Appended, Draft, HistoryPage, HistoryRequest, MessagePlace, MessageStore};
use chat_domain::{ActionError, ConversationId, MessageId, StoreError, UserId};

#[async_trait]
impl MessageStore for SqliteStore {
    async fn append(&self, draft: Draft) -> Result<Appended, ActionError> {
        let append = move |connection: &mut _| append::append(connection, &draft);
        self.threads().writer.call_changing(Writes::Decided, append).await
    }

    async fn history(
        &self,
        conversation: ConversationId,
        reader: UserId,
        request: HistoryRequest,
    ) -> Result<HistoryPage, ActionError> {
        self.read(move |connection| history::history(connection, conversation, reader, request)).await
    }

    async fn find_place(&self, id: MessageId) -> Result<Option<MessagePlace>, StoreError> {
        self.read(move |connection| places::find(connection, id)).await
    }
}
