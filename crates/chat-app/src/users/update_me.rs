use super::{Users, UsersError};
use chat_domain::auth::Actor;
use chat_domain::users::{ProfileChanges, User};

impl Users {
    /// Changes what the changes name about the actor's own profile. Naming nothing changes nothing.
    pub async fn update_me(&self, actor: Actor, changes: ProfileChanges) -> Result<User, UsersError> {
        if changes == ProfileChanges::default() {
            return self.me(actor).await;
        }
        let update = self.0.users.update_profile(actor.user_id, changes, self.0.now());
        let updated = self.0.writing(actor.user_id, update).await?;
        updated.ok_or(UsersError::AccountGone)
    }
}
