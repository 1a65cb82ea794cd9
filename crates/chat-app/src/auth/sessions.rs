use super::{Auth, AuthError};
use chat_domain::auth::{Actor, EndReason, Session};
use chat_domain::{SessionId, StoreError};

impl Auth {
    /// The devices that are signed in, the one used last first.
    pub async fn sessions(&self, actor: Actor) -> Result<Vec<Session>, AuthError> {
        Ok(self.0.reading(actor.user_id, self.0.sessions.list(actor.user_id, self.0.now())).await?)
    }

    /// Ends one of the actor's own sessions.
    pub async fn end_session(&self, actor: Actor, session: SessionId) -> Result<(), AuthError> {
        let now = self.0.now();
        let end = self.0.sessions.end(actor.user_id, session, EndReason::SignedOut, now);
        if !self.0.writing(actor.user_id, end).await? {
            return Err(AuthError::SessionNotFound);
        }
        self.0.sessions_ended([session], EndReason::SignedOut);
        Ok(())
    }

    /// Forgets sessions that nobody can hold a good token of any more. Returns how many.
    pub async fn prune_sessions(&self) -> Result<u64, StoreError> {
        self.0.sessions.prune(self.0.now().minus(self.ended_are_kept_for())).await
    }
}
