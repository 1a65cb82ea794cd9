use super::{Users, UsersError};
use chat_domain::auth::{Actor, EndReason, Password};

impl Users {
    /// Replaces the password, confirmed by the current one, and signs out every other device. The new one is held to the
    /// policy by whoever parsed it.
    pub async fn change_password(&self, actor: Actor, current: Password, new: Password) -> Result<(), UsersError> {
        let (_, hash) = self.0.users.find_credentials(actor.user_id).await?.ok_or(UsersError::AccountGone)?;
        if !self.0.hasher.verify(current, Some(hash)).await? {
            return Err(UsersError::WrongPassword);
        }
        let hash = self.0.hasher.hash(new).await?;
        let now = self.0.now();
        let ended = self.0.users.set_password(actor.user_id, hash, actor.session_id, now).await?;
        self.0.sessions_ended(ended, EndReason::PasswordChanged, now);
        Ok(())
    }
}
