use super::{Auth, RegisterUser, SignedIn};
use chat_domain::auth::{AttemptSource, ClientInfo, RegistrationCode, RegistrationCodeHash, RegistrationMode};
use chat_domain::users::{NewUser, Username, WantedUsername, display_name};
use chat_domain::{ActionError, Refusal, UserId};

impl Auth {
    /// Creates an account and signs in to it. The store decides whether the invitation is valid, and the email and
    /// username are free; checking before hashing only saves the work in clear cases. A client that may not register
    /// does not learn which names are taken.
    pub async fn register(&self, command: RegisterUser, client: ClientInfo) -> Result<SignedIn, ActionError> {
        let invite = self.admit(command.invite_code.as_ref()).await?;
        self.refuse_taken_names(&command).await?;
        let source = AttemptSource::new(client.ip.as_deref(), command.email.key());
        let password_hash = self.0.hasher.hash(command.password, &source).await?;
        let name = display_name(command.name, command.first_name.as_ref(), command.last_name.as_ref());
        let username = command
            .username
            .map_or_else(|| WantedUsername::Like(Username::from_email(&command.email)), WantedUsername::Exactly);
        let user = self
            .0
            .store
            .users()
            .create(NewUser {
                id: UserId::new(self.0.ids.next_uuid()),
                email: command.email,
                username,
                name,
                first_name: command.first_name,
                last_name: command.last_name,
                avatar: command.avatar,
                password_hash,
                invite,
                created_at: self.0.now(),
            })
            .await?;
        self.start_session(user, client).await
    }

    /// The invitation that the registration will use up, if registration requires one.
    async fn admit(&self, code: Option<&RegistrationCode>) -> Result<Option<RegistrationCodeHash>, ActionError> {
        match self.0.settings.registration {
            RegistrationMode::Open => Ok(None),
            RegistrationMode::Closed => Err(Refusal::RegistrationClosed.into()),
            RegistrationMode::Invite => {
                let code = code.ok_or(Refusal::InviteRequired)?.hash();
                let is_good = self.0.store.users().has_registration_invite(&code, self.0.now()).await?;
                if is_good { Ok(Some(code)) } else { Err(Refusal::InviteRequired.into()) }
            }
        }
    }

    async fn refuse_taken_names(&self, command: &RegisterUser) -> Result<(), ActionError> {
        if self.0.store.users().find_credentials_by_email(&command.email).await?.is_some() {
            return Err(Refusal::EmailTaken.into());
        }
        if let Some(username) = &command.username
            && self.0.store.users().find_credentials_by_username(username).await?.is_some()
        {
            return Err(Refusal::UsernameTaken.into());
        }
        Ok(())
    }
}
