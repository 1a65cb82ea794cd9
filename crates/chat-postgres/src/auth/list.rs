use super::rows::SessionRow;
use crate::fault::Stored;
use crate::schema::sessions;
use crate::snapshot::counts_anew;
use crate::statement::cached_statement;
use crate::time::{micros, timestamp};
use chat_domain::auth::{EndedSession, Session};
use chat_domain::{CommitCursor, Committed, SessionId, Timestamp, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Uuid as SqlUuid};
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

cached_statement!(
    /// The sessions whose ends the snapshot `after` did not see. At least one row contains the present snapshot.
    /// Transaction ids that this server has not given out yet come from another server, with a restored dump.
    ListEnded { after: String } -> (Text, Nullable<SqlUuid>, Nullable<SqlUuid>, Nullable<BigInt>),
    "SELECT pg_current_snapshot()::text, s.id, s.user_id, s.ended_at
     FROM (SELECT 1) AS one LEFT JOIN sessions AS s
       ON s.ended_xid >= pg_snapshot_xmin(",
    after as Text,
    "::pg_snapshot) AND s.ended_xid < pg_snapshot_xmax(pg_current_snapshot())
      AND NOT pg_visible_in_snapshot(s.ended_xid, ",
    after as Text,
    "::pg_snapshot)",
);

cached_statement!(
    /// All ended sessions, in the same form.
    ListAllEnded {} -> (Text, Nullable<SqlUuid>, Nullable<SqlUuid>, Nullable<BigInt>),
    "SELECT pg_current_snapshot()::text, s.id, s.user_id, s.ended_at
     FROM (SELECT 1) AS one LEFT JOIN sessions AS s ON s.ended_at IS NOT NULL",
);

/// A row of both statements.
type EndedRow = (String, Option<Uuid>, Option<Uuid>, Option<i64>);

pub(super) async fn ended(
    connection: &mut AsyncPgConnection,
    after: Option<&CommitCursor>,
) -> Stored<Committed<EndedSession>> {
    if let Some(after) = after {
        let rows: Vec<EndedRow> = ListEnded { after: after.as_str().to_owned() }.load(connection).await?;
        if !rows.iter().any(|(snapshot, ..)| counts_anew(snapshot, after.as_str())) {
            return Ok(committed(rows));
        }
    }
    Ok(committed((ListAllEnded {}).load(connection).await?))
}

fn committed(rows: Vec<EndedRow>) -> Committed<EndedSession> {
    let cursor = CommitCursor::new(rows.as_slice().first().map_or("", |(snapshot, ..)| snapshot));
    let session = |(_, id, user_id, ended_at): EndedRow| {
        Some(EndedSession { id: SessionId::new(id?), user_id: UserId::new(user_id?), ended_at: timestamp(ended_at?) })
    };
    Committed { items: rows.into_iter().filter_map(session).collect(), cursor }
}
