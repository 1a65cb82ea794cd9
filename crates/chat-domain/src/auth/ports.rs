use super::{
    AccessClaims, AttemptSource, Comparison, EndReason, EndedSession, InvalidToken, NewSession, Password, PasswordHash,
    RefreshToken, RotateOutcome, RotateSession, Session,
};
use crate::{BoxError, CommitCursor, Committed, SessionId, StoreError, Timestamp, UserId};
use async_trait::async_trait;
use thiserror::Error;

/// Why a password could be neither hashed nor compared.
#[derive(Debug, Error)]
pub enum HashError {
    /// Too many are being hashed already; nothing was done.
    #[error("too many passwords are being hashed")]
    Overloaded,
    /// The hasher failed.
    #[error("hashing failed")]
    Failed(#[source] BoxError),
}

/// Turns passwords into hashes and compares them, slowly, away from the async threads. The sources of attempts take
/// turns: an address, or an account of one address, that asks for much does not delay the others.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// The hash of a new password's normal form; every byte counts.
    async fn hash(&self, password: Password, source: &AttemptSource) -> Result<PasswordHash, HashError>;

    /// Compares the normal form of the password, then the text as it was typed where that differs. Everything but a
    /// match takes the same time: without a hash, and with a hash of less work than new ones, so that neither tells
    /// which accounts exist.
    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
        source: &AttemptSource,
    ) -> Result<Comparison, HashError>;

    /// Whether a new hash of the same password would be made otherwise: with more work, or less. Pure computation.
    fn is_outdated(&self, hash: &PasswordHash) -> bool;
}

/// Signs and checks access tokens. Pure computation.
pub trait AccessTokens: Send + Sync {
    /// The signed token.
    fn issue(&self, claims: &AccessClaims) -> String;

    /// What the token says, if it is ours and holds at `now`. Whether its session has ended is the caller's to ask.
    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, InvalidToken>;
}

/// Makes and recognises refresh tokens. Pure computation.
pub trait RefreshTokens: Send + Sync {
    /// The first token of a session.
    fn issue(&self, session_id: SessionId) -> RefreshToken;

    /// The one token that may follow this one: the same each time.
    fn successor(&self, token: &RefreshToken) -> RefreshToken;

    /// A token whose seal is ours.
    fn parse(&self, text: &str) -> Result<RefreshToken, InvalidToken>;
}

/// Sign-ins.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores a session; where the user has more than [`super::MAX_SESSIONS_PER_USER`], ends those used longest ago, in
    /// the same transaction, and returns the ended ones.
    async fn create(&self, session: NewSession) -> Result<Vec<SessionId>, StoreError>;

    /// Applies [`super::rotation`] to the session in one transaction: of two calls at once with one token, one spends
    /// and one repeats. An ended or expired session is [`RotateOutcome::Unknown`].
    async fn rotate(&self, rotate: RotateSession) -> Result<RotateOutcome, StoreError>;

    /// Ends a session of this user; `false` where there is none that is live.
    async fn end(&self, user: UserId, session: SessionId, reason: EndReason, at: Timestamp)
    -> Result<bool, StoreError>;

    /// Ends every session of this user and returns them.
    async fn end_all(&self, user: UserId, reason: EndReason, at: Timestamp) -> Result<Vec<SessionId>, StoreError>;

    /// The live sessions of this user that have not expired at `now`, the one used last first.
    async fn list(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError>;

    /// The sessions whose ends were committed after the cursor, in any order, in one indexed query, whatever the clocks
    /// say; without a cursor all ended sessions that are kept. A session may be listed again, and is never left out.
    async fn list_ended(&self, after: Option<&CommitCursor>) -> Result<Committed<EndedSession>, StoreError>;

    /// Forgets sessions that ended or expired before `before`; returns how many.
    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError>;
}

/// This node's sockets, as far as ending a session concerns them.
pub trait LiveConnections: Send + Sync {
    /// Closes every socket of this session (close code 4003). Returns at once.
    fn close_session(&self, session: SessionId);
}
