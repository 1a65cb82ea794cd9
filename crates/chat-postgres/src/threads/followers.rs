use super::find::{find_for, overview};
use crate::fault::{Fault, Stored};
use crate::receipts::{CoveredRow, PositionColumns};
use crate::schema::{participants, present_followers, thread_followers};
use crate::statement::cached_statement;
use crate::time::micros;
use chat_domain::conversations::{Conversation, MAX_PUSHED_PARTICIPANTS};
use chat_domain::receipts::{ParticipantPositions, Positions};
use chat_domain::threads::{Thread, ThreadOverview};
use chat_domain::{ActionError, ConversationId, Seq, Timestamp, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(super) use crate::receipts::positions;

cached_statement!(
    /// Makes a participant of the parent follow the thread. A present follower keeps the follow as it is.
    Follow { thread_id: Uuid, user_id: Uuid, parent_id: Uuid, at: i64, seq: i64 },
    "INSERT INTO thread_followers AS f
         (thread_id, user_id, parent_id, member_since, followed_at, joined_seq, delivered_seq, read_seq)
     SELECT ",
    thread_id as SqlUuid,
    ", p.user_id, p.conversation_id, p.joined_at, ",
    at as BigInt,
    ", n.seq, n.seq, n.seq
     FROM participants AS p CROSS JOIN (SELECT ",
    seq as BigInt,
    " AS seq) AS n
     WHERE p.conversation_id = ",
    parent_id as SqlUuid,
    " AND p.user_id = ",
    user_id as SqlUuid,
    " AND p.left_at IS NULL
     ON CONFLICT (thread_id, user_id) DO UPDATE SET
         member_since = excluded.member_since, followed_at = excluded.followed_at, joined_seq = excluded.joined_seq,
         delivered_seq = excluded.delivered_seq, read_seq = excluded.read_seq
     WHERE f.member_since <> excluded.member_since",
);

cached_statement!(
    /// Moves a follower's positions and returns the previous ones, as receipts do for participants.
    MovePositions { thread_id: Uuid, user_id: Uuid, delivered: i64, read: i64 }
        -> ((BigInt, BigInt, BigInt), (BigInt, BigInt, BigInt)),
    "UPDATE thread_followers AS f SET delivered_seq = greatest(f.delivered_seq, ",
    delivered as BigInt,
    "), read_seq = greatest(f.read_seq, ",
    read as BigInt,
    ") FROM (SELECT * FROM thread_followers WHERE thread_id = ",
    thread_id as SqlUuid,
    " AND user_id = ",
    user_id as SqlUuid,
    " FOR NO KEY UPDATE) AS was
     WHERE f.thread_id = was.thread_id AND f.user_id = was.user_id
     RETURNING was.joined_seq, was.delivered_seq, was.read_seq, f.joined_seq, f.delivered_seq, f.read_seq",
);

cached_statement!(
    /// A message with the positions of all followers of its thread.
    FindCovered { thread_id: Uuid, seq: i64 } -> (SqlUuid, SqlUuid, SqlUuid, (BigInt, BigInt, BigInt)),
    "SELECT m.id, m.sender_id, f.user_id, f.joined_seq, f.delivered_seq, f.read_seq
     FROM messages AS m
     JOIN present_followers AS f ON f.thread_id = m.conversation_id
     WHERE m.conversation_id = ",
    thread_id as SqlUuid,
    " AND m.seq = ",
    seq as BigInt,
);

pub(super) async fn follow(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    user: UserId,
    at: Timestamp,
) -> Result<ThreadOverview, ActionError> {
    let thread = find_held(connection, id, user).await?;
    follow_from(connection, (id, thread.parent), user, (thread.last_seq, at)).await?;
    Ok(overview(connection, thread, user).await?)
}

pub(super) async fn unfollow(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    user: UserId,
) -> Result<ThreadOverview, ActionError> {
    let thread = find_held(connection, id, user).await?;
    diesel::delete(thread_followers::table.find((id.as_uuid(), user.as_uuid())))
        .execute(connection)
        .await
        .map_err(Fault::from)?;
    Ok(overview(connection, thread, user).await?)
}

/// The thread, for a participant of its parent, whose membership does not end before the transaction: they may read
/// whatever it reads after this.
async fn find_held(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    user: UserId,
) -> Result<Thread, ActionError> {
    let parent = find_for(connection, id, user).await?.parent;
    hold_in_parent(connection, parent, user).await?;
    find_for(connection, id, user).await
}

/// Makes a participant of the parent follow the thread from this message and time on, unless they follow it already.
pub(super) async fn follow_from(
    connection: &mut AsyncPgConnection,
    (thread, parent): (ConversationId, ConversationId),
    user: UserId,
    (seq, at): (Seq, Timestamp),
) -> Stored<()> {
    let follow = Follow {
        thread_id: thread.as_uuid(),
        user_id: user.as_uuid(),
        parent_id: parent.as_uuid(),
        at: micros(at),
        seq: seq.to_i64(),
    };
    follow.execute(connection).await?;
    Ok(())
}

/// Locks the user's membership in the parent, if this is a thread: it does not end before the transaction. What else
/// changes in its row (positions, the role) does not wait.
pub(crate) async fn hold_membership(
    connection: &mut AsyncPgConnection,
    conversation: Option<&Conversation>,
    user: UserId,
) -> Stored<()> {
    let Some(parent) = conversation.and_then(|conversation| conversation.kind.parent()) else { return Ok(()) };
    hold_in_parent(connection, parent, user).await
}

async fn hold_in_parent(connection: &mut AsyncPgConnection, parent: ConversationId, user: UserId) -> Stored<()> {
    let _held: Vec<Uuid> = participants::table
        .filter(participants::conversation_id.eq(parent.as_uuid()))
        .filter(participants::user_id.eq(user.as_uuid()))
        .select(participants::user_id)
        .for_key_share()
        .load(connection)
        .await?;
    Ok(())
}

/// Moves the positions of a follower forward. Returns those before and after it; `None` if there is no follow.
pub(crate) async fn move_positions(
    connection: &mut AsyncPgConnection,
    thread: ConversationId,
    user: UserId,
    wanted: Positions,
) -> Stored<Option<(Positions, Positions)>> {
    let moving = MovePositions {
        thread_id: thread.as_uuid(),
        user_id: user.as_uuid(),
        delivered: wanted.delivered.to_i64(),
        read: wanted.read.to_i64(),
    };
    let row: Option<(PositionColumns, PositionColumns)> = moving.get_result(connection).await.optional()?;
    Ok(row.map(|(before, after)| (positions(before), positions(after))))
}

/// The positions of a follower; `None` if the user does not follow the thread.
pub(crate) async fn positions_of(
    connection: &mut AsyncPgConnection,
    thread: ConversationId,
    user: UserId,
) -> Stored<Option<Positions>> {
    let columns: Option<PositionColumns> = present_followers::table
        .filter(present_followers::thread_id.eq(thread.as_uuid()))
        .filter(present_followers::user_id.eq(user.as_uuid()))
        .select((present_followers::joined_seq, present_followers::delivered_seq, present_followers::read_seq))
        .get_result(connection)
        .await
        .optional()?;
    Ok(columns.map(positions))
}

/// The positions of all followers.
pub(crate) async fn load_positions(
    connection: &mut AsyncPgConnection,
    thread: ConversationId,
) -> Stored<Vec<ParticipantPositions>> {
    let columns = (present_followers::joined_seq, present_followers::delivered_seq, present_followers::read_seq);
    let rows: Vec<(Uuid, PositionColumns)> = present_followers::table
        .filter(present_followers::thread_id.eq(thread.as_uuid()))
        .select((present_followers::user_id, columns))
        .load(connection)
        .await?;
    let of_one = |(user, columns): (Uuid, PositionColumns)| ParticipantPositions {
        user_id: UserId::new(user),
        positions: positions(columns),
    };
    Ok(rows.into_iter().map(of_one).collect())
}

/// A message with the positions of all followers of its thread.
pub(crate) async fn find_covered(
    connection: &mut AsyncPgConnection,
    thread: ConversationId,
    seq: Seq,
) -> Stored<Vec<CoveredRow>> {
    Ok(FindCovered { thread_id: thread.as_uuid(), seq: seq.to_i64() }.load(connection).await?)
}

/// The number of followers, or one more than those who are told of each other's positions.
pub(crate) async fn count_followers(connection: &mut AsyncPgConnection, thread: ConversationId) -> Stored<u32> {
    let found: Vec<Uuid> = present_followers::table
        .filter(present_followers::thread_id.eq(thread.as_uuid()))
        .select(present_followers::user_id)
        .limit(i64::from(MAX_PUSHED_PARTICIPANTS) + 1)
        .load(connection)
        .await?;
    Ok(u32::try_from(found.len()).unwrap_or(u32::MAX))
}
