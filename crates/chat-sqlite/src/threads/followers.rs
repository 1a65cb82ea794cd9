use super::find::{find_for, overview};
use crate::fault::Stored;
use crate::id::{Id, micros};
use crate::schema::{present_followers, thread_followers};
use crate::statement::cached_statement;
use chat_domain::conversations::MAX_PUSHED_PARTICIPANTS;
use chat_domain::messages::Message;
use chat_domain::receipts::{ParticipantPositions, Positions};
use chat_domain::threads::ThreadOverview;
use chat_domain::{ActionError, ConversationId, Seq, Timestamp, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

cached_statement!(
    /// Makes a participant of the parent follow the thread. A present follower keeps the follow as it is.
    Follow { thread_id: Id, user_id: Id, parent_id: Id, at: i64, seq: i64 }
    "INSERT INTO thread_followers
         (thread_id, user_id, parent_id, member_since, followed_at, joined_seq, delivered_seq, read_seq)
     SELECT ",
    thread_id as Binary,
    ", user_id, conversation_id, joined_at, ",
    at as BigInt,
    ", seq, seq, seq FROM participants CROSS JOIN (SELECT ",
    seq as BigInt,
    " AS seq) WHERE conversation_id = ",
    parent_id as Binary,
    " AND user_id = ",
    user_id as Binary,
    " AND left_at IS NULL
     ON CONFLICT (thread_id, user_id) DO UPDATE SET
         member_since = excluded.member_since, followed_at = excluded.followed_at, joined_seq = excluded.joined_seq,
         delivered_seq = excluded.delivered_seq, read_seq = excluded.read_seq
     WHERE thread_followers.member_since <> excluded.member_since",
);

cached_statement!(
    /// Moves a follower's positions.
    StorePositions { thread_id: Id, user_id: Id, delivered: i64, read: i64 }
    "UPDATE thread_followers SET delivered_seq = ",
    delivered as BigInt,
    ", read_seq = ",
    read as BigInt,
    " WHERE thread_id = ",
    thread_id as Binary,
    " AND user_id = ",
    user_id as Binary,
    "",
);

pub(super) fn follow(
    connection: &mut SqliteConnection,
    id: ConversationId,
    user: UserId,
    at: Timestamp,
) -> Result<ThreadOverview, ActionError> {
    let thread = find_for(connection, id, user)?;
    follow_from(connection, (id, thread.parent), user, (thread.last_seq, at))?;
    Ok(overview(connection, thread, user)?)
}

pub(super) fn unfollow(
    connection: &mut SqliteConnection,
    id: ConversationId,
    user: UserId,
) -> Result<ThreadOverview, ActionError> {
    let thread = find_for(connection, id, user)?;
    diesel::delete(thread_followers::table.find((Id::from(id), Id::from(user))))
        .execute(connection)
        .map_err(crate::fault::Fault::from)?;
    Ok(overview(connection, thread, user)?)
}

/// Makes the sender follow the thread, and marks the message, and all before it, as delivered and read.
pub(crate) fn follow_by_sending(
    connection: &mut SqliteConnection,
    parent: ConversationId,
    message: &Message,
) -> Stored<()> {
    let (thread, sender, seq) = (message.conversation_id, message.sender.id, message.seq);
    follow_from(connection, (thread, parent), sender, (seq, message.created_at))?;
    store_positions(connection, thread, sender, Positions { joined: seq, delivered: seq, read: seq })
}

/// Makes a participant of the parent follow the thread from this message and time on, unless they follow it already.
pub(super) fn follow_from(
    connection: &mut SqliteConnection,
    (thread, parent): (ConversationId, ConversationId),
    user: UserId,
    (seq, at): (Seq, Timestamp),
) -> Stored<()> {
    Follow {
        thread_id: thread.into(),
        user_id: user.into(),
        parent_id: parent.into(),
        at: micros(at),
        seq: seq.to_i64(),
    }
    .execute(connection)?;
    Ok(())
}

/// Stores the delivered and the read position of a follower.
pub(crate) fn store_positions(
    connection: &mut SqliteConnection,
    thread: ConversationId,
    user: UserId,
    positions: Positions,
) -> Stored<()> {
    StorePositions {
        thread_id: thread.into(),
        user_id: user.into(),
        delivered: positions.delivered.to_i64(),
        read: positions.read.to_i64(),
    }
    .execute(connection)?;
    Ok(())
}

/// The joined, delivered and read positions.
type PositionColumns = (i64, i64, i64);

pub(super) fn positions((joined, delivered, read): PositionColumns) -> Positions {
    Positions { joined: Seq::from_i64(joined), delivered: Seq::from_i64(delivered), read: Seq::from_i64(read) }
}

/// The positions of a follower; `None` if the user does not follow the thread.
pub(crate) fn positions_of(
    connection: &mut SqliteConnection,
    thread: ConversationId,
    user: UserId,
) -> Stored<Option<Positions>> {
    let columns: Option<PositionColumns> = present_followers::table
        .filter(present_followers::thread_id.eq(Id::from(thread)))
        .filter(present_followers::user_id.eq(Id::from(user)))
        .select((present_followers::joined_seq, present_followers::delivered_seq, present_followers::read_seq))
        .get_result(connection)
        .optional()?;
    Ok(columns.map(positions))
}

/// The positions of all followers.
pub(crate) fn load_positions(
    connection: &mut SqliteConnection,
    thread: ConversationId,
) -> Stored<Vec<ParticipantPositions>> {
    let columns = (present_followers::joined_seq, present_followers::delivered_seq, present_followers::read_seq);
    let rows: Vec<(Id, PositionColumns)> = present_followers::table
        .filter(present_followers::thread_id.eq(Id::from(thread)))
        .select((present_followers::user_id, columns))
        .load(connection)?;
    let of_one = |(user, columns): (Id, PositionColumns)| ParticipantPositions {
        user_id: user.into(),
        positions: positions(columns),
    };
    Ok(rows.into_iter().map(of_one).collect())
}

/// The number of followers, or one more than those who are told of each other's positions.
pub(crate) fn count_followers(connection: &mut SqliteConnection, thread: ConversationId) -> Stored<u32> {
    let found: Vec<Id> = present_followers::table
        .filter(present_followers::thread_id.eq(Id::from(thread)))
        .select(present_followers::user_id)
        .limit(i64::from(MAX_PUSHED_PARTICIPANTS) + 1)
        .load(connection)?;
    Ok(u32::try_from(found.len()).unwrap_or(u32::MAX))
}
