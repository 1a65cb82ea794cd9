use super::end::mark_ended;
use crate::fault::Stored;
use crate::schema::sessions;
use crate::time::micros;
use crate::users::hold_turn;
use chat_domain::auth::{EndReason, MAX_SESSIONS_PER_USER, NewSession, Session};
use chat_domain::{SessionId, Timestamp, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(super) async fn create(connection: &mut AsyncPgConnection, new: &NewSession) -> Stored<Vec<SessionId>> {
    let session = &new.session;
    // One sign-in of a user at a time, so that several together cannot exceed the limit.
    let user_exists = hold_turn(connection, session.user_id).await?;
    insert(connection, session, new.token_hash.as_bytes()).await?;
    if !user_exists {
        // The account was deleted during this sign-in: the session ends before its first token is used.
        return mark_ended(connection, vec![session.id], EndReason::AccountDeleted, session.created_at).await;
    }
    let displaced = beyond_limit(connection, session.user_id, session.id, session.created_at).await?;
    mark_ended(connection, displaced, EndReason::Displaced, session.created_at).await
}

async fn insert(connection: &mut AsyncPgConnection, session: &Session, token_hash: &[u8; 32]) -> Stored<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(session.id.as_uuid()),
            sessions::user_id.eq(session.user_id.as_uuid()),
            sessions::token_hash.eq(token_hash.as_slice()),
            sessions::user_agent.eq(session.client.user_agent.as_deref()),
            sessions::ip.eq(session.client.ip.as_deref()),
            sessions::created_at.eq(micros(session.created_at)),
            sessions::last_used_at.eq(micros(session.last_used_at)),
            sessions::expires_at.eq(micros(session.expires_at)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The live sessions beyond the limit, without the newest: those that were not used for the longest time.
async fn beyond_limit(
    connection: &mut AsyncPgConnection,
    user: UserId,
    newest: SessionId,
    now: Timestamp,
) -> Stored<Vec<SessionId>> {
    let displaced: Vec<Uuid> = sessions::table
        .filter(sessions::user_id.eq(user.as_uuid()))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(micros(now)))
        .filter(sessions::id.ne(newest.as_uuid()))
        .order((sessions::last_used_at.desc(), sessions::id.desc()))
        .offset(i64::try_from(MAX_SESSIONS_PER_USER - 1).unwrap_or(i64::MAX))
        .select(sessions::id)
        .load(connection)
        .await?;
    Ok(displaced.into_iter().map(SessionId::new).collect())
}
