//! What an operator does to accounts from the command line, beside the servers that run.

use crate::LoginIdentity;
use crate::error::{hash_sentence, store_sentence};
use chat_domain::auth::{AttemptSource, HashError, Password, PasswordHasher, RegistrationCode, RegistrationInvite};
use chat_domain::users::{HashChange, User};
use chat_domain::{Clock, Store, StoreError, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// How often a reset is begun anew where the hash changed meanwhile.
const ATTEMPTS: usize = 3;

/// The use cases of operators, over the few ports that they take.
pub struct Operator {
    /// Everything that is stored.
    pub store: Arc<dyn Store>,
    /// For new passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Why an operator's command was not carried out.
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

/// What a reset has done.
#[derive(Debug)]
pub struct PasswordReset {
    /// The account.
    pub user: User,
    /// How many sessions were ended. The servers close their sockets within a second.
    pub ended_sessions: usize,
}

impl Operator {
    /// Sets another password, which the caller has checked against the policy, and ends every session of the account.
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

    /// Makes these codes good for one registration each, within the lifetime. Returns when they expire.
    pub async fn invite(&self, codes: &[RegistrationCode], lifetime: Duration) -> Result<Timestamp, OperatorError> {
        let created_at = self.clock.now();
        let expires_at = created_at.plus(lifetime);
        let invites = codes.iter().map(|code| RegistrationInvite { code: code.hash(), created_at, expires_at });
        self.store.users().add_registration_invites(invites.collect()).await?;
        Ok(expires_at)
    }
}
