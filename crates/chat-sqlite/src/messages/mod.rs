//! Messages: sends and history.

mod append;
mod edit;
mod history;
mod pins;
pub(crate) mod places;
mod quotes;
mod reactions;
mod related;
mod rows;

pub(crate) use edit::read as read_context;
pub(crate) use history::{find_in_conversation, last_messages, load_positions};
pub(crate) use related::Related;
pub(crate) use rows::MessageRow;

use crate::SqliteStore;
use crate::queue::Writes;
use async_trait::async_trait;
use chat_domain::messages::{
    Appended, By, ChangedMessage, Draft, EditHistory, EditMessage, Editor, FoundMessages, HistoryPage, HistoryRequest,
    MessagePlace, MessageStore, MessageVersion, PinMessage, React, ReactedMessage, ReactorPage, ReactorsWanted,
};
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

    async fn edit(&self, edit: EditMessage, by: Editor) -> Result<ChangedMessage, ActionError> {
        self.change(move |connection| edit::edit(connection, &edit, by)).await
    }

    async fn delete(
        &self,
        conversation: ConversationId,
        message: MessageId,
        by: Editor,
    ) -> Result<ChangedMessage, ActionError> {
        self.change(move |connection| edit::delete(connection, conversation, message, by)).await
    }

    async fn react(&self, react: React, by: By) -> Result<ReactedMessage, ActionError> {
        self.change(move |connection| reactions::react(connection, &react, by)).await
    }

    async fn pin(&self, pin: PinMessage, by: By) -> Result<ChangedMessage, ActionError> {
        self.change(move |connection| pins::pin(connection, pin, by)).await
    }

    async fn list_pinned(&self, conversation: ConversationId, reader: UserId) -> Result<FoundMessages, ActionError> {
        self.read(move |connection| history::list_pinned(connection, conversation, reader)).await
    }

    async fn list_reactors(
        &self,
        conversation: ConversationId,
        message: MessageId,
        wanted: ReactorsWanted,
    ) -> Result<ReactorPage, ActionError> {
        self.read(move |connection| reactions::list(connection, conversation, message, &wanted)).await
    }

    async fn find_many(
        &self,
        conversation: ConversationId,
        reader: UserId,
        ids: &[MessageId],
    ) -> Result<FoundMessages, ActionError> {
        let ids = ids.to_vec();
        self.read(move |connection| history::find_many(connection, conversation, reader, &ids)).await
    }

    async fn list_versions(
        &self,
        conversation: ConversationId,
        reader: UserId,
        message: MessageId,
        history: EditHistory,
    ) -> Result<Vec<MessageVersion>, ActionError> {
        self.read(move |connection| edit::list_versions(connection, conversation, reader, message, history)).await
    }

    async fn find_place(&self, id: MessageId) -> Result<Option<MessagePlace>, StoreError> {
        self.read(move |connection| places::find(connection, id)).await
    }
}
