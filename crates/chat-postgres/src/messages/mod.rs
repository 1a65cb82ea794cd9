//! Messages: sends and history.
//!
//! A send goes to [`Writers`], which store many sends in one transaction. It waits for a writer in [`queue`]; [`batch`]
//! runs the transaction, [`plan`] decides, and [`append`] has the statements.

mod append;
mod batch;
mod edit;
mod failure;
mod history;
mod pins;
mod places;
mod plan;
mod queue;
mod quotes;
mod reactions;
mod related;
mod rows;
mod writers;

pub(crate) use append::{MessageColumns, SummaryColumns};
pub(crate) use edit::read as read_context;
pub(crate) use history::{find_in_conversation, last_messages};
pub(crate) use places::{Place, list_at};
pub(crate) use related::Related;
pub(crate) use rows::MessageRow;
pub(crate) use writers::Writers;

use crate::PostgresStore;
use async_trait::async_trait;
use chat_domain::messages::{
    Appended, By, ChangedMessage, Draft, EditHistory, EditMessage, Editor, FoundMessages, HistoryPage, HistoryRequest,
    MessagePlace, MessageStore, MessageVersion, PinMessage, React, ReactedMessage, ReactorPage, ReactorsWanted,
};
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

    async fn edit(&self, edit: EditMessage, by: Editor) -> Result<ChangedMessage, ActionError> {
        self.change(async |connection| edit::edit(connection, &edit, by).await).await
    }

    async fn delete(
        &self,
        conversation: ConversationId,
        message: MessageId,
        by: Editor,
    ) -> Result<ChangedMessage, ActionError> {
        self.change(async |connection| edit::delete(connection, conversation, message, by).await).await
    }

    async fn react(&self, react: React, by: By) -> Result<ReactedMessage, ActionError> {
        self.change(async |connection| reactions::react(connection, &react, by).await).await
    }

    async fn pin(&self, pin: PinMessage, by: By) -> Result<ChangedMessage, ActionError> {
        self.change(async |connection| pins::pin(connection, pin, by).await).await
    }

    async fn list_pinned(&self, conversation: ConversationId, reader: UserId) -> Result<FoundMessages, ActionError> {
        self.query(async |connection| history::list_pinned(connection, conversation, reader).await).await
    }

    async fn list_reactors(
        &self,
        conversation: ConversationId,
        message: MessageId,
        wanted: ReactorsWanted,
    ) -> Result<ReactorPage, ActionError> {
        self.query(async |connection| reactions::list(connection, conversation, message, &wanted).await).await
    }

    async fn find_many(
        &self,
        conversation: ConversationId,
        reader: UserId,
        ids: &[MessageId],
    ) -> Result<FoundMessages, ActionError> {
        self.query(async |connection| history::find_many(connection, conversation, reader, ids).await).await
    }

    async fn list_versions(
        &self,
        conversation: ConversationId,
        reader: UserId,
        message: MessageId,
        history: EditHistory,
    ) -> Result<Vec<MessageVersion>, ActionError> {
        self.read(async |connection| edit::list_versions(connection, conversation, reader, message, history).await)
            .await
    }

    async fn find_place(&self, id: MessageId) -> Result<Option<MessagePlace>, StoreError> {
        self.query(async |connection| places::find(connection, id).await).await
    }
}
