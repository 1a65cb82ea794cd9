use crate::UserProfile;
use crate::core::Core;
use chat_domain::conversations::ConversationKind;
use chat_domain::presence::{PresenceAudience, PresenceStatus};
use chat_domain::users::User;
use chat_domain::{StoreError, UserId};
use std::collections::HashSet;

impl Core {
    /// These users as the viewer may see them, in their order. Where presence itself is out of reach, everyone looks
    /// offline: a profile is worth showing all the same.
    pub(crate) async fn profiles(&self, viewer: UserId, users: Vec<User>) -> Result<Vec<UserProfile>, StoreError> {
        let ids: Vec<_> = users.iter().map(|user| user.id).collect();
        let visible = self.visible_presence(viewer, &ids).await?;
        Ok(self.with_presence(users, |id| visible.contains(&id)).await)
    }

    /// Those of these users who exist, in any order, as the viewer may see them.
    pub(crate) async fn profiles_of(&self, viewer: UserId, ids: &[UserId]) -> Result<Vec<UserProfile>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let users = self.reading_on(viewer, self.store.users().list_by_ids(ids)).await?;
        self.profiles(viewer, users).await
    }

    /// The same with their presence: only for a viewer who shares an active group with each of them.
    pub(crate) async fn fellow_members(&self, viewer: UserId, ids: &[UserId]) -> Result<Vec<UserProfile>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let users = self.reading_on(viewer, self.store.users().list_by_ids(ids)).await?;
        Ok(self.with_presence(users, |_| true).await)
    }

    async fn with_presence(&self, users: Vec<User>, is_visible: impl Fn(UserId) -> bool) -> Vec<UserProfile> {
        let ids: Vec<_> = users.iter().map(|user| user.id).collect();
        let statuses = match self.presence.statuses(&ids).await {
            Ok(statuses) => statuses,
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, "presence was not read");
                vec![PresenceStatus::Offline; ids.len()]
            }
        };
        users
            .into_iter()
            .zip(statuses)
            .map(|(user, status)| {
                if is_visible(user.id) {
                    UserProfile { user, status: Some(status) }
                } else {
                    UserProfile { user: User { last_seen: None, ..user }, status: None }
                }
            })
            .collect()
    }

    /// Whether this user and the other may know how the other is; it is the same for both. Read in this user's turn.
    pub(crate) async fn share_presence(&self, user: UserId, other: UserId) -> Result<bool, StoreError> {
        Ok(self.visible_presence(user, &[other]).await?.contains(&other))
    }

    /// Whether the others in this conversation may learn that the user writes there or looks at it. In a direct
    /// conversation that says that the user is online: it is told where presence passes.
    pub(crate) async fn shows_activity(&self, kind: ConversationKind, user: UserId) -> Result<bool, StoreError> {
        match kind {
            ConversationKind::Group => Ok(true),
            ConversationKind::Direct(pair) => self.share_presence(user, pair.other(user)).await,
        }
    }

    /// Of these users, those whose presence the viewer may know: their own, their contacts', or everyone's by setting.
    async fn visible_presence(&self, viewer: UserId, ids: &[UserId]) -> Result<HashSet<UserId>, StoreError> {
        if self.settings.presence_audience == PresenceAudience::Everyone {
            return Ok(ids.iter().copied().collect());
        }
        let others: Vec<_> = ids.iter().copied().filter(|id| *id != viewer).collect();
        let mut visible: HashSet<_> = if others.is_empty() {
            HashSet::new()
        } else {
            self.reading_on(viewer, self.store.users().list_contacts_among(viewer, &others))
                .await?
                .into_iter()
                .collect()
        };
        visible.insert(viewer);
        Ok(visible)
    }
}
