use super::{ChatTarget, Conversations, ConversationsError};
use crate::core::Core;
use chat_domain::auth::Actor;
use chat_domain::changes::ChangeTag;
use chat_domain::conversations::{CreateConversationError, DirectKey, NewConversation, ParticipantIds, Refusal};
use chat_domain::{ConversationId, StoreError, UserId};

/// Why there is no conversation with a user.
pub(crate) enum NoDirect {
    Oneself,
    UnknownUser(UserId),
    Refused(Refusal),
    Store(StoreError),
}

/// Why a conversation cannot be found.
pub(crate) enum NoTarget {
    /// The actor is not part of the pair.
    Others,
    Unknown,
    Store(StoreError),
}

impl Conversations {
    /// The direct conversation with this user, found or created.
    pub async fn direct_with(&self, actor: Actor, other: UserId) -> Result<ConversationId, ConversationsError> {
        Ok(self.0.direct_with(actor.user_id, other).await?)
    }

    /// The direct conversation of this pair, if it exists. The actor must be part of the pair.
    pub async fn find_direct(
        &self,
        actor: Actor,
        pair: DirectKey,
    ) -> Result<Option<ConversationId>, ConversationsError> {
        Ok(self.0.find_direct(actor.user_id, pair).await?)
    }

    /// The conversation that a client names, if the actor is a participant. A group is named by its own id only: the id
    /// of a direct conversation is not accepted.
    pub async fn locate(&self, actor: Actor, target: ChatTarget) -> Result<ConversationId, ConversationsError> {
        match target {
            ChatTarget::Pair(pair) => {
                self.0.find_direct(actor.user_id, pair).await?.ok_or(ConversationsError::ConversationNotFound)
            }
            ChatTarget::Group(id) => match self.0.store.conversations().find_membership(id, actor.user_id).await? {
                Some((found, Some(_))) if found.kind.is_group() => Ok(id),
                Some((found, None)) if found.kind.is_group() => {
                    Err(ConversationsError::Refused(Refusal::NotAParticipant))
                }
                _ => Err(ConversationsError::ConversationNotFound),
            },
        }
    }
}

impl Core {
    /// Looks for the conversation first, since only a pair's first message creates it.
    pub(crate) async fn direct_with(&self, actor: UserId, other: UserId) -> Result<ConversationId, NoDirect> {
        let others = ParticipantIds::parse(actor, &[other]).map_err(|_| NoDirect::Oneself)?;
        if let Some(id) = self.store.conversations().find_direct(DirectKey::new(actor, other)).await? {
            return Ok(id);
        }
        let id = ConversationId::new(self.ids.next_uuid());
        let (invite_code, at) = (self.new_invite_code(), self.now());
        let max_own = self.settings.max_conversations_per_user;
        let new = NewConversation { id, created_by: actor, others, name: None, invite_code, max_own, at };
        let created = self
            .changing(actor, &[ChangeTag::CREATED], self.store.conversations().create(new))
            .await
            .map_err(|fault| match fault {
                CreateConversationError::UnknownUsers(_) => NoDirect::UnknownUser(other),
                CreateConversationError::Refused(refusal) => NoDirect::Refused(refusal),
                CreateConversationError::NameTaken => NoDirect::Store(StoreError::Failed("a pair has no name".into())),
                CreateConversationError::Store(fault) => NoDirect::Store(fault),
            })?;
        self.publish_changes(created.change).await;
        Ok(created.overview.details.conversation.id)
    }

    pub(crate) async fn find_direct(&self, actor: UserId, pair: DirectKey) -> Result<Option<ConversationId>, NoTarget> {
        if !pair.contains(actor) {
            return Err(NoTarget::Others);
        }
        Ok(self.store.conversations().find_direct(pair).await?)
    }

    /// Does not check that the user is a participant.
    pub(crate) async fn require_group(&self, user: UserId, id: ConversationId) -> Result<(), NoTarget> {
        match self.store.conversations().find_membership(id, user).await? {
            Some((conversation, _)) if conversation.kind.is_group() => Ok(()),
            _ => Err(NoTarget::Unknown),
        }
    }
}

impl From<StoreError> for NoDirect {
    fn from(fault: StoreError) -> Self {
        Self::Store(fault)
    }
}

impl From<StoreError> for NoTarget {
    fn from(fault: StoreError) -> Self {
        Self::Store(fault)
    }
}
