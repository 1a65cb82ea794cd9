//! Messages: sends and history.
//!
//! A send goes to [`Writers`], which store many sends in one transaction. It waits for a writer in [`queue`]; [`batch`]
//! runs the transaction, [`plan`] decides, and [`append`] has the statements.

mod append;
mod batch;
mod failure;
mod history;
mod places;
mod plan;
mod queue;
mod rows;
mod writers;

pub(crate) use append::{MessageColumns, SummaryColumns};
pub(crate) use history::{find_in_conversation, last_messages};
pub(crate) use places::{Place, list_at};
pub(crate) use rows::MessageRow;
pub(crate) use writers::Writers;

use crate::PostgresStore;
use async_trait::async_trait;
use chat_domain::messages::{Appended, Draft, HistoryPage, HistoryRequest, MessagePlace, MessageStore};
use chat_domain::{ActionError, ConversationId, MessageId, StoreError, UserId};

#[async_trait]
impl MessageStore for PostgresStore {
    async fn append(&self, draft: Draft) -> Result<Appended, ActionError> {
        self.writers().append(draft).await
    }

    async fn history(
        &self,
        conversation: ConversationId,
        reader: UserId,
        request: HistoryRequest,
    ) -> Result<HistoryPage, ActionError> {
        self.query(async |connection| history::history(connection, conversation, reader, request).await).await
    }

    async fn find_place(&self, id: MessageId) -> Result<Option<MessagePlace>, StoreError> {
        self.query(async |connection| places::find(connection, id).await).await
    }
}
