use crate::fault::Stored;
use crate::snapshot::{self, counts_anew};
use crate::statement::cached_statement;
use chat_domain::conversations::Joined;
use chat_domain::{CommitCursor, Committed, ConversationId, Pos, UserId};
use diesel::sql_types::{BigInt, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

cached_statement!(
    /// Participants whose joining the snapshot `after` did not see, in the order of their transactions, after a given
    /// place. The first participants of a conversation are not included, since the first change reports them. At least
    /// one row contains the present snapshot. Transaction ids that this server has not assigned yet come from the dump
    /// of another server.
    ListJoined { after: String, xid: String, conversation: Uuid, user: Uuid, limit: i64 }
        -> (Text, Nullable<Text>, Nullable<SqlUuid>, Nullable<SqlUuid>, Nullable<BigInt>),
    "SELECT pg_current_snapshot()::text, p.joined_xid::text, p.conversation_id, p.user_id, COALESCE((
         SELECT max(c.pos) FROM conversation_changes AS c
         WHERE c.conversation_id = p.conversation_id AND c.effect = 'joins'
           AND (c.user_id = p.user_id OR p.user_id = ANY (c.member_ids))
     ), 1)
     FROM (SELECT 1) AS one LEFT JOIN LATERAL (
         SELECT joined_xid, conversation_id, user_id FROM participants
         WHERE left_at IS NULL AND joined_xid < pg_snapshot_xmax(pg_current_snapshot())
           AND NOT pg_visible_in_snapshot(joined_xid, ",
    after as Text,
    "::pg_snapshot) AND (joined_xid, conversation_id, user_id) > (",
    xid as Text,
    "::xid8, ",
    conversation as SqlUuid,
    ", ",
    user as SqlUuid,
    ") ORDER BY joined_xid, conversation_id, user_id LIMIT ",
    limit as BigInt,
    ") AS p ON TRUE",
);

/// A row of [`ListJoined`].
type JoinedRow = (String, Option<String>, Option<Uuid>, Option<Uuid>, Option<i64>);

pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    after: Option<&CommitCursor>,
    limit: u32,
) -> Stored<Committed<Joined>> {
    let Some(after) = after else {
        return Ok(Committed { items: Vec::new(), cursor: snapshot::current(connection).await? });
    };
    let mut place = Place::parse(after.as_str());
    let asked = ListJoined {
        after: place.after.clone(),
        xid: place.xid.clone(),
        conversation: place.conversation,
        user: place.user,
        limit: limit.into(),
    };
    let rows: Vec<JoinedRow> = asked.load(connection).await?;
    let mut items = Vec::with_capacity(rows.len());
    for (snapshot, xid, conversation, user, pos) in rows {
        if counts_anew(&snapshot, &place.after) {
            return Ok(Committed { items: Vec::new(), cursor: CommitCursor::new(snapshot) });
        }
        place.up_to.get_or_insert(snapshot);
        if let (Some(xid), Some(conversation), Some(user), Some(pos)) = (xid, conversation, user, pos) {
            place = Place { xid, conversation, user, ..place };
            items.push(Joined {
                conversation_id: ConversationId::new(conversation),
                user_id: UserId::new(user),
                pos: Pos::from_i64(pos),
            });
        }
    }
    let is_last = items.len() < limit as usize;
    Ok(Committed { items, cursor: place.cursor(is_last) })
}

/// The place that a paged reading has reached.
struct Place {
    /// The snapshot of the previous reading.
    after: String,
    /// The snapshot of the first page, from which the next reading continues.
    up_to: Option<String>,
    /// The last row of the previous page.
    xid: String,
    conversation: Uuid,
    user: Uuid,
}

impl Place {
    /// A cursor that is only a snapshot starts a reading, at the oldest transaction that was running.
    fn parse(cursor: &str) -> Self {
        let mut parts = cursor.split(' ');
        let after = parts.next().unwrap_or_default().to_owned();
        let up_to = parts.next().map(str::to_owned);
        let oldest = after.split(':').next().unwrap_or_default();
        let xid = parts.next().unwrap_or(oldest).to_owned();
        let mut id = || parts.next().and_then(|text| Uuid::try_parse(text).ok()).unwrap_or_default();
        Self { after, up_to, xid, conversation: id(), user: id() }
    }

    fn cursor(self, is_last: bool) -> CommitCursor {
        let Self { after, up_to, xid, conversation, user } = self;
        CommitCursor::new(match up_to {
            Some(up_to) if is_last => up_to,
            Some(up_to) => format!("{after} {up_to} {xid} {conversation} {user}"),
            None => after,
        })
    }
}
