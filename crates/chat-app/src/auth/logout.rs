use super::{Auth, AuthError};
use chat_domain::auth::{Actor, EndReason};

impl Auth {
    /// Ends this session: its refresh tokens, its access tokens, and its sockets. Doing it twice is as good as once.
    pub async fn logout(&self, actor: Actor) -> Result<(), AuthError> {
        let now = self.0.now();
        self.0.sessions.end(actor.user_id, actor.session_id, EndReason::SignedOut, now).await?;
        self.0.sessions_ended([actor.session_id], EndReason::SignedOut);
        Ok(())
    }

    /// Ends every session of the actor, this one too.
    pub async fn logout_all(&self, actor: Actor) -> Result<(), AuthError> {
        let now = self.0.now();
        let ended = self.0.sessions.end_all(actor.user_id, EndReason::SignedOut, now).await?;
        self.0.sessions_ended(ended, EndReason::SignedOut);
        Ok(())
    }
}
