use super::{Users, UsersError};
use chat_domain::auth::Actor;
use chat_domain::users::User;

impl Users {
    /// The actor's own account.
    pub async fn me(&self, actor: Actor) -> Result<User, UsersError> {
        self.0.reading(actor.user_id, self.0.users.find(actor.user_id)).await?.ok_or(UsersError::AccountGone)
    }
}
