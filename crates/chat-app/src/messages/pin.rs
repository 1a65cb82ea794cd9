use super::Messages;
use chat_domain::auth::Actor;
use chat_domain::changes::ChangeTag;
use chat_domain::messages::{By, FoundMessages, Message, PinMessage};
use chat_domain::{ActionError, ConversationId};

impl Messages {
    /// Pins or unpins a message. Changes nothing if it is so already. Returns the message in its present state.
    pub async fn pin(&self, actor: Actor, pin: PinMessage) -> Result<Message, ActionError> {
        let kind = if pin.is_pinned { ChangeTag::MESSAGE_PINNED } else { ChangeTag::MESSAGE_UNPINNED };
        let by = By { user_id: actor.user_id, at: self.0.now() };
        let pin = self.0.store.messages().pin(pin, by);
        Ok(self.0.changing(actor.user_id, [kind], pin).await?.message)
    }

    /// The pinned messages of a conversation, the last pinned first, for a participant.
    pub async fn list_pinned(&self, actor: Actor, conversation: ConversationId) -> Result<FoundMessages, ActionError> {
        let pinned = self.0.store.messages().list_pinned(conversation, actor.user_id);
        self.0.reading(actor.user_id, pinned).await
    }
}
