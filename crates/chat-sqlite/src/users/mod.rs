//! Accounts and credentials.

mod contacts;
mod create;
mod delete;
mod find;
mod invites;
mod keys;
mod profile;
mod rows;
mod search;

pub(crate) use find::{exist, load_summaries};
pub(crate) use keys::renew_keys;
pub(crate) use rows::SummaryRow;
pub(crate) use search::end_of_prefix;

use crate::SqliteStore;
use async_trait::async_trait;
use chat_domain::auth::{PasswordHash, RegistrationCodeHash, RegistrationInvite};
use chat_domain::users::{
    DeletedUser, EmailAddress, EmailCollision, HashChange, NewUser, ProfileChanges, SearchTerm, User, UserStore,
    Username,
};
use chat_domain::{ActionError, Page, PageRequest, SessionId, StoreError, Timestamp, UserId};

#[async_trait]
impl UserStore for SqliteStore {
    async fn create(&self, user: NewUser) -> Result<User, ActionError> {
        self.write(move |connection| create::create(connection, &user)).await
    }

    async fn find(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read(move |connection| find::find(connection, id)).await
    }

    async fn list_by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |connection| find::list_by_ids(connection, &ids)).await
    }

    async fn find_credentials_by_email(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let email = email.clone();
        self.read(move |connection| find::credentials_by_email(connection, &email)).await
    }

    async fn find_credentials_by_username(
        &self,
        username: &Username,
    ) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let key = username.key();
        self.read(move |connection| find::credentials_by_username(connection, &key)).await
    }

    async fn find_credentials(&self, id: UserId) -> Result<Option<(User, PasswordHash)>, StoreError> {
        self.read(move |connection| find::credentials(connection, id)).await
    }

    async fn search(&self, term: &SearchTerm, page: PageRequest) -> Result<Page<User>, StoreError> {
        let term = term.clone();
        self.read(move |connection| search::search(connection, &term, page)).await
    }

    async fn list_email_collisions(&self, limit: u32) -> Result<Vec<EmailCollision>, StoreError> {
        self.read(move |connection| keys::list_collisions(connection, limit)).await
    }

    async fn update_profile(
        &self,
        id: UserId,
        changes: ProfileChanges,
        at: Timestamp,
    ) -> Result<Option<User>, ActionError> {
        self.write(move |connection| profile::update(connection, id, &changes, at)).await
    }

    async fn add_registration_invites(&self, invites: Vec<RegistrationInvite>) -> Result<(), StoreError> {
        self.write(move |connection| invites::add(connection, &invites)).await
    }

    async fn has_registration_invite(&self, code: &RegistrationCodeHash, now: Timestamp) -> Result<bool, StoreError> {
        let code = code.clone();
        self.read(move |connection| invites::has(connection, &code, now)).await
    }

    async fn set_password(
        &self,
        id: UserId,
        change: HashChange,
        keep: Option<SessionId>,
        at: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.write(move |connection| profile::set_password(connection, id, &change, keep, at)).await
    }

    async fn renew_hash(&self, id: UserId, change: HashChange, at: Timestamp) -> Result<bool, StoreError> {
        self.write(move |connection| profile::renew_hash(connection, id, &change, at)).await
    }

    async fn delete(&self, id: UserId, at: Timestamp) -> Result<Option<DeletedUser>, StoreError> {
        self.change(move |connection| delete::delete(connection, id, at)).await
    }

    async fn touch_last_seen(&self, id: UserId, at: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| profile::touch_last_seen(connection, id, at)).await
    }

    async fn list_contact_ids(&self, id: UserId, limit: u32) -> Result<Vec<UserId>, StoreError> {
        self.read(move |connection| contacts::list(connection, id, limit)).await
    }

    async fn list_contacts_among(&self, id: UserId, among: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let among = among.to_vec();
        self.read(move |connection| contacts::among(connection, id, &among)).await
    }
}
