use crate::fault::Stored;
use crate::statement::cached_statement;
use crate::time::timestamp;
use chat_domain::conversations::Joined;
use chat_domain::{ConversationId, Pos, Timestamp, UserId};
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

cached_statement!(
    /// Who takes part since lately. Whoever was there from the beginning came with the first change.
    ListJoined { since: i64, limit: i64 } -> (SqlUuid, SqlUuid, BigInt, BigInt),
    "SELECT p.conversation_id, p.user_id, p.joined_at, COALESCE((
         SELECT max(c.pos) FROM conversation_changes AS c
         WHERE c.conversation_id = p.conversation_id AND c.user_id = p.user_id AND c.kind = 'participant_added'
     ), 1)
     FROM participants AS p WHERE p.left_at IS NULL AND p.joined_at >= ",
    since as BigInt,
    " ORDER BY p.joined_at LIMIT ",
    limit as BigInt,
);

pub(super) async fn list(connection: &mut AsyncPgConnection, since: Timestamp, limit: u32) -> Stored<Vec<Joined>> {
    let asked = ListJoined { since: since.as_unix_micros(), limit: limit.into() };
    let rows: Vec<(Uuid, Uuid, i64, i64)> = asked.load(connection).await?;
    let joined = |(conversation, user, at, pos): (Uuid, Uuid, i64, i64)| Joined {
        conversation_id: ConversationId::new(conversation),
        user_id: UserId::new(user),
        pos: Pos::from_i64(pos),
        at: timestamp(at),
    };
    Ok(rows.into_iter().map(joined).collect())
}
