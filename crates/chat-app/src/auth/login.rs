use super::{Auth, LoginIdentity, SignedIn};
use chat_domain::auth::{
    AttemptSource, ClientInfo, Comparison, EndReason, NewSession, Password, PasswordHash, Session,
};
use chat_domain::users::{HashChange, User};
use chat_domain::{ActionError, Refusal, SessionId, UserId};

impl Auth {
    /// Signs in. An unknown account and a wrong password give the same error after the same time, and both count
    /// towards [`crate::LoginLimits`].
    pub async fn login(
        &self,
        identity: LoginIdentity,
        password: Password,
        client: ClientInfo,
    ) -> Result<SignedIn, ActionError> {
        let source = AttemptSource::new(client.ip.as_deref(), identity.key());
        let counted = self.0.count_attempt(&source, None).await?;
        let outcome = self.attempt(identity, password, client, &source).await;
        if !matches!(outcome, Err(ActionError::Refused(Refusal::InvalidCredentials))) {
            self.0.uncount_attempt(counted).await;
        }
        outcome
    }

    async fn attempt(
        &self,
        identity: LoginIdentity,
        password: Password,
        client: ClientInfo,
        source: &AttemptSource,
    ) -> Result<SignedIn, ActionError> {
        let found = match &identity {
            LoginIdentity::Email(email) => self.0.store.users().find_credentials_by_email(email).await?,
            LoginIdentity::Username(username) => self.0.store.users().find_credentials_by_username(username).await?,
        };
        let (user, hash) = found.unzip();
        let comparison = self.0.hasher.verify(password.clone(), hash.clone(), source).await?;
        let (true, Some(user), Some(hash)) = (comparison.is_match(), user, hash) else {
            return Err(Refusal::InvalidCredentials.into());
        };

        let user_id = user.id;
        let signed_in = self.start_session(user, client).await?;
        let still_good = self.hash_if_still_good(user_id, &password, (hash, comparison), source).await?;
        let Some((hash, comparison)) = still_good else {
            let (session, now) = (signed_in.refresh_token.session_id(), self.0.now());
            self.0.store.sessions().end(user_id, session, EndReason::PasswordChanged, now).await?;
            self.0.sessions_ended([session], EndReason::PasswordChanged);
            return Err(Refusal::InvalidCredentials.into());
        };
        if comparison == Comparison::MatchesAsTyped || self.0.hasher.is_outdated(&hash) {
            self.renew_hash(user_id, password, hash, source).await;
        }
        Ok(signed_in)
    }

    /// Returns the present hash if the password matches it. The comparison takes long enough for the password to be
    /// changed meanwhile, which ends all sessions: a session that starts after that must not survive it. Another
    /// sign-in may also have renewed the hash.
    async fn hash_if_still_good(
        &self,
        user: UserId,
        password: &Password,
        (compared, comparison): (PasswordHash, Comparison),
        source: &AttemptSource,
    ) -> Result<Option<(PasswordHash, Comparison)>, ActionError> {
        let Some((_, present)) = self.0.store.users().find_credentials(user).await? else { return Ok(None) };
        if present == compared {
            return Ok(Some((present, comparison)));
        }
        let comparison = self.0.hasher.verify(password.clone(), Some(present.clone()), source).await?;
        Ok(comparison.is_match().then_some((present, comparison)))
    }

    /// Hashes the password again if its hash has another cost than configured, or is not of the normal form. Only a
    /// sign-in knows the password. A failure does not fail the sign-in; the next one tries again.
    async fn renew_hash(&self, user: UserId, password: Password, expected: PasswordHash, source: &AttemptSource) {
        let renewed = match self.0.hasher.hash(password, source).await {
            Ok(hash) => {
                let change = HashChange { expected, hash };
                self.0.store.users().renew_hash(user, change, self.0.now()).await.map_err(ActionError::from)
            }
            Err(fault) => Err(fault.into()),
        };
        if let Err(fault) = renewed {
            tracing::warn!(error = &fault as &dyn std::error::Error, %user, "cannot renew a password hash");
        }
    }

    /// Creates a session of this user; sessions beyond the limit end.
    pub(super) async fn start_session(&self, user: User, client: ClientInfo) -> Result<SignedIn, ActionError> {
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
            self.0.store.sessions().create(NewSession { session, token_hash: refresh_token.hash().clone() }).await?;
        self.0.sessions_ended(displaced, EndReason::Displaced);
        Ok(self.signed_in(user, id, refresh_token, now))
    }
}
