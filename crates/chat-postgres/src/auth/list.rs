use super::rows::{SessionRow, ended};
use crate::fault::Stored;
use crate::schema::sessions;
use crate::time::micros;
use chat_domain::auth::{EndedSession, Session};
use chat_domain::{Timestamp, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(super) async fn live(connection: &mut AsyncPgConnection, user: UserId, now: Timestamp) -> Stored<Vec<Session>> {
    let rows: Vec<SessionRow> = sessions::table
        .filter(sessions::user_id.eq(user.as_uuid()))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(micros(now)))
        .order((sessions::last_used_at.desc(), sessions::id.desc()))
        .select(SessionRow::as_select())
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

pub(super) async fn ended_since(connection: &mut AsyncPgConnection, since: Timestamp) -> Stored<Vec<EndedSession>> {
    let rows: Vec<(Uuid, Uuid, Option<i64>)> = sessions::table
        .filter(sessions::ended_at.ge(micros(since)))
        .order(sessions::ended_at)
        .select((sessions::id, sessions::user_id, sessions::ended_at))
        .load(connection)
        .await?;
    Ok(rows.into_iter().filter_map(ended).collect())
}
