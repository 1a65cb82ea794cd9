use super::{Messages, MessagesError};
use chat_domain::auth::Actor;
use chat_domain::messages::{Appended, SendMessage};
use chat_domain::{Change, ChangeKind, MessageId};

impl Messages {
    /// Sends a message. `Ok` means that it is committed: no crash loses it. A replay is published again, since the first
    /// time may have been cut short; whoever has it already drops it by its `pos`.
    pub async fn send(&self, actor: Actor, command: SendMessage) -> Result<Appended, MessagesError> {
        let conversation_id = command.conversation_id;
        let draft = command.into_draft(actor.user_id, MessageId::new(self.0.ids.next_uuid()), self.0.now());
        let appended = self.0.messages.append(draft).await?;
        let (Appended::New(message) | Appended::Replayed(message)) = &appended;
        let change = Change {
            conversation_id,
            pos: message.pos,
            at: message.created_at,
            kind: ChangeKind::MessageSent(Box::new(message.clone())),
        };
        self.0.publish_changes([change]).await;
        self.0.end_typing(conversation_id, actor.user_id).await;
        Ok(appended)
    }
}
