use super::Auth;
use super::ended::MARGIN;
use chat_domain::auth::{Actor, EndReason, Session};
use chat_domain::{ActionError, Refusal, SessionId, StoreError};

impl Auth {
    /// The actor of an access token. Uses only the token and the sessions that this node knows to have ended, without a
    /// query. A token issued under a longer lifetime expires by the present one, since ended sessions are not
    /// remembered longer.
    pub fn authenticate(&self, token: &str) -> Result<Actor, ActionError> {
        let now = self.0.now();
        let claims = self.0.access_tokens.verify(token, now)?;
        if now >= claims.issued_at.plus(self.0.settings.access_token_lifetime + MARGIN) {
            return Err(Refusal::TokenExpired.into());
        }
        if self.0.ended.contains(claims.session_id) {
            return Err(Refusal::SessionRevoked.into());
        }
        let token_expires_at = claims.expires_at.min(claims.issued_at.plus(self.0.settings.access_token_lifetime));
        Ok(Actor { user_id: claims.user_id, session_id: claims.session_id, token_expires_at })
    }

    /// Ends this session: its refresh tokens, its access tokens, and its sockets. Idempotent.
    pub async fn logout(&self, actor: Actor) -> Result<(), ActionError> {
        let now = self.0.now();
        self.0.store.sessions().end(actor.user_id, actor.session_id, EndReason::SignedOut, now).await?;
        self.0.sessions_ended([actor.session_id], EndReason::SignedOut);
        Ok(())
    }

    /// Ends every session of the actor, this one included.
    pub async fn logout_all(&self, actor: Actor) -> Result<(), ActionError> {
        let now = self.0.now();
        let ended = self.0.store.sessions().end_all(actor.user_id, EndReason::SignedOut, now).await?;
        self.0.sessions_ended(ended, EndReason::SignedOut);
        Ok(())
    }

    /// The actor's sessions, the most recently used first.
    pub async fn sessions(&self, actor: Actor) -> Result<Vec<Session>, ActionError> {
        Ok(self.0.reading(actor.user_id, self.0.store.sessions().list(actor.user_id, self.0.now())).await?)
    }

    /// Ends one of the actor's own sessions.
    pub async fn end_session(&self, actor: Actor, session: SessionId) -> Result<(), ActionError> {
        let now = self.0.now();
        let end = self.0.store.sessions().end(actor.user_id, session, EndReason::SignedOut, now);
        if !self.0.writing(actor.user_id, end).await? {
            return Err(Refusal::SessionNotFound.into());
        }
        self.0.sessions_ended([session], EndReason::SignedOut);
        Ok(())
    }

    /// Deletes sessions whose tokens have all expired. Returns how many.
    pub async fn prune_sessions(&self) -> Result<u64, StoreError> {
        self.0.store.sessions().prune(self.0.now().minus(self.ended_are_kept_for())).await
    }
}
