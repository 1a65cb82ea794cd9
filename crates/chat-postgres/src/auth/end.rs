use super::rows::reason_name;
use crate::fault::Stored;
use crate::schema::sessions;
use crate::time::micros;
use chat_domain::auth::EndReason;
use chat_domain::{SessionId, Timestamp, UserId};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(super) async fn end(
    connection: &mut AsyncPgConnection,
    user: UserId,
    session: SessionId,
    reason: EndReason,
    at: Timestamp,
) -> Stored<bool> {
    let live = sessions::table
        .find(session.as_uuid())
        .filter(sessions::user_id.eq(user.as_uuid()))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(micros(at)));
    let ended = diesel::update(live)
        .set((sessions::ended_at.eq(micros(at)), sessions::end_reason.eq(reason_name(reason))))
        .execute(connection)
        .await?;
    Ok(ended > 0)
}

/// Ends all sessions of the user except one, and returns them.
pub(crate) async fn end_all_but(
    connection: &mut AsyncPgConnection,
    user: UserId,
    keep: Option<SessionId>,
    reason: EndReason,
    at: Timestamp,
) -> Stored<Vec<SessionId>> {
    // Locked in the order of their ids, as everywhere that several are ended.
    let live: Vec<Uuid> = sessions::table
        .filter(sessions::user_id.eq(user.as_uuid()))
        .filter(sessions::ended_at.is_null())
        .order(sessions::id)
        .select(sessions::id)
        .for_update()
        .load(connection)
        .await?;
    let others = live.into_iter().map(SessionId::new).filter(|id| Some(*id) != keep).collect();
    mark_ended(connection, others, reason, at).await
}

/// Ends these sessions and returns them. Sessions that have already ended keep their reason.
pub(super) async fn mark_ended(
    connection: &mut AsyncPgConnection,
    ids: Vec<SessionId>,
    reason: EndReason,
    at: Timestamp,
) -> Stored<Vec<SessionId>> {
    if !ids.is_empty() {
        let uuids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
        if let [_, _, ..] = uuids.as_slice() {
            // An UPDATE locks in any order; a user's sessions are locked in the order of their ids.
            let held = sessions::table.filter(sessions::id.eq_any(uuids.clone())).order(sessions::id);
            held.select(sessions::id).for_update().load::<Uuid>(connection).await?;
        }
        diesel::update(sessions::table.filter(sessions::id.eq_any(uuids)).filter(sessions::ended_at.is_null()))
            .set((sessions::ended_at.eq(micros(at)), sessions::end_reason.eq(reason_name(reason))))
            .execute(connection)
            .await?;
    }
    Ok(ids)
}

pub(super) async fn prune(connection: &mut AsyncPgConnection, before: Timestamp) -> Stored<u64> {
    // Every node does this from time to time; rows that another node has locked are left to it.
    let forgotten = diesel::sql_query(
        "DELETE FROM sessions WHERE id IN (
             SELECT id FROM sessions
             WHERE id IN (
                 SELECT id FROM sessions WHERE ended_at < $1 UNION SELECT id FROM sessions WHERE expires_at < $1)
             ORDER BY id FOR UPDATE SKIP LOCKED)",
    )
    .bind::<BigInt, _>(micros(before))
    .execute(connection)
    .await?;
    Ok(forgotten as u64)
}
