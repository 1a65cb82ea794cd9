use super::{
    AccessClaims, AttemptSource, Comparison, EndReason, EndedSession, InvalidToken, NewSession, Password, PasswordHash,
    RefreshToken, RotateOutcome, RotateSession, Session,
};
use crate::{BoxError, CommitCursor, Committed, SessionId, StoreError, Timestamp, UserId};
use async_trait::async_trait;
use thiserror::Error;

/// Why a password could not be hashed or compared.
#[derive(Debug, Error)]
pub enum HashError {
    /// Too many passwords are being hashed; nothing was done.
    #[error("too many passwords are being hashed")]
    Overloaded,
    /// The hasher failed.
    #[error("hashing failed")]
    Failed(#[source] BoxError),
}

/// Hashes passwords and compares them, slowly, outside the async threads. The sources of attempts take turns: an
/// address with many attempts, or an account of one address, does not delay the others.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Returns the hash of a new password's normal form; every byte counts.
    async fn hash(&self, password: Password, source: &AttemptSource) -> Result<PasswordHash, HashError>;

    /// Compares the normal form of the password, then the text as typed if it differs. Every result except a match
    /// takes the same time, even without a hash or with a cheaper hash than new ones, so that the time does not reveal
    /// which accounts exist.
    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
        source: &AttemptSource,
    ) -> Result<Comparison, HashError>;

    /// Whether a new hash of the same password would have a different cost. Pure computation.
    fn is_outdated(&self, hash: &PasswordHash) -> bool;
}

/// Signs and verifies access tokens. Pure computation.
pub trait AccessTokens: Send + Sync {
    /// Returns the signed token.
    fn issue(&self, claims: &AccessClaims) -> String;

    /// Returns the claims of the token, if this server issued it and it is valid at `now`. The caller checks whether
    /// its session has ended.
    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, InvalidToken>;
}

/// Creates and recognises refresh tokens. Pure computation.
pub trait RefreshTokens: Send + Sync {
    /// Creates the first token of a session.
    fn issue(&self, session_id: SessionId) -> RefreshToken;

    /// Returns the successor of this token: the same each time.
    fn successor(&self, token: &RefreshToken) -> RefreshToken;

    /// Parses a token, if this server created it.
    fn parse(&self, text: &str) -> Result<RefreshToken, InvalidToken>;
}

/// Stores sessions.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores a session. If the user has more than [`super::MAX_SESSIONS_PER_USER`], ends those used longest ago, in
    /// the same transaction, and returns the ended ones.
    async fn create(&self, session: NewSession) -> Result<Vec<SessionId>, StoreError>;

    /// Applies [`super::rotation`] to the session in one transaction: of two concurrent calls with one token, one
    /// spends it and one repeats. An ended or expired session is [`RotateOutcome::Unknown`].
    async fn rotate(&self, rotate: RotateSession) -> Result<RotateOutcome, StoreError>;

    /// Ends a session of this user. `false` if there is no such active session.
    async fn end(&self, user: UserId, session: SessionId, reason: EndReason, at: Timestamp)
    -> Result<bool, StoreError>;

    /// Ends every session of this user and returns them.
    async fn end_all(&self, user: UserId, reason: EndReason, at: Timestamp) -> Result<Vec<SessionId>, StoreError>;

    /// Lists the active sessions of this user that have not expired at `now`, the one used last first.
    async fn list(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError>;

    /// Lists the sessions whose ends were committed after the cursor, in any order, in one indexed query, independent
    /// of clocks. Without a cursor it lists all stored ended sessions. A session may be listed again, but is never left
    /// out.
    async fn list_ended(&self, after: Option<&CommitCursor>) -> Result<Committed<EndedSession>, StoreError>;

    /// Removes sessions that ended or expired before `before`; returns how many.
    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError>;
}

/// Closes this node's sockets when a session ends.
pub trait LiveConnections: Send + Sync {
    /// Closes every socket of this session (close code 4003). Returns at once.
    fn close_session(&self, session: SessionId);
}
