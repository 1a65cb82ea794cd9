use crate::UserProfile;
use crate::core::Core;
use chat_domain::conversations::ConversationKind;
use chat_domain::presence::{PresenceAudience, PresenceStatus};
use chat_domain::users::User;
use chat_domain::{StoreError, UserId};
use std::collections::HashSet;

impl Core {
    /// The profiles of these users as the viewer may see them, in order. If presence is unavailable, every user appears
    /// offline: the profile is still useful.
    pub(crate) async fn profiles(&self, viewer: UserId, users: Vec<User>) -> Result<Vec<UserProfile>, StoreError> {
        let ids: Vec<_> = users.iter().map(|user| user.id).collect();
        let visible = self.visible_presence(viewer, &ids).await?;
        Ok(self.with_presence(users, |id| visible.contains(&id)).await)
    }

    /// The profiles of the existing users among these, in any order, as the viewer may see them.
    pub(crate) async fn profiles_of(&self, viewer: UserId, ids: &[UserId]) -> Result<Vec<UserProfile>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let users = self.reading_on(viewer, self.store.users().list_by_ids(ids)).await?;
        self.profiles(viewer, users).await
    }

    /// Like [`Self::profiles_of`], always with presence: only if the viewer shares an active group with each of these
    /// users.
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
                tracing::warn!(error = &fault as &dyn std::error::Error, "cannot read presence");
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

    /// Whether these two users may see each other's presence. Read in the first user's turn.
    pub(crate) async fn share_presence(&self, user: UserId, other: UserId) -> Result<bool, StoreError> {
        Ok(self.visible_presence(user, &[other]).await?.contains(&other))
    }

    /// Whether the other participants may see that the user is typing or has the window open. In a direct conversation
    /// this reveals that the user is online, so it follows presence.
    pub(crate) async fn shows_activity(&self, kind: ConversationKind, user: UserId) -> Result<bool, StoreError> {
        match kind {
            ConversationKind::Group | ConversationKind::Thread(_) => Ok(true),
            ConversationKind::Direct(pair) => self.share_presence(user, pair.other(user)).await,
        }
    }

    /// The users among these whose presence the viewer may see: the viewer, the viewer's contacts, or every user, by
    /// setting.
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
