use super::{Presence, PresenceError};
use chat_domain::auth::Actor;
use chat_domain::presence::PresenceStatus;

impl Presence {
    /// The actor says how they are; the latest choice wins over all of their devices. Each choice is told, to those
    /// devices too, also where it is the same as before.
    pub async fn choose(&self, actor: Actor, status: PresenceStatus) -> Result<(), PresenceError> {
        self.0.presence.choose(actor.user_id, status).await?;
        self.0.announce_choice(actor.user_id, self.0.now()).await;
        Ok(())
    }
}
