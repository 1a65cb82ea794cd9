use super::{ChatTarget, Conversations};
use crate::core::Core;
use chat_domain::auth::Actor;
use chat_domain::changes::ChangeTag;
use chat_domain::conversations::{DirectKey, NewConversation, ParticipantIds};
use chat_domain::{ActionError, ConversationId, Refusal, UserId};

impl Conversations {
    /// The direct conversation with this user, found or created.
    pub async fn direct_with(&self, actor: Actor, other: UserId) -> Result<ConversationId, ActionError> {
        self.0.direct_with(actor.user_id, other).await
    }

    /// The direct conversation of this pair, if it exists. The actor must be part of the pair.
    pub async fn find_direct(&self, actor: Actor, pair: DirectKey) -> Result<Option<ConversationId>, ActionError> {
        self.0.find_direct(actor.user_id, pair).await
    }

    /// The conversation that a client names, if the actor is a participant. A group is named by its own id only: the id
    /// of a direct conversation is not accepted.
    pub async fn locate(&self, actor: Actor, target: ChatTarget) -> Result<ConversationId, ActionError> {
        match target {
            ChatTarget::Pair(pair) => {
                self.0.find_direct(actor.user_id, pair).await?.ok_or_else(|| Refusal::UnknownConversation.into())
            }
            ChatTarget::Group(id) => match self.0.store.conversations().find_membership(id, actor.user_id).await? {
                Some((found, Some(_))) if found.kind.is_group() => Ok(id),
                Some((found, None)) if found.kind.is_group() => Err(Refusal::NotAParticipant.into()),
                _ => Err(Refusal::UnknownConversation.into()),
            },
        }
    }
}

impl Core {
    /// Looks for the conversation first, since only a pair's first message creates it.
    pub(crate) async fn direct_with(&self, actor: UserId, other: UserId) -> Result<ConversationId, ActionError> {
        let others = ParticipantIds::parse(actor, &[other]).map_err(|_| Refusal::Oneself)?;
        if let Some(id) = self.store.conversations().find_direct(DirectKey::new(actor, other)).await? {
            return Ok(id);
        }
        let id = ConversationId::new(self.ids.next_uuid());
        let (invite_code, at) = (self.new_invite_code(), self.now());
        let max_own = self.settings.max_conversations_per_user;
        let new = NewConversation { id, created_by: actor, others, name: None, invite_code, max_own, at };
        let created = self.changing(actor, [ChangeTag::CREATED], self.store.conversations().create(new)).await?;
        Ok(created.overview.details.conversation.id)
    }

    pub(crate) async fn find_direct(
        &self,
        actor: UserId,
        pair: DirectKey,
    ) -> Result<Option<ConversationId>, ActionError> {
        if !pair.contains(actor) {
            return Err(Refusal::NotYourPair.into());
        }
        Ok(self.store.conversations().find_direct(pair).await?)
    }

    /// Does not check that the user is a participant.
    pub(crate) async fn require_group(&self, user: UserId, id: ConversationId) -> Result<(), ActionError> {
        match self.store.conversations().find_membership(id, user).await? {
            Some((conversation, _)) if conversation.kind.is_group() => Ok(()),
            _ => Err(Refusal::UnknownConversation.into()),
        }
    }
}
