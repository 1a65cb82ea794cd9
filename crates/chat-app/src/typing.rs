//! Who is writing. Best effort: where it fails, that is logged, and nothing else fails for it.

use crate::core::{Core, NoMembership};
use crate::error::{Coded, store_code, store_sentence};
use chat_domain::auth::Actor;
use chat_domain::{ConversationId, ErrorCode, StoreError, UserId};
use std::sync::Arc;
use thiserror::Error;

/// Who is writing. Cheap to clone.
#[derive(Clone)]
pub struct Typing(pub(crate) Arc<Core>);

impl Typing {
    /// The actor is writing, until they stop, send, or let the timeout pass. Only the beginning is told to the window.
    pub async fn start(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), TypingError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        if !conversation.is_active {
            return Err(TypingError::Inactive);
        }
        let until = self.0.now().plus(self.0.settings.typing_timeout);
        match self.0.typing.start(conversation_id, actor.user_id, until).await {
            Ok(true) => self.0.publish_typing(conversation_id, conversation.kind, actor.user_id, true).await,
            Ok(false) => {}
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, %conversation_id, "typing was not noted");
            }
        }
        Ok(())
    }

    /// The actor stopped writing. Also where they had not begun, and in a group that is no longer active.
    pub async fn stop(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), TypingError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        self.0.end_typing(conversation_id, conversation.kind, actor.user_id).await;
        Ok(())
    }

    /// Ends the typing of those who have not said for a while that they are still at it. Called a few times a second.
    pub async fn expire(&self) {
        match self.0.typing.take_expired(self.0.now()).await {
            Ok(expired) => {
                for (conversation, user) in expired {
                    if let Err(fault) = self.tell_of_the_end(conversation, user).await {
                        let error = &fault as &dyn std::error::Error;
                        tracing::warn!(error, %conversation, "that typing expired was not told");
                    }
                }
            }
            Err(fault) => tracing::warn!(error = &fault as &dyn std::error::Error, "typing did not expire"),
        }
    }

    async fn tell_of_the_end(&self, conversation_id: ConversationId, user: UserId) -> Result<(), StoreError> {
        if let Some((conversation, _)) = self.0.store.conversations().find_membership(conversation_id, user).await? {
            self.0.publish_typing(conversation_id, conversation.kind, user, false).await;
        }
        Ok(())
    }
}

/// Why somebody may not write there.
#[derive(Debug, Error)]
pub enum TypingError {
    /// No such conversation.
    #[error("There is no such conversation")]
    ConversationNotFound,
    /// The actor does not take part.
    #[error("You are not a participant of this conversation")]
    NotAParticipant,
    /// The group was deactivated.
    #[error("The group is no longer active")]
    Inactive,
    /// See [`StoreError`].
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
}

impl Coded for TypingError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::ConversationNotFound => ErrorCode::ConversationNotFound,
            Self::NotAParticipant => ErrorCode::NotAParticipant,
            Self::Inactive => ErrorCode::GroupInactive,
            Self::Store(fault) => store_code(fault),
        }
    }
}

impl From<NoMembership> for TypingError {
    fn from(fault: NoMembership) -> Self {
        match fault {
            NoMembership::UnknownConversation => Self::ConversationNotFound,
            NoMembership::NotAParticipant => Self::NotAParticipant,
            NoMembership::Store(fault) => Self::Store(fault),
        }
    }
}
