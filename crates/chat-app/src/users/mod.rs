//! Accounts: the actor's own, and public profiles of other users.

mod change_password;
mod find;
mod online;
mod profile;

use crate::core::Core;
use crate::error::{Coded, TOO_MANY_ATTEMPTS, TRY_LATER, hash_code, hash_sentence, store_code, store_sentence};
use chat_domain::auth::HashError;
use chat_domain::presence::{PresenceError as RegistryError, PresenceStatus};
use chat_domain::rate_limits::{Quota, Verdict};
use chat_domain::users::{UpdateProfileError, User};
use chat_domain::{ErrorCode, StoreError};
use std::sync::Arc;
use thiserror::Error;

/// Accounts and profiles. Cheap to clone.
#[derive(Clone)]
pub struct Users(pub(crate) Arc<Core>);

/// A user's profile as the viewer may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserProfile {
    /// The user. `last_seen` is empty if the viewer may not know it.
    pub user: User,
    /// The user's presence. `None` if the viewer may not know it; then `last_seen` is hidden too.
    pub status: Option<PresenceStatus>,
}

/// Why an account operation failed.
#[derive(Debug, Error)]
pub enum UsersError {
    /// The actor's own account has been deleted.
    #[error("This account no longer exists")]
    AccountGone,
    /// The user does not exist.
    #[error("There is no such user")]
    UserNotFound,
    /// Another account has this username.
    #[error("This username is already in use")]
    UsernameTaken,
    /// The password that confirms a change is wrong.
    #[error("The current password is wrong")]
    WrongPassword,
    /// See [`crate::LoginLimits`].
    #[error("{TOO_MANY_ATTEMPTS}")]
    TooManyAttempts {
        /// The limit.
        quota: Quota,
        /// When the next attempt is allowed.
        verdict: Verdict,
    },
    /// Presence is unavailable now.
    #[error("{TRY_LATER}")]
    Presence(#[from] RegistryError),
    /// See [`HashError`].
    #[error("{}", hash_sentence(.0))]
    Hash(#[from] HashError),
    /// See [`StoreError`].
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
}

impl Coded for UsersError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::AccountGone => ErrorCode::SessionRevoked,
            Self::UserNotFound => ErrorCode::UserNotFound,
            Self::UsernameTaken => ErrorCode::UsernameTaken,
            Self::WrongPassword => ErrorCode::WrongPassword,
            Self::TooManyAttempts { .. } => ErrorCode::RateLimited,
            Self::Presence(_) => ErrorCode::Unavailable,
            Self::Hash(fault) => hash_code(fault),
            Self::Store(fault) => store_code(fault),
        }
    }
}

impl From<UpdateProfileError> for UsersError {
    fn from(fault: UpdateProfileError) -> Self {
        match fault {
            UpdateProfileError::UsernameTaken => Self::UsernameTaken,
            UpdateProfileError::Store(fault) => Self::Store(fault),
        }
    }
}
