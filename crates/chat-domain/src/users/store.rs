use super::{EmailAddress, NewUser, ProfileChanges, SearchTerm, User, Username};
use crate::auth::{PasswordHash, RegistrationCodeHash, RegistrationInvite};
use crate::{ActionError, Change, Page, PageRequest, SessionId, StoreError, Timestamp, UserId};
use async_trait::async_trait;

/// The result of the deletion of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedUser {
    /// The departures from groups and the role hand-overs, in order within each conversation.
    pub changes: Vec<Change>,
    /// The sessions that it ended.
    pub ended_sessions: Vec<SessionId>,
}

/// A change of a password hash. Hashing takes so long that another call may change the hash meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashChange {
    /// The hash on which the decision was based. If the user has another one now, nothing is changed.
    pub expected: PasswordHash,
    /// The new hash.
    pub hash: PasswordHash,
}

/// Accounts whose emails have the same key since keys are case-folded and normalised, and had different keys before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailCollision {
    /// The account that has the key; `None` after it was deleted.
    pub holder: Option<User>,
    /// An account that is found only by the exact spelling of its email.
    pub other: User,
}

/// Stores accounts with their credentials. "The user" below is never a deleted one.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Inserts the account and its credentials in one transaction, with a username that is free:
    /// [`super::WantedUsername::Like`] is numbered from 2 until it is, even under concurrent calls. An absent name
    /// becomes the username. An invitation is spent in the same transaction: of two concurrent calls with one
    /// invitation, one succeeds. Refuses with [`crate::Refusal::EmailTaken`], [`crate::Refusal::UsernameTaken`] and
    /// [`crate::Refusal::InviteRequired`].
    async fn create(&self, user: NewUser) -> Result<User, ActionError>;

    /// Finds the user with this id.
    async fn find(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Returns the existing users with these ids, in any order, in one query.
    async fn list_by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError>;

    /// Finds the user with this email, with the password's hash: the account with exactly this spelling
    /// ([`EmailAddress::exact_key`]), else the one that has the key.
    async fn find_credentials_by_email(&self, email: &EmailAddress)
    -> Result<Option<(User, PasswordHash)>, StoreError>;

    /// Finds the user with this username, with the password's hash.
    async fn find_credentials_by_username(
        &self,
        username: &Username,
    ) -> Result<Option<(User, PasswordHash)>, StoreError>;

    /// Finds the user with this id, with the password's hash.
    async fn find_credentials(&self, id: UserId) -> Result<Option<(User, PasswordHash)>, StoreError>;

    /// Lists users whose username or name begins with the term, compared by [`SearchTerm::key`], ordered by the
    /// username's key. `%`, `_` and similar characters have no special meaning. Never searches emails. Finds the first
    /// [`super::MAX_SEARCH_MATCHES`] usernames and as many names, in their order, so that the cost does not grow with
    /// the number of users.
    async fn search(&self, term: &SearchTerm, page: PageRequest) -> Result<Page<User>, StoreError>;

    /// Lists up to `limit` accounts that share the key of their email with an older account, in order of the key.
    async fn list_email_collisions(&self, limit: u32) -> Result<Vec<EmailCollision>, StoreError>;

    /// Applies the changes and sets `updated_at`, in one transaction. `None` if there is no such user. Refuses with
    /// [`crate::Refusal::UsernameTaken`].
    async fn update_profile(
        &self,
        id: UserId,
        changes: ProfileChanges,
        at: Timestamp,
    ) -> Result<Option<User>, ActionError>;

    /// Stores invitations, and removes those that have expired by then.
    async fn add_registration_invites(&self, invites: Vec<RegistrationInvite>) -> Result<(), StoreError>;

    /// Whether the invitation with this code is neither spent nor expired at `now`.
    async fn has_registration_invite(&self, code: &RegistrationCodeHash, now: Timestamp) -> Result<bool, StoreError>;

    /// Sets another password: replaces the hash and ends every session of the user except `keep`, if any, in one
    /// transaction. Returns the ended sessions; `None` if the hash is not the expected one, and nothing was changed.
    async fn set_password(
        &self,
        id: UserId,
        change: HashChange,
        keep: Option<SessionId>,
        at: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;

    /// Stores another hash of the same password, and ends no session. `false` if the hash is not the expected one, and
    /// nothing was changed.
    async fn renew_hash(&self, id: UserId, change: HashChange, at: Timestamp) -> Result<bool, StoreError>;

    /// Deletes the account in one transaction: frees email and username, clears the profile, removes the credentials,
    /// leaves every group (handing the last admin's role to the oldest member, each step a change with its own `pos`),
    /// stays in direct conversations, and ends every session. `None` if there is no such user.
    async fn delete(&self, id: UserId, at: Timestamp) -> Result<Option<DeletedUser>, StoreError>;

    /// Moves `last_seen` forward to `at`, never back.
    async fn touch_last_seen(&self, id: UserId, at: Timestamp) -> Result<(), StoreError>;

    /// Lists the users who may see the user's presence, and whose presence the user may see: they share a group now, or
    /// a direct conversation in which both have written. Without the user, each once, at most `limit`.
    async fn list_contact_ids(&self, id: UserId, limit: u32) -> Result<Vec<UserId>, StoreError>;

    /// Returns those of these users that [`Self::list_contact_ids`] would list, each once, in any order, in one query;
    /// never the user. At most 1,000 ids per call.
    async fn list_contacts_among(&self, id: UserId, among: &[UserId]) -> Result<Vec<UserId>, StoreError>;
}
