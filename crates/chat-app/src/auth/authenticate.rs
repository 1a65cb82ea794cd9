use super::ended::MARGIN;
use super::{Auth, AuthError};
use chat_domain::auth::Actor;

impl Auth {
    /// Who a token speaks for. Asks nobody: the token itself, and the sessions that this node knows to have ended
    /// lately. A token made under a longer lifetime ends with the present one: the ends of sessions are not remembered
    /// for longer.
    pub fn authenticate(&self, token: &str) -> Result<Actor, AuthError> {
        let now = self.0.now();
        let claims = self.0.access_tokens.verify(token, now)?;
        if now >= claims.issued_at.plus(self.0.settings.access_token_lifetime + MARGIN) {
            return Err(AuthError::TokenExpired);
        }
        if self.0.ended.contains(claims.session_id) {
            return Err(AuthError::SessionRevoked);
        }
        let token_expires_at = claims.expires_at.min(claims.issued_at.plus(self.0.settings.access_token_lifetime));
        Ok(Actor { user_id: claims.user_id, session_id: claims.session_id, token_expires_at })
    }
}
