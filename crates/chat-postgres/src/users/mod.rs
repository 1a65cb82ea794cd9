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
mod shared;

pub(crate) use find::{hold, hold_turn, load_summaries, load_summary_rows};
pub(crate) use keys::renew_keys;
pub(crate) use rows::SummaryRow;
pub(crate) use search::end_of_prefix;
pub(crate) use shared::{list_users, touch_last_seen};

use crate::PostgresStore;
use async_trait::async_trait;
use chat_domain::auth::{PasswordHash, RegistrationCodeHash, RegistrationInvite};
use chat_domain::users::{
    DeletedUser, EmailAddress, EmailCollision, HashChange, NewUser, ProfileChanges, SearchTerm, User, UserStore,
    Username,
};
use chat_domain::{ActionError, Page, PageRequest, SessionId, StoreError, Timestamp, UserId};

#[async_trait]
impl UserStore for PostgresStore {
    async fn create(&self, user: NewUser) -> Result<User, ActionError> {
        self.write(async |connection| create::create(connection, &user).await).await
    }

    async fn find(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.batches().users.call(vec![id]).await?.pop())
    }

    async fn list_by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        self.query(async |connection| find::list_by_ids(connection, ids).await).await
    }

    async fn find_credentials_by_email(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<(User, PasswordHash)>, StoreError> {
        self.query(async |connection| find::credentials_by_email(connection, email).await).await
    }

    async fn find_credentials_by_username(
        &self,
        username: &Username,
    ) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let key = username.key();
        self.query(async |connection| find::credentials_by_username(connection, &key).await).await
    }

    async fn find_credentials(&self, id: UserId) -> Result<Option<(User, PasswordHash)>, StoreError> {
        self.query(async |connection| find::credentials(connection, id).await).await
    }

    async fn search(&self, term: &SearchTerm, page: PageRequest) -> Result<Page<User>, StoreError> {
        self.read(async |connection| search::search(connection, term, page).await).await
    }

    async fn list_email_collisions(&self, limit: u32) -> Result<Vec<EmailCollision>, StoreError> {
        self.read(async |connection| keys::list_collisions(connection, limit).await).await
    }

    async fn update_profile(
        &self,
        id: UserId,
        changes: ProfileChanges,
        at: Timestamp,
    ) -> Result<Option<User>, ActionError> {
        self.write(async |connection| profile::update(connection, id, &changes, at).await).await
    }

    async fn add_registration_invites(&self, invites: Vec<RegistrationInvite>) -> Result<(), StoreError> {
        self.write(async |connection| invites::add(connection, &invites).await).await
    }

    async fn has_registration_invite(&self, code: &RegistrationCodeHash, now: Timestamp) -> Result<bool, StoreError> {
        self.query(async |connection| invites::has(connection, code, now).await).await
    }

    async fn set_password(
        &self,
        id: UserId,
        change: HashChange,
        keep: Option<SessionId>,
        at: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.write(async |connection| profile::set_password(connection, id, &change, keep, at).await).await
    }

    async fn renew_hash(&self, id: UserId, change: HashChange, at: Timestamp) -> Result<bool, StoreError> {
        self.write(async |connection| profile::renew_hash(connection, id, &change, at).await).await
    }

    async fn delete(&self, id: UserId, at: Timestamp) -> Result<Option<DeletedUser>, StoreError> {
        self.change(async |connection| delete::delete(connection, id, at).await).await
    }

    async fn touch_last_seen(&self, id: UserId, at: Timestamp) -> Result<(), StoreError> {
        self.batches().seen.call(vec![(id, at)]).await.map(drop)
    }

    async fn list_contact_ids(&self, id: UserId, limit: u32) -> Result<Vec<UserId>, StoreError> {
        self.query(async |connection| contacts::list(connection, id, limit).await).await
    }

    async fn list_contacts_among(&self, id: UserId, among: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        self.query(async |connection| contacts::among(connection, id, among).await).await
    }
}
