use super::{Users, UsersError};
use chat_domain::StoreError;
use chat_domain::auth::{Actor, EndReason, Password};
use chat_domain::users::HashChange;

/// How often it is begun anew where the hash changed while the password was compared: once for another change of the password, and
/// for good measure.
const ATTEMPTS: usize = 3;

impl Users {
    /// Replaces the password, confirmed by the current one, and signs out every other device. The new one is held to the
    /// policy by whoever parsed it. Of two changes at once, the later must be confirmed by what the earlier made of it.
    pub async fn change_password(&self, actor: Actor, current: Password, new: Password) -> Result<(), UsersError> {
        let mut hashed = None;
        for _ in 0..ATTEMPTS {
            let (_, expected) = self.0.users.find_credentials(actor.user_id).await?.ok_or(UsersError::AccountGone)?;
            if !self.0.hasher.verify(current.clone(), Some(expected.clone())).await? {
                return Err(UsersError::WrongPassword);
            }
            let hash = match hashed.take() {
                Some(hash) => hash,
                None => self.0.hasher.hash(new.clone()).await?,
            };
            hashed = Some(hash.clone());
            let now = self.0.now();
            let change = HashChange { expected, hash };
            if let Some(ended) = self.0.users.set_password(actor.user_id, change, actor.session_id, now).await? {
                self.0.sessions_ended(ended, EndReason::PasswordChanged, now);
                return Ok(());
            }
        }
        Err(UsersError::Store(StoreError::Overloaded))
    }
}
