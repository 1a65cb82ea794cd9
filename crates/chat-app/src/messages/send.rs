use super::{Messages, SendDirect};
use chat_domain::auth::Actor;
use chat_domain::messages::{Appended, Draft, ExpectedKind, Message, SendMessage};
use chat_domain::{ActionError, MessageId};
use std::sync::Arc;

impl Messages {
    /// Sends a message. `Ok` means that it is committed, so that no crash loses it, and published. A replay is
    /// published again, since the first publication may have failed; receivers that have it drop it by its `pos`.
    pub async fn send(&self, actor: Actor, command: SendMessage) -> Result<Appended, ActionError> {
        self.append(self.draft(actor, command)).await
    }

    fn draft(&self, actor: Actor, command: SendMessage) -> Draft {
        command.into_draft(actor.user_id, MessageId::new(self.0.ids.next_uuid()), self.0.now())
    }

    async fn append(&self, draft: Draft) -> Result<Appended, ActionError> {
        let expected = self.0.bus.expect(draft.conversation_id);
        let appended = self.0.store.messages().append(draft).await?;
        drop(expected);
        match &appended {
            // Again, in case the first publication failed.
            Appended::First(message) | Appended::Replayed(message) => self.introduce_writer(message).await,
            Appended::New(_) => {}
        }
        Ok(appended)
    }

    /// On the main runtime, since whoever sends may be on another thread, and the stores that this reads may not be
    /// used there.
    async fn introduce_writer(&self, message: &Message) {
        if !message.kind.is_group() {
            let (core, message) = (Arc::clone(&self.0), message.clone());
            // Best effort: after a panic in it, which was logged, the message is stored all the same.
            let _ = self.0.runtime.spawn(async move { core.introduce_writer(&message).await }).await;
        }
    }

    /// Sends to a group, like [`Self::send`]; the id of a direct conversation is not accepted.
    pub async fn send_to_group(&self, actor: Actor, command: SendMessage) -> Result<Appended, ActionError> {
        self.append(Draft { expects: ExpectedKind::Group, ..self.draft(actor, command) }).await
    }

    /// Sends to a user, like [`Self::send`], in their direct conversation, which the first message creates.
    pub async fn send_direct(&self, actor: Actor, command: SendDirect) -> Result<Appended, ActionError> {
        let conversation_id = self.0.direct_with(actor.user_id, command.receiver).await?;
        let SendDirect { receiver: _, content, client_message_id } = command;
        self.send(actor, SendMessage { conversation_id, content, client_message_id }).await
    }
}
