//! Operators' account commands, which run beside servers.

use crate::LoginIdentity;
use chat_domain::auth::{AttemptSource, Password, PasswordHasher, RegistrationCode, RegistrationInvite};
use chat_domain::users::{HashChange, User};
use chat_domain::{ActionError, Clock, Refusal, Store, StoreError, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// How often a reset is tried if the hash changed meanwhile.
const ATTEMPTS: usize = 3;

/// The use cases of operators, over the few ports that they need.
pub struct Operator {
    /// All stored data.
    pub store: Arc<dyn Store>,
    /// Hashes new passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// The result of a password reset.
#[derive(Debug)]
pub struct PasswordReset {
    /// The account.
    pub user: User,
    /// The number of ended sessions. The servers close their sockets within a second.
    pub ended_sessions: usize,
}

impl Operator {
    /// Sets a new password, which the caller has checked against the policy, and ends every session of the account.
    pub async fn reset_password(
        &self,
        identity: LoginIdentity,
        password: Password,
    ) -> Result<PasswordReset, ActionError> {
        let hash = self.hasher.hash(password, &AttemptSource::new(None, "operator")).await?;
        for _ in 0..ATTEMPTS {
            let found = match &identity {
                LoginIdentity::Email(email) => self.store.users().find_credentials_by_email(email).await?,
                LoginIdentity::Username(username) => self.store.users().find_credentials_by_username(username).await?,
            };
            let (user, expected) = found.ok_or(Refusal::UnknownAccount)?;
            let change = HashChange { expected, hash: hash.clone() };
            if let Some(ended) = self.store.users().set_password(user.id, change, None, self.clock.now()).await? {
                return Ok(PasswordReset { user, ended_sessions: ended.len() });
            }
        }
        Err(StoreError::Overloaded.into())
    }

    /// Stores these codes, each valid for one registration within the lifetime. Returns when they expire.
    pub async fn invite(&self, codes: &[RegistrationCode], lifetime: Duration) -> Result<Timestamp, ActionError> {
        let created_at = self.clock.now();
        let expires_at = created_at.plus(lifetime);
        let invites = codes.iter().map(|code| RegistrationInvite { code: code.hash(), created_at, expires_at });
        self.store.users().add_registration_invites(invites.collect()).await?;
        Ok(expires_at)
    }
}
