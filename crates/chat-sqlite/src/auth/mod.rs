//! Sessions: families of refresh tokens.

mod create;
mod end;
mod list;
mod rotate;
mod rows;

pub(crate) use end::end_all_but;

use crate::SqliteStore;
use async_trait::async_trait;
use chat_domain::auth::{EndReason, EndedSession, NewSession, RotateOutcome, RotateSession, Session, SessionStore};
use chat_domain::{CommitCursor, Committed, SessionId, StoreError, Timestamp, UserId};

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create(&self, session: NewSession) -> Result<Vec<SessionId>, StoreError> {
        self.write(move |connection| create::create(connection, &session)).await
    }

    async fn rotate(&self, rotate: RotateSession) -> Result<RotateOutcome, StoreError> {
        self.write(move |connection| rotate::rotate(connection, &rotate)).await
    }

    async fn end(
        &self,
        user: UserId,
        session: SessionId,
        reason: EndReason,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| end::end(connection, user, session, reason, at)).await
    }

    async fn end_all(&self, user: UserId, reason: EndReason, at: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.write(move |connection| end::end_all_but(connection, user, None, reason, at)).await
    }

    async fn list(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.read(move |connection| list::live(connection, user, now)).await
    }

    async fn list_ended(&self, after: Option<&CommitCursor>) -> Result<Committed<EndedSession>, StoreError> {
        let after = after.cloned();
        self.read(move |connection| list::ended(connection, after.as_ref())).await
    }

    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(move |connection| end::prune(connection, before)).await
    }
}
