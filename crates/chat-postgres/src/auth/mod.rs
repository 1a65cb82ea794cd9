//! Sessions: families of refresh tokens.

mod create;
mod end;
mod list;
mod rotate;
mod rows;

pub(crate) use end::end_all_but;

use crate::PostgresStore;
use async_trait::async_trait;
use chat_domain::auth::{EndReason, EndedSession, NewSession, RotateOutcome, RotateSession, Session, SessionStore};
use chat_domain::{CommitCursor, Committed, SessionId, StoreError, Timestamp, UserId};

#[async_trait]
impl SessionStore for PostgresStore {
    async fn create(&self, session: NewSession) -> Result<Vec<SessionId>, StoreError> {
        self.write(async |connection| create::create(connection, &session).await).await
    }

    async fn rotate(&self, rotate: RotateSession) -> Result<RotateOutcome, StoreError> {
        self.write(async |connection| rotate::rotate(connection, &rotate).await).await
    }

    async fn end(
        &self,
        user: UserId,
        session: SessionId,
        reason: EndReason,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.query(async |connection| end::end(connection, user, session, reason, at).await).await
    }

    async fn end_all(&self, user: UserId, reason: EndReason, at: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.write(async |connection| end::end_all_but(connection, user, None, reason, at).await).await
    }

    async fn list(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.query(async |connection| list::live(connection, user, now).await).await
    }

    async fn list_ended(&self, after: Option<&CommitCursor>) -> Result<Committed<EndedSession>, StoreError> {
        self.query(async |connection| list::ended(connection, after).await).await
    }

    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.query(async |connection| end::prune(connection, before).await).await
    }
}
