use super::Messages;
use chat_domain::auth::Actor;
use chat_domain::changes::{ChangeTag, Feature};
use chat_domain::messages::{
    EditMessage, Editor, FoundMessages, HiddenReactions, Message, MessageLimit, MessageVersion,
};
use chat_domain::receipts::ParticipantPositions;
use chat_domain::{ActionError, ConversationId, MessageId, Refusal};
use std::time::Duration;

impl Messages {
    /// Edits a message of the actor's own. An edit to what the message contains already changes nothing. Returns the
    /// message in its present state.
    pub async fn edit(&self, actor: Actor, command: EditMessage) -> Result<Message, ActionError> {
        if let Some(body) = &command.body {
            self.0.check_length(body)?;
        }
        let is_long = command.body.as_ref().is_some_and(|body| !MessageLimit::DEFAULT.admits(body));
        let metadata = command.metadata.as_ref().is_some_and(Option::is_some);
        let features = [Feature::from(ChangeTag::MESSAGE_UPDATED)];
        let features = features.into_iter().chain(metadata.then_some(Feature::MESSAGE_METADATA));
        let features = features.chain(is_long.then_some(Feature::LONG_MESSAGES));
        let edit = self.0.store.messages().edit(command, self.editor(actor, self.0.settings.message_edit_window));
        Ok(self.0.changing(actor.user_id, features, edit).await?.message)
    }

    /// Deletes a message for everybody: one of the actor's own, or any one of a group of which the actor is an admin.
    /// Deleting it again changes nothing. Returns the tombstone.
    pub async fn delete(
        &self,
        actor: Actor,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<Message, ActionError> {
        let by = self.editor(actor, self.0.settings.message_delete_window);
        let delete = self.0.store.messages().delete(conversation, message, by);
        Ok(self.0.changing(actor.user_id, [ChangeTag::MESSAGE_DELETED], delete).await?.message)
    }

    /// The messages with these ids, in their order, for a participant. Ids that are not in the conversation are left
    /// out.
    pub async fn find_many(
        &self,
        actor: Actor,
        conversation: ConversationId,
        ids: &[MessageId],
    ) -> Result<FoundMessages, ActionError> {
        let found = self.0.store.messages().find_many(conversation, actor.user_id, ids);
        let mut found = self.0.reading(actor.user_id, found).await?;
        found.messages.sort_by_cached_key(|message| ids.iter().position(|id| *id == message.id));
        Ok(found)
    }

    /// The message with this id, for a participant, and what else [`Self::find_many`] returns with it.
    pub async fn find(
        &self,
        actor: Actor,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<(Message, Vec<ParticipantPositions>, HiddenReactions), ActionError> {
        let mut found = self.find_many(actor, conversation, &[message]).await?;
        let message = found.messages.pop().ok_or(Refusal::UnknownMessage)?;
        Ok((message, found.participants, found.hidden_reactions))
    }

    /// The earlier versions of a message, oldest first, for those who may read them.
    pub async fn versions(
        &self,
        actor: Actor,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<Vec<MessageVersion>, ActionError> {
        let history = self.0.settings.edit_history;
        let versions = self.0.store.messages().list_versions(conversation, actor.user_id, message, history);
        self.0.reading(actor.user_id, versions).await
    }

    fn editor(&self, actor: Actor, window: Option<Duration>) -> Editor {
        Editor { user_id: actor.user_id, at: self.0.now(), window }
    }
}
