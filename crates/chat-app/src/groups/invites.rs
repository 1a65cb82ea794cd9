use super::{GroupProfile, Groups};
use chat_domain::auth::Actor;
use chat_domain::changes::ChangeTag;
use chat_domain::conversations::{InviteCode, JoinGroup};
use chat_domain::{ActionError, ConversationId};

impl Groups {
    /// Joins the group that has this invite code.
    pub async fn join(&self, actor: Actor, invite_code: InviteCode) -> Result<GroupProfile, ActionError> {
        let max_own = self.0.settings.max_conversations_per_user;
        let join = JoinGroup { invite_code, user: actor.user_id, max_own, at: self.0.now() };
        let (details, _) =
            self.0.changing(actor.user_id, [ChangeTag::PARTICIPANT_ADDED], self.0.store.groups().join(join)).await?;
        Ok(self.to_member(actor, details).await)
    }

    /// Replaces a group's invite code, which only an admin may do: the earlier code no longer works.
    pub async fn revoke_invite_code(&self, actor: Actor, id: ConversationId) -> Result<GroupProfile, ActionError> {
        let code = self.0.new_invite_code();
        let replace = self.0.store.groups().replace_invite_code(id, actor.user_id, code);
        match self.0.writing(actor.user_id, replace).await {
            Ok(_) => self.find(actor, id).await,
            Err(fault) => Err(self.refused(id, actor.user_id, fault).await),
        }
    }
}
