use super::{Presence, PresenceError};
use chat_domain::Timestamp;
use chat_domain::auth::Actor;

impl Presence {
    /// The actor says to be here: last seen now. Nobody is told.
    pub async fn touch(&self, actor: Actor) -> Result<Timestamp, PresenceError> {
        let now = self.0.now();
        self.0.users.touch_last_seen(actor.user_id, now).await?;
        Ok(now)
    }
}
