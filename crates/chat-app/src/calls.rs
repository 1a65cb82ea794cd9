//! Call signalling. It carries no media and stores nothing.

use crate::core::{Core, NoMembership};
use crate::error::{Coded, store_code, store_sentence};
use chat_domain::auth::Actor;
use chat_domain::calls::CallStarted;
use chat_domain::users::DisplayName;
use chat_domain::{Audience, ConversationId, Envelope, ErrorCode, Event, StoreError};
use std::sync::Arc;
use thiserror::Error;

/// Call signalling. Cheap to clone.
#[derive(Clone)]
pub struct Calls(pub(crate) Arc<Core>);

impl Calls {
    /// Signals a call to all other participants of the conversation, with the actor's name or the name that the client
    /// gives.
    pub async fn start(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        caller_name: Option<DisplayName>,
    ) -> Result<(), CallsError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        if !conversation.is_active {
            return Err(CallsError::Inactive);
        }
        let caller = self.0.store.users().find(actor.user_id).await?.ok_or(CallsError::AccountGone)?.summary();
        let started = CallStarted { conversation_id, kind: conversation.kind, caller, caller_name, at: self.0.now() };
        self.0
            .bus
            .publish(Envelope {
                audience: Audience::Conversation(conversation_id),
                except: Some(actor.user_id),
                event: Event::CallStarted(started),
            })
            .await;
        Ok(())
    }
}

/// Why a call was not signalled.
#[derive(Debug, Error)]
pub enum CallsError {
    /// The actor's own account has been deleted.
    #[error("This account no longer exists")]
    AccountGone,
    /// The conversation does not exist.
    #[error("There is no such conversation")]
    ConversationNotFound,
    /// The actor is not a participant.
    #[error("You are not a participant of this conversation")]
    NotAParticipant,
    /// The group was deactivated.
    #[error("The group is no longer active")]
    Inactive,
    /// See [`StoreError`].
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
}

impl Coded for CallsError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::AccountGone => ErrorCode::SessionRevoked,
            Self::ConversationNotFound => ErrorCode::ConversationNotFound,
            Self::NotAParticipant => ErrorCode::NotAParticipant,
            Self::Inactive => ErrorCode::GroupInactive,
            Self::Store(fault) => store_code(fault),
        }
    }
}

impl From<NoMembership> for CallsError {
    fn from(fault: NoMembership) -> Self {
        match fault {
            NoMembership::UnknownConversation => Self::ConversationNotFound,
            NoMembership::NotAParticipant => Self::NotAParticipant,
            NoMembership::Store(fault) => Self::Store(fault),
        }
    }
}
