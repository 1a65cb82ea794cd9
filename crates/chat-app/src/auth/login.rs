use super::{Auth, AuthError, LoginIdentity, SignedIn};
use chat_domain::SessionId;
use chat_domain::auth::{ClientInfo, EndReason, NewSession, Password, Session};
use chat_domain::users::User;

impl Auth {
    /// Signs in. An unknown account and a wrong password give the same answer after the same time.
    pub async fn login(
        &self,
        identity: LoginIdentity,
        password: Password,
        client: ClientInfo,
    ) -> Result<SignedIn, AuthError> {
        let found = match &identity {
            LoginIdentity::Email(email) => self.0.users.find_credentials_by_email(email).await?,
            LoginIdentity::Username(username) => self.0.users.find_credentials_by_username(username).await?,
        };
        let (user, hash) = found.unzip();
        let matches = self.0.hasher.verify(password, hash.clone()).await?;
        let (true, Some(user), Some(hash)) = (matches, user, hash) else { return Err(AuthError::InvalidCredentials) };

        let user_id = user.id;
        let signed_in = self.start_session(user, client).await?;
        // Comparing takes long enough for the password to be changed meanwhile, which ends the sessions of then: this one
        // must not outlive it.
        let present = self.0.users.find_credentials(user_id).await?;
        if present.is_none_or(|(_, present)| present != hash) {
            let (session, now) = (signed_in.refresh_token.session_id(), self.0.now());
            self.0.sessions.end(user_id, session, EndReason::PasswordChanged, now).await?;
            self.0.sessions_ended([session], EndReason::PasswordChanged, now);
            return Err(AuthError::InvalidCredentials);
        }
        Ok(signed_in)
    }

    /// Stores a session of this user; whichever it displaces ends.
    pub(super) async fn start_session(&self, user: User, client: ClientInfo) -> Result<SignedIn, AuthError> {
        let now = self.0.now();
        let id = SessionId::new(self.0.ids.next_uuid());
        let refresh_token = self.0.refresh_tokens.issue(id);
        let session = Session {
            id,
            user_id: user.id,
            client,
            created_at: now,
            last_used_at: now,
            expires_at: now.plus(self.0.settings.refresh_token_lifetime),
        };
        let displaced =
            self.0.sessions.create(NewSession { session, token_hash: refresh_token.hash().clone() }).await?;
        self.0.sessions_ended(displaced, EndReason::Displaced, now);
        Ok(self.signed_in(user, id, refresh_token, now))
    }
}
