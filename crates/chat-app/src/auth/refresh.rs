use super::{Auth, SignedIn};
use chat_domain::auth::{ClientInfo, EndReason, RotateOutcome, RotateSession};
use chat_domain::{ActionError, Refusal};

impl Auth {
    /// Exchanges a refresh token for a new pair of tokens. The successor is derived from the token, so for a minute a
    /// lost response, or two calls at once, give the same one. A used token at any other time ends the session
    /// (contract §3).
    pub async fn refresh(&self, token: &str, client: ClientInfo) -> Result<SignedIn, ActionError> {
        let presented = self.0.refresh_tokens.parse(token)?;
        let successor = self.0.refresh_tokens.successor(&presented);
        let now = self.0.now();
        let outcome = self
            .0
            .store
            .sessions()
            .rotate(RotateSession {
                session_id: presented.session_id(),
                presented: presented.hash().clone(),
                successor: successor.hash().clone(),
                client,
                at: now,
                expires_at: now.plus(self.0.settings.refresh_token_lifetime),
            })
            .await?;
        match outcome {
            RotateOutcome::Rotated(session) => {
                let user = self.0.store.users().find(session.user_id).await?.ok_or(Refusal::SessionRevoked)?;
                Ok(self.signed_in(user, session.id, successor, now))
            }
            RotateOutcome::Reused(ended) => {
                tracing::warn!(session = %ended.id, user = %ended.user_id, "a used refresh token was sent again");
                self.0.sessions_ended([ended.id], EndReason::TokenReused);
                Err(Refusal::RefreshTokenReused.into())
            }
            RotateOutcome::Unknown => Err(Refusal::SessionRevoked.into()),
        }
    }
}
