use super::{Messages, SendDirect};
use chat_domain::auth::Actor;
use chat_domain::changes::Feature;
use chat_domain::messages::{
    Appended, Draft, ExpectedKind, ForwardOf, ForwardedFrom, Message, MessageContent, MessageLimit, SendMessage,
};
use chat_domain::{ActionError, MessageId, Refusal, StoreError};
use std::sync::Arc;

impl Messages {
    /// The maximum length of the texts of messages.
    pub fn limit(&self) -> MessageLimit {
        self.0.settings.message_limit
    }

    /// Sends a message. `Ok` means that it is committed, so that no crash loses it, and published. A replay is
    /// published again, since the first publication may have failed; receivers that have it drop it by its `pos`.
    pub async fn send(&self, actor: Actor, command: SendMessage) -> Result<Appended, ActionError> {
        let draft = self.draft(actor, command).await?;
        self.append(draft).await
    }

    /// Waits for nothing, unless the message is forwarded.
    async fn draft(&self, actor: Actor, command: SendMessage) -> Result<Draft, ActionError> {
        let forward_of = command.content.forward_of;
        self.0.check_length(&command.content.body)?;
        let mut draft = command.into_draft(actor.user_id, MessageId::new(self.0.ids.next_uuid()), self.0.now());
        if let Some(source) = forward_of {
            self.copy(actor, source, &mut draft).await?;
        }
        let mut needed = features(&draft.content).into_iter().flatten();
        draft.awaits_upgrade = !needed.all(|feature| self.0.features.may_write(&feature));
        Ok(draft)
    }

    /// Copies what the draft forwards, as the sender may read it now. What they may not read does not exist for them.
    /// This decides nothing: the store looks up first whether the draft repeats an earlier send, and whether the source
    /// was deleted meanwhile.
    async fn copy(&self, actor: Actor, source: ForwardOf, draft: &mut Draft) -> Result<(), ActionError> {
        let core = Arc::clone(&self.0);
        let read = async move {
            let of = (source.conversation_id, actor.user_id, [source.message_id]);
            core.reading(actor.user_id, core.store.messages().find_many(of.0, of.1, &of.2)).await
        };
        let found = match self.0.runtime.spawn(read).await.map_err(|panic| StoreError::Failed(panic.into()))? {
            Ok(mut found) => found.messages.pop().ok_or(Refusal::UnknownMessage),
            Err(ActionError::Refused(_)) => Err(Refusal::UnknownMessage),
            Err(error) => return Err(error),
        };
        let found = found.and_then(|message| match message.deleted_at {
            Some(_) => Err(Refusal::MessageDeleted),
            None => Ok(message),
        });
        if let Ok(message) = &found {
            draft.content.body = message.body.clone();
            draft.content.attachment.clone_from(&message.attachment);
        }
        draft.forwarded = Some(found.map(|message| ForwardedFrom::of(&message)));
        Ok(())
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
        let draft = self.draft(actor, command).await?;
        self.append(Draft { expects: ExpectedKind::Group, ..draft }).await
    }

    /// Sends to a user, like [`Self::send`], in their direct conversation, which the first message creates.
    pub async fn send_direct(&self, actor: Actor, command: SendDirect) -> Result<Appended, ActionError> {
        let conversation_id = self.0.direct_with(actor.user_id, command.receiver).await?;
        let SendDirect { receiver: _, content, client_message_id } = command;
        self.send(actor, SendMessage { conversation_id, content, client_message_id }).await
    }
}

/// What other nodes must know to show this content.
fn features(content: &MessageContent) -> [Option<Feature>; 3] {
    [
        content.metadata.as_ref().map(|_| Feature::MESSAGE_METADATA),
        content.forward_of.map(|_| Feature::MESSAGE_FORWARDS),
        (!MessageLimit::DEFAULT.admits(&content.body)).then_some(Feature::LONG_MESSAGES),
    ]
}
