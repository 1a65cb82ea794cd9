//! Operators' account commands, which run beside servers.

use crate::LoginIdentity;
use crate::error::{hash_sentence, store_sentence};
use chat_domain::auth::{AttemptSource, HashError, Password, PasswordHasher, RegistrationCode, RegistrationInvite};
use chat_domain::users::{HashChange, User};
use chat_domain::{Clock, Store, StoreError, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

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

/// Why an operator's command failed.
#[derive(Debug, Error)]
pub enum OperatorError {
    /// No account has this email or username.
    #[error("There is no account with this email address or username")]
    UserNotFound,
    /// See [`HashError`].
    #[error("{}", hash_sentence(.0))]
    Hash(#[from] HashError),
    /// See [`StoreError`].
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
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
    ) -> Result<PasswordReset, OperatorError> {
        let hash = self.hasher.hash(password, &AttemptSource::new(None, "operator")).await?;
        for _ in 0..ATTEMPTS {
            let found = match &identity {
                LoginIdentity::Email(email) => self.store.users().find_credentials_by_email(email).await?,
                LoginIdentity::Username(username) => self.store.users().find_credentials_by_username(username).await?,
            };
            let (user, expected) = found.ok_or(OperatorError::UserNotFound)?;
            let change = HashChange { expected, hash: hash.clone() };
            if let Some(ended) = self.store.users().set_password(user.id, change, None, self.clock.now()).await? {
                return Ok(PasswordReset { user, ended_sessions: ended.len() });
            }
        }
        Err(OperatorError::Store(StoreError::Overloaded))
    }

    /// Stores these codes, each valid for one registration within the lifetime. Returns when they expire.
    pub async fn invite(&self, codes: &[RegistrationCode], lifetime: Duration) -> Result<Timestamp, OperatorError> {
        let created_at = self.clock.now();
        let expires_at = created_at.plus(lifetime);
        let invites = codes.iter().map(|code| RegistrationInvite { code: code.hash(), created_at, expires_at });
        self.store.users().add_registration_invites(invites.collect()).await?;
        Ok(expires_at)
    }
}
