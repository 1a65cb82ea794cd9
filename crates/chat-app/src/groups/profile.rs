use super::{GroupProfile, Groups, MemberPresence};
use chat_domain::auth::Actor;
use chat_domain::conversations::{Conversation, ConversationDetails, ConversationOverview};
use chat_domain::presence::PresenceStatus;
use chat_domain::{ActionError, ConversationId, Refusal, UserId};
use std::collections::HashMap;

impl Groups {
    /// A group as its participant sees it.
    pub(super) async fn to_member(&self, actor: Actor, details: ConversationDetails) -> GroupProfile {
        let presence = self.presence_of(actor, &[&details]).await;
        GroupProfile { details, presence }
    }

    /// Groups as a participant of some of them sees them. The number of queries does not depend on the number of
    /// groups.
    pub(super) async fn to_viewer(&self, actor: Actor, overviews: Vec<ConversationOverview>) -> Vec<GroupProfile> {
        let own: Vec<_> = overviews.iter().filter(|group| group.viewer.is_some()).map(|group| &group.details).collect();
        let presence = self.presence_of(actor, &own).await;
        overviews
            .into_iter()
            .map(|group| {
                if group.viewer.is_none() {
                    let seen = ConversationOverview::from_outside(group.details.conversation);
                    return GroupProfile { details: seen.details, presence: HashMap::new() };
                }
                let members = group.details.participants.iter().map(|participant| participant.user.id);
                let presence = members.filter_map(|id| presence.get(&id).map(|how| (id, *how))).collect();
                GroupProfile { details: group.details, presence }
            })
            .collect()
    }

    /// Best effort: a group is useful without presence, and the change has been made.
    async fn presence_of(&self, actor: Actor, groups: &[&ConversationDetails]) -> HashMap<UserId, MemberPresence> {
        let participants = groups.iter().flat_map(|group| &group.participants);
        let mut ids: Vec<_> = participants.map(|participant| participant.user.id).collect();
        ids.sort_unstable();
        ids.dedup();
        // A deactivated group shows no presence, though its members may share another conversation that does.
        let profiles = if groups.iter().all(|group| group.conversation.is_active) {
            self.0.fellow_members(actor.user_id, &ids).await
        } else {
            self.0.profiles_of(actor.user_id, &ids).await
        };
        let profiles = profiles.unwrap_or_else(|fault| {
            tracing::warn!(error = &fault as &dyn std::error::Error, "cannot read the members' presence");
            Vec::new()
        });
        let how = |status: Option<PresenceStatus>, last_seen| MemberPresence {
            status: status.unwrap_or_default(),
            last_seen,
        };
        profiles.into_iter().map(|profile| (profile.user.id, how(profile.status, profile.user.last_seen))).collect()
    }

    /// Returns the error as clients of groups know it: a direct conversation is not a group. `user` is the user whom
    /// the operation was about.
    pub(super) async fn refused(&self, id: ConversationId, user: UserId, error: ActionError) -> ActionError {
        match error {
            ActionError::Refused(Refusal::UnknownConversation | Refusal::Direct) => Refusal::UnknownGroup.into(),
            // A direct conversation of other users is not a group either.
            ActionError::Refused(Refusal::NotAParticipant) => {
                match self.0.store.conversations().find_membership(id, user).await {
                    Ok(Some((Conversation { kind, .. }, _))) if kind.is_group() => error,
                    Ok(_) => Refusal::UnknownGroup.into(),
                    Err(error) => error.into(),
                }
            }
            error => error,
        }
    }
}
