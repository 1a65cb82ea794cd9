use super::{Presence, PresenceError};
use chat_domain::auth::Actor;
use chat_domain::presence::PresenceStatus;

impl Presence {
    /// The actor says how they are; the latest choice wins over all of their devices. Told where it changed, to those
    /// devices too.
    pub async fn choose(&self, actor: Actor, status: PresenceStatus) -> Result<(), PresenceError> {
        if self.0.presence.choose(actor.user_id, status).await? {
            self.0.announce_presence(actor.user_id, None, self.0.now()).await;
        }
        Ok(())
    }
}
