//! Authentication: passwords, sessions and the two kinds of token.

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

/// The authenticated user who acts, with the session that proves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The user's id.
    pub user_id: UserId,
    /// The session of the user.
    pub session_id: SessionId,
    /// When the access token expires; a socket without a fresh token ends then.
    pub token_expires_at: Timestamp,
}
