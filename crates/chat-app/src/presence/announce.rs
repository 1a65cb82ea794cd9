use crate::core::Core;
use chat_domain::conversations::MAX_PUSHED_PARTICIPANTS;
use chat_domain::presence::{PresenceAudience, PresenceStatus};
use chat_domain::{Audience, Envelope, Event, StoreError, Timestamp, UserId};

/// Presence is told in so many of a user's conversations, those with the newest activity.
const MAX_AUDIENCE_CONVERSATIONS: u32 = 1_000;

impl Core {
    /// Tells whoever may know how the user is now, for a change at this time. The status is read here and not handed in, so of a connection that
    /// ends and another that begins in the same instant the last word is true.
    pub(super) async fn announce_presence(&self, user: UserId, except: Option<UserId>, at: Timestamp) {
        match self.presence_event(user, at).await {
            Ok(Some((audience, event))) => self.bus.publish(Envelope { audience, except, event }).await,
            Ok(None) => {}
            Err(fault) => tracing::warn!(error = &*fault, %user, "presence was not announced"),
        }
    }

    async fn presence_event(
        &self,
        user_id: UserId,
        at: Timestamp,
    ) -> Result<Option<(Audience, Event)>, Box<dyn std::error::Error + Send + Sync>> {
        let Some(audience) = self.presence_audience(user_id).await? else { return Ok(None) };
        let user = self.users.find(user_id).await?;
        let status = self.presence.statuses(&[user_id]).await?.first().copied().unwrap_or_default();
        let event = match (status, user) {
            (PresenceStatus::Offline, _) => Event::UserOffline { user_id, last_seen: at },
            (status, Some(user)) => Event::UserOnline { user: user.summary(), status, at },
            (_, None) => return Ok(None),
        };
        Ok(Some((audience, event)))
    }

    async fn presence_audience(&self, user: UserId) -> Result<Option<Audience>, StoreError> {
        if self.settings.presence_audience == PresenceAudience::Everyone {
            return Ok(Some(Audience::Everyone));
        }
        let memberships = self.conversations.list_memberships(user, MAX_AUDIENCE_CONVERSATIONS).await?;
        let small: Vec<_> = memberships
            .into_iter()
            .filter(|membership| membership.participant_count <= MAX_PUSHED_PARTICIPANTS)
            .map(|membership| membership.conversation_id)
            .collect();
        Ok(if small.is_empty() { None } else { Some(Audience::Conversations(small)) })
    }
}
