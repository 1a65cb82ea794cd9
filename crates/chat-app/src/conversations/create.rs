use super::{Conversations, CreateConversation};
use chat_domain::auth::Actor;
use chat_domain::changes::ChangeTag;
use chat_domain::conversations::{ConversationOverview, NewConversation, ParticipantIds};
use chat_domain::{ActionError, ConversationId, Refusal};

impl Conversations {
    /// Creates a group, or finds or creates the only direct conversation of a pair: exactly one other user and no name
    /// (contract §3).
    pub async fn create(&self, actor: Actor, command: CreateConversation) -> Result<ConversationOverview, ActionError> {
        let others = ParticipantIds::parse(actor.user_id, &command.participant_ids).map_err(Refusal::Participants)?;
        let new = NewConversation {
            id: ConversationId::new(self.0.ids.next_uuid()),
            created_by: actor.user_id,
            others,
            name: command.name,
            invite_code: self.0.new_invite_code(),
            max_own: self.0.settings.max_conversations_per_user,
            at: self.0.now(),
        };
        let created =
            self.0.changing(actor.user_id, [ChangeTag::CREATED], self.0.store.conversations().create(new)).await?;
        Ok(created.overview)
    }
}
