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
use chat_domain::auth::{AccessClaims, Password, PasswordPolicy, RefreshToken, RegistrationCode};
use chat_domain::users::{AvatarUrl, DisplayName, EmailAddress, User, Username};
use chat_domain::{SessionId, Timestamp, TokenId};
use std::sync::Arc;
use std::time::Duration;

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
