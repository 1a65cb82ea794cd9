use super::{UserProfile, Users, UsersError};
use chat_domain::UserId;
use chat_domain::auth::Actor;

impl Users {
    /// Another user, or oneself, as others see them.
    pub async fn find(&self, actor: Actor, id: UserId) -> Result<UserProfile, UsersError> {
        let user = self.0.reading(actor.user_id, self.0.users.find(id)).await?.ok_or(UsersError::UserNotFound)?;
        let mut profiles = self.0.profiles(actor.user_id, vec![user]).await?;
        profiles.pop().ok_or(UsersError::UserNotFound)
    }
}
