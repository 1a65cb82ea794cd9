use super::rows::{SessionRow, ended};
use crate::fault::Stored;
use crate::id::{Id, micros};
use crate::schema::sessions;
use chat_domain::auth::{EndedSession, Session};
use chat_domain::{Timestamp, UserId};
use diesel::prelude::*;

pub(super) fn live(connection: &mut SqliteConnection, user: UserId, now: Timestamp) -> Stored<Vec<Session>> {
    let rows: Vec<SessionRow> = sessions::table
        .filter(sessions::user_id.eq(Id::from(user)))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(micros(now)))
        .order((sessions::last_used_at.desc(), sessions::id.desc()))
        .select(SessionRow::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(Session::from).collect())
}

pub(super) fn ended_since(connection: &mut SqliteConnection, since: Timestamp) -> Stored<Vec<EndedSession>> {
    let rows: Vec<(Id, Id, Option<i64>)> = sessions::table
        .filter(sessions::ended_at.ge(micros(since)))
        .order(sessions::ended_at)
        .select((sessions::id, sessions::user_id, sessions::ended_at))
        .load(connection)?;
    Ok(rows.into_iter().filter_map(ended).collect())
}
