use super::rows::reason_name;
use crate::fault::Stored;
use crate::id::{IN_LIST, Id, id_list, micros};
use crate::schema::sessions;
use chat_domain::auth::EndReason;
use chat_domain::{SessionId, Timestamp, UserId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

pub(super) fn end(
    connection: &mut SqliteConnection,
    user: UserId,
    session: SessionId,
    reason: EndReason,
    at: Timestamp,
) -> Stored<bool> {
    let live: Option<Id> = sessions::table
        .find(Id::from(session))
        .filter(sessions::user_id.eq(Id::from(user)))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(micros(at)))
        .select(sessions::id)
        .get_result(connection)
        .optional()?;
    let ended = mark_ended(connection, live.map(SessionId::from).into_iter().collect(), reason, at)?;
    Ok(!ended.is_empty())
}

/// Ends all sessions of the user except one, and returns them.
pub(crate) fn end_all_but(
    connection: &mut SqliteConnection,
    user: UserId,
    keep: Option<SessionId>,
    reason: EndReason,
    at: Timestamp,
) -> Stored<Vec<SessionId>> {
    let live: Vec<Id> = sessions::table
        .filter(sessions::user_id.eq(Id::from(user)))
        .filter(sessions::ended_at.is_null())
        .select(sessions::id)
        .load(connection)?;
    let others = live.into_iter().map(SessionId::from).filter(|id| Some(*id) != keep).collect();
    mark_ended(connection, others, reason, at)
}

/// Ends these sessions and returns them.
pub(super) fn mark_ended(
    connection: &mut SqliteConnection,
    ids: Vec<SessionId>,
    reason: EndReason,
    at: Timestamp,
) -> Stored<Vec<SessionId>> {
    if !ids.is_empty() {
        let these = sql::<Bool>("sessions.id").sql(IN_LIST).bind::<Text, _>(id_list(&ids)).sql("))");
        diesel::update(sessions::table.filter(these))
            .set((sessions::ended_at.eq(micros(at)), sessions::end_reason.eq(reason_name(reason))))
            .execute(connection)?;
    }
    Ok(ids)
}

pub(super) fn prune(connection: &mut SqliteConnection, before: Timestamp) -> Stored<u64> {
    let before = micros(before);
    let ended = diesel::delete(sessions::table.filter(sessions::ended_at.lt(before))).execute(connection)?;
    let expired = diesel::delete(sessions::table.filter(sessions::expires_at.lt(before))).execute(connection)?;
    Ok((ended + expired) as u64)
}
