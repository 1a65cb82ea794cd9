use super::{Auth, AuthError};
use chat_domain::auth::Actor;

impl Auth {
    /// Who a token speaks for. Asks nobody: the token itself, and the sessions that this node knows to have ended lately.
    pub fn authenticate(&self, token: &str) -> Result<Actor, AuthError> {
        let claims = self.0.access_tokens.verify(token, self.0.now())?;
        if self.0.ended.contains(claims.session_id) {
            return Err(AuthError::SessionRevoked);
        }
        Ok(Actor { user_id: claims.user_id, session_id: claims.session_id, token_expires_at: claims.expires_at })
    }
}
