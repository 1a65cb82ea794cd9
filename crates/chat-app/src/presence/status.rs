use super::Presence;
use crate::UserProfile;
use chat_domain::auth::Actor;
use chat_domain::presence::PresenceStatus;
use chat_domain::{ActionError, Refusal, Timestamp, UserId};

impl Presence {
    /// Sets the actor's status; the latest choice applies to all of the actor's devices. Each choice is announced, to
    /// these devices too, even if it is the same as before.
    pub async fn choose(&self, actor: Actor, status: PresenceStatus) -> Result<(), ActionError> {
        self.0.presence.choose(actor.user_id, status).await?;
        self.0.announce_choice(actor.user_id, self.0.now()).await;
        Ok(())
    }

    /// A user's presence, as far as the actor may know it.
    pub async fn status_of(&self, actor: Actor, user: UserId) -> Result<UserProfile, ActionError> {
        let user = self.0.reading(actor.user_id, self.0.store.users().find(user)).await?.ok_or(Refusal::UnknownUser)?;
        let mut profiles = self.0.profiles(actor.user_id, vec![user]).await?;
        profiles.pop().ok_or_else(|| Refusal::UnknownUser.into())
    }

    /// Sets the actor's last-seen time to now. Nothing is announced.
    pub async fn touch(&self, actor: Actor) -> Result<Timestamp, ActionError> {
        let now = self.0.now();
        self.0.store.users().touch_last_seen(actor.user_id, now).await?;
        Ok(now)
    }
}
