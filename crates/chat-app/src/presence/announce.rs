use crate::core::Core;
use chat_domain::conversations::{ConversationKind, MAX_PUSHED_PARTICIPANTS};
use chat_domain::messages::Message;
use chat_domain::presence::{PresenceAudience, PresenceStatus};
use chat_domain::{Audience, Envelope, Event, StoreError, Timestamp, UserId};

/// The most conversations of a user whose participants are notified of the user's presence: those with the newest
/// activity.
const MAX_AUDIENCE_CONVERSATIONS: u32 = 1_000;

/// Why presence was not announced. Announcements are best effort: this is logged.
type NotTold = Box<dyn std::error::Error + Send + Sync>;

impl Core {
    /// Announces the user's present status, after a change at this time, to the users who may see it. The status is
    /// read here instead of passed in, so if one connection ends as another begins, the last announcement is right.
    pub(super) async fn announce_presence(&self, user: UserId, at: Timestamp) {
        log_failure(user, self.try_announce(user, at).await);
    }

    /// Announces the status that the user chose, to the users who may see it and to the user's own connections. Nothing
    /// is announced for a user who is offline.
    pub(super) async fn announce_choice(&self, user: UserId, at: Timestamp) {
        log_failure(user, self.try_announce_choice(user, at).await);
    }

    /// Called for a user's first message in a direct conversation, or its repetition. If the other user has written
    /// there too, each gets the other's presence, which from now on both may see. The send is answered after this, so
    /// it takes no turn among the user's reads.
    pub(crate) async fn introduce_writer(&self, message: &Message) {
        log_failure(message.sender.id, self.try_introduce(message).await);
    }

    async fn try_announce(&self, user: UserId, at: Timestamp) -> Result<(), NotTold> {
        let Some(audience) = self.presence_audience(user).await? else { return Ok(()) };
        if let Some(event) = self.presence_event(user, Some(at), at).await? {
            self.bus.publish(Envelope { audience, except: Some(user), event });
        }
        Ok(())
    }

    async fn try_announce_choice(&self, user: UserId, at: Timestamp) -> Result<(), NotTold> {
        let Some(event @ Event::UserOnline { .. }) = self.presence_event(user, None, at).await? else { return Ok(()) };
        if let Some(audience) = self.presence_audience(user).await? {
            self.bus.publish(Envelope { audience, except: Some(user), event: event.clone() });
        }
        self.bus.publish(Envelope { audience: Audience::User(user), except: None, event });
        Ok(())
    }

    async fn try_introduce(&self, message: &Message) -> Result<(), NotTold> {
        let ConversationKind::Direct(pair) = message.kind else { return Ok(()) };
        let writer = message.sender.id;
        let other = pair.other(writer);
        let is_known_anyway = self.settings.presence_audience == PresenceAudience::Everyone;
        if is_known_anyway || self.store.users().list_contacts_among(writer, &[other]).await?.is_empty() {
            return Ok(());
        }
        for (about, to) in [(writer, other), (other, writer)] {
            if let Some(event) = self.presence_event(about, None, self.now()).await? {
                self.bus.publish(Envelope { audience: Audience::User(to), except: None, event });
            }
        }
        Ok(())
    }

    /// The user's present status. A user who is offline was last seen at `gone`, or else when the account says; `None`
    /// for a user who was never online.
    async fn presence_event(
        &self,
        user_id: UserId,
        gone: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<Option<Event>, NotTold> {
        let user = self.store.users().find(user_id).await?;
        let status = self.presence.statuses(&[user_id]).await?.first().copied().unwrap_or_default();
        Ok(match (status, user) {
            (PresenceStatus::Offline, user) => gone
                .or_else(|| user.and_then(|user| user.last_seen))
                .map(|last_seen| Event::UserOffline { user_id, last_seen }),
            (status, Some(user)) => Some(Event::UserOnline { user: user.summary(), status, at }),
            (_, None) => None,
        })
    }

    async fn presence_audience(&self, user: UserId) -> Result<Option<Audience>, StoreError> {
        if self.settings.presence_audience == PresenceAudience::Everyone {
            return Ok(Some(Audience::Everyone));
        }
        let conversations = self
            .store
            .conversations()
            .list_presence_audience(user, MAX_PUSHED_PARTICIPANTS, MAX_AUDIENCE_CONVERSATIONS)
            .await?;
        Ok(if conversations.is_empty() { None } else { Some(Audience::Conversations(conversations)) })
    }
}

fn log_failure(user: UserId, told: Result<(), NotTold>) {
    if let Err(fault) = told {
        tracing::warn!(error = &*fault, %user, "cannot announce presence");
    }
}
