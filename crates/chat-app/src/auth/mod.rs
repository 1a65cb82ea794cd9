//! Registration, sign-in and sign-out: passwords, sessions, and both kinds of token.

mod ended;
mod login;
mod login_limits;
mod refresh;
mod register;
mod sessions;

pub(crate) use ended::EndedSessions;
pub use login_limits::LoginLimits;
pub(crate) use login_limits::OwnAccount;

use crate::core::Core;
use crate::error::{Coded, TOO_MANY_ATTEMPTS, hash_code, hash_sentence, store_code, store_sentence};
use chat_domain::auth::{
    AccessClaims, HashError, InvalidToken, Password, PasswordPolicy, RefreshToken, RegistrationCode,
};
use chat_domain::rate_limits::{Quota, Verdict};
use chat_domain::users::{AvatarUrl, CreateUserError, DisplayName, EmailAddress, User, Username};
use chat_domain::{ErrorCode, SessionId, StoreError, Timestamp, TokenId};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Registration, sign-in and sign-out. Cheap to clone.
#[derive(Clone)]
pub struct Auth(pub(crate) Arc<Core>);

/// The command to create an account and sign in to it.
#[derive(Debug, Clone)]
pub struct RegisterUser {
    /// Unique without regard to case.
    pub email: EmailAddress,
    /// Unique without regard to case; derived from the email if absent.
    pub username: Option<Username>,
    /// If absent: first and last name, or the username.
    pub name: Option<DisplayName>,
    /// Optional.
    pub first_name: Option<DisplayName>,
    /// Optional.
    pub last_name: Option<DisplayName>,
    /// Optional.
    pub avatar: Option<AvatarUrl>,
    /// Already checked against [`Auth::password_policy`] by the parser.
    pub password: Password,
    /// The invite code, if registration requires one.
    pub invite_code: Option<RegistrationCode>,
}

/// The account that a client names at sign-in.
#[derive(Debug, Clone)]
pub enum LoginIdentity {
    /// By email, in any case.
    Email(EmailAddress),
    /// By username, in any case.
    Username(Username),
}

impl LoginIdentity {
    /// The key under which failed attempts are counted.
    fn key(&self) -> String {
        match self {
            Self::Email(email) => email.key(),
            Self::Username(username) => username.key(),
        }
    }
}

/// The tokens that a client gets when it signs in or refreshes.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The user.
    pub user: User,
    /// For requests and sockets.
    pub access_token: String,
    /// For the next pair of tokens.
    pub refresh_token: RefreshToken,
    /// The lifetime of the access token.
    pub expires_in: Duration,
}

/// Why registration, sign-in or sign-out failed.
#[derive(Debug, Error)]
pub enum AuthError {
    /// Another account has this email.
    #[error("This email address is already in use")]
    EmailTaken,
    /// Another account has this username.
    #[error("This username is already in use")]
    UsernameTaken,
    /// See [`chat_domain::auth::RegistrationMode::Closed`].
    #[error("Registration is closed")]
    RegistrationClosed,
    /// The invite code is missing, unknown, used or expired; the error does not say which.
    #[error("Registration needs an invite code that is neither used nor expired")]
    InviteRequired,
    /// Unknown account or wrong password; the error does not say which.
    #[error("The account or the password is wrong")]
    InvalidCredentials,
    /// See [`LoginLimits`].
    #[error("{TOO_MANY_ATTEMPTS}")]
    TooManyAttempts {
        /// The limit.
        quota: Quota,
        /// When the next attempt is allowed.
        verdict: Verdict,
    },
    /// The token is not valid.
    #[error("The token is not valid")]
    TokenInvalid,
    /// The token has expired.
    #[error("The token has expired")]
    TokenExpired,
    /// The session of the token has ended.
    #[error("The session has ended, please sign in again")]
    SessionRevoked,
    /// A used refresh token was sent again, which ends its session.
    #[error("The refresh token was used before, please sign in again")]
    RefreshTokenReused,
    /// The actor has no such session.
    #[error("There is no such session")]
    SessionNotFound,
    /// See [`HashError`].
    #[error("{}", hash_sentence(.0))]
    Hash(#[from] HashError),
    /// See [`StoreError`].
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
}

impl Coded for AuthError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::EmailTaken => ErrorCode::EmailTaken,
            Self::UsernameTaken => ErrorCode::UsernameTaken,
            Self::RegistrationClosed => ErrorCode::RegistrationClosed,
            Self::InviteRequired => ErrorCode::InviteRequired,
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::TooManyAttempts { .. } => ErrorCode::RateLimited,
            Self::TokenInvalid => ErrorCode::TokenInvalid,
            Self::TokenExpired => ErrorCode::TokenExpired,
            Self::SessionRevoked => ErrorCode::SessionRevoked,
            Self::RefreshTokenReused => ErrorCode::RefreshTokenReused,
            Self::SessionNotFound => ErrorCode::SessionNotFound,
            Self::Hash(fault) => hash_code(fault),
            Self::Store(fault) => store_code(fault),
        }
    }
}

impl From<CreateUserError> for AuthError {
    fn from(fault: CreateUserError) -> Self {
        match fault {
            CreateUserError::EmailTaken => Self::EmailTaken,
            CreateUserError::UsernameTaken => Self::UsernameTaken,
            CreateUserError::InviteNotGood => Self::InviteRequired,
            CreateUserError::Store(fault) => Self::Store(fault),
        }
    }
}

impl From<InvalidToken> for AuthError {
    fn from(fault: InvalidToken) -> Self {
        match fault {
            InvalidToken::Invalid => Self::TokenInvalid,
            InvalidToken::Expired => Self::TokenExpired,
        }
    }
}

impl Auth {
    /// The rules for new passwords.
    pub fn password_policy(&self) -> PasswordPolicy {
        self.0.settings.password_policy
    }

    /// A new access token of this session, with this refresh token.
    fn signed_in(&self, user: User, session_id: SessionId, refresh_token: RefreshToken, now: Timestamp) -> SignedIn {
        let expires_in = self.0.settings.access_token_lifetime;
        let claims = AccessClaims {
            user_id: user.id,
            email: user.email.clone(),
            session_id,
            token_id: TokenId::new(self.0.ids.next_uuid()),
            issued_at: now,
            expires_at: now.plus(expires_in),
        };
        SignedIn { access_token: self.0.access_tokens.issue(&claims), user, refresh_token, expires_in }
    }
}
