use super::{Presence, PresenceError};
use crate::UserProfile;
use chat_domain::UserId;
use chat_domain::auth::Actor;

impl Presence {
    /// How a user is, as far as the actor may know.
    pub async fn status_of(&self, actor: Actor, user: UserId) -> Result<UserProfile, PresenceError> {
        let user = self.0.reading(actor.user_id, self.0.users.find(user)).await?.ok_or(PresenceError::UserNotFound)?;
        let mut profiles = self.0.profiles(actor.user_id, vec![user]).await?;
        profiles.pop().ok_or(PresenceError::UserNotFound)
    }
}
