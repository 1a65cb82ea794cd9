use super::{EmailAddress, NewUser, ProfileChanges, SearchTerm, User, Username};
use crate::auth::{PasswordHash, RegistrationCodeHash, RegistrationInvite};
use crate::{Change, Page, PageRequest, SessionId, StoreError, Timestamp, UserId};
use async_trait::async_trait;
use thiserror::Error;

/// Why an account was not made. Nothing was stored.
#[derive(Debug, Error)]
pub enum CreateUserError {
    /// Another account has this email, in whatever case and composition.
    #[error("the email is taken")]
    EmailTaken,
    /// Another account has this username, in whatever case.
    #[error("the username is taken")]
    UsernameTaken,
    /// The invitation is unknown, spent or expired.
    #[error("the invitation is not good")]
    InviteNotGood,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a profile was not changed. Nothing was stored.
#[derive(Debug, Error)]
pub enum UpdateProfileError {
    /// Another account has this username, in whatever case.
    #[error("the username is taken")]
    UsernameTaken,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the deletion of an account brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedUser {
    /// The departures from groups and the hand-overs, in order within each conversation.
    pub changes: Vec<Change>,
    /// Every session that was ended by it.
    pub ended_sessions: Vec<SessionId>,
}

/// From one hash to another. Hashing takes long enough for somebody else to have changed it meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashChange {
    /// The one that the change was decided by; where the user has another by now, nothing is done.
    pub expected: PasswordHash,
    /// The new one.
    pub hash: PasswordHash,
}

/// Accounts whose email has one key since keys are case-folded and normalised, and had several before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailCollision {
    /// The account that has the key; `None` once it was deleted.
    pub holder: Option<User>,
    /// An account that is found by the exact spelling of its email alone.
    pub other: User,
}

/// Accounts, with their credentials. "The user" below is always one that is not deleted.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Inserts the account and its credentials in one transaction, with a username that is free:
    /// [`super::WantedUsername::Like`] is numbered from 2 until it is, under a race too. An absent name becomes the
    /// username. Where there is an invitation, it is spent in the same transaction: of two at once with one invitation,
    /// one succeeds.
    async fn create(&self, user: NewUser) -> Result<User, CreateUserError>;

    /// The user of this id.
    async fn find(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The users of these ids that exist, in any order, in one query.
    async fn list_by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError>;

    /// The user of this email and the password's hash: the account that is known by exactly this spelling
    /// ([`EmailAddress::exact_key`]), else the one that has the key.
    async fn find_credentials_by_email(&self, email: &EmailAddress)
    -> Result<Option<(User, PasswordHash)>, StoreError>;

    /// The user of this username and the password's hash.
    async fn find_credentials_by_username(
        &self,
        username: &Username,
    ) -> Result<Option<(User, PasswordHash)>, StoreError>;

    /// The user of this id and the password's hash.
    async fn find_credentials(&self, id: UserId) -> Result<Option<(User, PasswordHash)>, StoreError>;

    /// Users whose username or name begins with the term, compared by [`SearchTerm::key`], ordered by username's key.
    /// `%`, `_` and the like are ordinary characters. Never looks at emails. Finds the first
    /// [`super::MAX_SEARCH_MATCHES`] usernames and as many names, in their order: what it costs does not grow with the
    /// number of users.
    async fn search(&self, term: &SearchTerm, page: PageRequest) -> Result<Page<User>, StoreError>;

    /// Up to `limit` accounts that share the key of their email with an older account, in order of the key.
    async fn list_email_collisions(&self, limit: u32) -> Result<Vec<EmailCollision>, StoreError>;

    /// Changes what the changes name, and `updated_at`, in one transaction. `None` where there is no such user.
    async fn update_profile(
        &self,
        id: UserId,
        changes: ProfileChanges,
        at: Timestamp,
    ) -> Result<Option<User>, UpdateProfileError>;

    /// Stores invitations, and forgets those that have expired when these are made.
    async fn add_registration_invites(&self, invites: Vec<RegistrationInvite>) -> Result<(), StoreError>;

    /// Whether the invitation of this code is neither spent nor expired at `now`.
    async fn has_registration_invite(&self, code: &RegistrationCodeHash, now: Timestamp) -> Result<bool, StoreError>;

    /// Another password: replaces the hash and ends every session of the user but `keep`, if any, in one transaction.
    /// Returns the ended ones;
    /// `None` where the hash is not the expected one, and nothing was done.
    async fn set_password(
        &self,
        id: UserId,
        change: HashChange,
        keep: Option<SessionId>,
        at: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;

    /// Another hash of the same password: replaces it and ends nothing. `false` where the hash is not the expected one,
    /// and nothing was done.
    async fn renew_hash(&self, id: UserId, change: HashChange, at: Timestamp) -> Result<bool, StoreError>;

    /// In one transaction: frees email and username, clears the profile, forgets the credentials, leaves every group
    /// (handing the last admin's role to the oldest member, each step a change with its own `pos`), stays in direct
    /// conversations, and ends every session. `None` where there is no such user.
    async fn delete(&self, id: UserId, at: Timestamp) -> Result<Option<DeletedUser>, StoreError>;

    /// Moves `last_seen` forward to `at`; never back.
    async fn touch_last_seen(&self, id: UserId, at: Timestamp) -> Result<(), StoreError>;

    /// Those who may know of the user's presence, and the user of theirs: they share a group now, or a direct
    /// conversation in which both have written. Oneself left out, each once, at most `limit`.
    async fn list_contact_ids(&self, id: UserId, limit: u32) -> Result<Vec<UserId>, StoreError>;

    /// Of these users, those that [`Self::list_contact_ids`] means, each once and in any order, in one query; never
    /// oneself. At most 1,000 ids are asked about at once.
    async fn list_contacts_among(&self, id: UserId, among: &[UserId]) -> Result<Vec<UserId>, StoreError>;
}
