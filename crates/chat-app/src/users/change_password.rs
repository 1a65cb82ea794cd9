use super::Users;
use crate::auth::OwnAccount;
use chat_domain::auth::{Actor, AttemptSource, ClientInfo, EndReason, Password};
use chat_domain::users::HashChange;
use chat_domain::{ActionError, Refusal, StoreError};

/// How often the change is tried if the hash changed while the password was compared: once more for another change of
/// the password, and one to spare.
const ATTEMPTS: usize = 3;

impl Users {
    /// Replaces the password, confirmed by the current one, and signs out every other device. The caller has checked
    /// the new password against the policy. A wrong current password counts towards [`crate::LoginLimits`], like a
    /// failed sign-in by email and one by username. Of two concurrent changes, the later must be confirmed by the
    /// password that the earlier one set.
    pub async fn change_password(
        &self,
        actor: Actor,
        current: Password,
        new: Password,
        client: ClientInfo,
    ) -> Result<(), ActionError> {
        let source = AttemptSource::new(client.ip.as_deref(), actor.user_id);
        let (user, _) = self.0.store.users().find_credentials(actor.user_id).await?.ok_or(Refusal::AccountGone)?;
        let own = OwnAccount { user: &user, session: actor.session_id };
        let counted = self.0.count_attempt(&source, Some(own)).await?;
        let outcome = self.replace_password(actor, current, new, &source).await;
        if !matches!(outcome, Err(ActionError::Refused(Refusal::WrongPassword))) {
            self.0.uncount_attempt(counted).await;
        }
        outcome
    }

    async fn replace_password(
        &self,
        actor: Actor,
        current: Password,
        new: Password,
        source: &AttemptSource,
    ) -> Result<(), ActionError> {
        let mut hashed = None;
        for _ in 0..ATTEMPTS {
            let (_, expected) =
                self.0.store.users().find_credentials(actor.user_id).await?.ok_or(Refusal::AccountGone)?;
            if !self.0.hasher.verify(current.clone(), Some(expected.clone()), source).await?.is_match() {
                return Err(Refusal::WrongPassword.into());
            }
            let hash = match hashed.take() {
                Some(hash) => hash,
                None => self.0.hasher.hash(new.clone(), source).await?,
            };
            hashed = Some(hash.clone());
            let now = self.0.now();
            let (change, keep) = (HashChange { expected, hash }, Some(actor.session_id));
            if let Some(ended) = self.0.store.users().set_password(actor.user_id, change, keep, now).await? {
                self.0.sessions_ended(ended, EndReason::PasswordChanged);
                return Ok(());
            }
        }
        Err(StoreError::Overloaded.into())
    }
}
