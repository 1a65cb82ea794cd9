use super::rows::{SessionRow, ended_session};
use crate::fault::Stored;
use crate::id::{Id, micros};
use crate::schema::{commit_counters, sessions};
use chat_domain::auth::{EndedSession, Session};
use chat_domain::{CommitCursor, Committed, Timestamp, UserId};
use diesel::prelude::*;

/// The counter of ended sessions; a trigger numbers each end.
const ENDED_SESSIONS: &str = "ended_sessions";

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

/// A cursor is the number of the last end. A read sees one state of the database, and numbers follow the order of
/// commits.
pub(super) fn ended(
    connection: &mut SqliteConnection,
    after: Option<&CommitCursor>,
) -> Stored<Committed<EndedSession>> {
    let counter = commit_counters::table.find(ENDED_SESSIONS).select(commit_counters::value);
    let last: i64 = counter.get_result(connection)?;
    let columns = (sessions::id, sessions::user_id, sessions::ended_at);
    let after = after.and_then(|after| after.as_str().parse::<i64>().ok());
    let rows: Vec<(Id, Id, Option<i64>)> = if let Some(after) = after {
        let later = sessions::table.filter(sessions::ended_no.gt(after));
        later.order(sessions::ended_no).select(columns).load(connection)?
    } else {
        let ended = sessions::table.filter(sessions::ended_at.is_not_null());
        ended.order(sessions::ended_at).select(columns).load(connection)?
    };
    Ok(Committed {
        items: rows.into_iter().filter_map(ended_session).collect(),
        cursor: CommitCursor::new(last.to_string()),
    })
}
