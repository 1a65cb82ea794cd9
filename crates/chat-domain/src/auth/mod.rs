//! Signing in: passwords, sessions and the two kinds of token.

mod attempt;
mod common_passwords;
mod password;
mod ports;
mod registration;
mod session;
mod tokens;

pub use attempt::AttemptSource;
pub use password::{Comparison, Password, PasswordHash, PasswordPolicy};
pub use ports::{AccessTokens, HashError, LiveConnections, PasswordHasher, RefreshTokens, SessionStore};
pub use registration::{RegistrationCode, RegistrationCodeHash, RegistrationInvite, RegistrationMode};
pub use session::Rotation;
pub use session::{
    ClientInfo, EndReason, EndedSession, MAX_SESSIONS_PER_USER, NewSession, REFRESH_GRACE, RotateOutcome,
    RotateSession, Session, rotation,
};
pub use tokens::{AccessClaims, InvalidToken, RefreshToken, RefreshTokenHash};

use crate::{SessionId, Timestamp, UserId};

/// The authenticated user who acts, in the session that proves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Who acts.
    pub user_id: UserId,
    /// The sign-in.
    pub session_id: SessionId,
    /// When the access token ends; a socket lives no longer than this without a fresh one.
    pub token_expires_at: Timestamp,
}
