//! Typing notices. Best effort: a failure is logged and fails nothing else.

use crate::core::Core;
use chat_domain::auth::Actor;
use chat_domain::{ActionError, ConversationId, Refusal, StoreError, UserId};
use std::sync::Arc;

/// Typing notices. Cheap to clone.
#[derive(Clone)]
pub struct Typing(pub(crate) Arc<Core>);

impl Typing {
    /// Starts a typing notice, until the actor stops, sends, or lets the timeout pass. Only the start is sent to open
    /// windows.
    pub async fn start(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), ActionError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        if !conversation.is_active {
            return Err(Refusal::Inactive.into());
        }
        let until = self.0.now().plus(self.0.settings.typing_timeout);
        match self.0.typing.start(conversation_id, actor.user_id, until).await {
            Ok(true) => self.0.publish_typing(conversation_id, conversation.kind, actor.user_id, true).await,
            Ok(false) => {}
            Err(fault) => {
                let error = &fault as &dyn std::error::Error;
                tracing::warn!(error, %conversation_id, "cannot start a typing notice");
            }
        }
        Ok(())
    }

    /// Ends the actor's typing notice. Also if there is none, and in an inactive group.
    pub async fn stop(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), ActionError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        self.0.end_typing(conversation_id, conversation.kind, actor.user_id).await;
        Ok(())
    }

    /// Ends typing notices that were not renewed in time. Called a few times per second.
    pub async fn expire(&self) {
        match self.0.typing.take_expired(self.0.now()).await {
            Ok(expired) => {
                for (conversation, user) in expired {
                    if let Err(fault) = self.tell_of_the_end(conversation, user).await {
                        let error = &fault as &dyn std::error::Error;
                        tracing::warn!(error, %conversation, "cannot announce that typing expired");
                    }
                }
            }
            Err(fault) => tracing::warn!(error = &fault as &dyn std::error::Error, "cannot expire typing notices"),
        }
    }

    async fn tell_of_the_end(&self, conversation_id: ConversationId, user: UserId) -> Result<(), StoreError> {
        if let Some((conversation, _)) = self.0.store.conversations().find_membership(conversation_id, user).await? {
            self.0.publish_typing(conversation_id, conversation.kind, user, false).await;
        }
        Ok(())
    }
}
