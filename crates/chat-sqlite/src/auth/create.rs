use super::end::mark_ended;
use crate::fault::Stored;
use crate::id::{Id, micros};
use crate::schema::sessions;
use crate::users::exist;
use chat_domain::auth::{EndReason, MAX_SESSIONS_PER_USER, NewSession, Session};
use chat_domain::{SessionId, Timestamp, UserId};
use diesel::prelude::*;

pub(super) fn create(connection: &mut SqliteConnection, new: &NewSession) -> Stored<Vec<SessionId>> {
    let session = &new.session;
    insert(connection, session, new.token_hash.as_bytes())?;
    if exist(connection, &[session.user_id])?.is_empty() {
        // The account was deleted during this sign-in: the session ends before its first token is used.
        return mark_ended(connection, vec![session.id], EndReason::AccountDeleted, session.created_at);
    }
    let displaced = beyond_limit(connection, session.user_id, session.id, session.created_at)?;
    mark_ended(connection, displaced, EndReason::Displaced, session.created_at)
}

fn insert(connection: &mut SqliteConnection, session: &Session, token_hash: &[u8; 32]) -> Stored<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(Id::from(session.id)),
            sessions::user_id.eq(Id::from(session.user_id)),
            sessions::token_hash.eq(token_hash.as_slice()),
            sessions::user_agent.eq(session.client.user_agent.as_deref()),
            sessions::ip.eq(session.client.ip.as_deref()),
            sessions::created_at.eq(micros(session.created_at)),
            sessions::last_used_at.eq(micros(session.last_used_at)),
            sessions::expires_at.eq(micros(session.expires_at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// The live sessions beyond the limit, without the newest: those that were not used for the longest time.
fn beyond_limit(
    connection: &mut SqliteConnection,
    user: UserId,
    newest: SessionId,
    now: Timestamp,
) -> Stored<Vec<SessionId>> {
    let others: Vec<Id> = sessions::table
        .filter(sessions::user_id.eq(Id::from(user)))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(micros(now)))
        .filter(sessions::id.ne(Id::from(newest)))
        .order((sessions::last_used_at.desc(), sessions::id.desc()))
        .select(sessions::id)
        .load(connection)?;
    Ok(others.into_iter().skip(MAX_SESSIONS_PER_USER - 1).map(SessionId::from).collect())
}
