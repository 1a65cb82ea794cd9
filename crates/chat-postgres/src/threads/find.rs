use super::followers::positions;
use crate::conversations::takes_part;
use crate::fault::Stored;
use crate::messages::{SummaryColumns, last_messages};
use crate::receipts::PositionColumns;
use crate::schema::{conversations, present_followers, threads};
use crate::statement::cached_statement;
use crate::time::timestamp;
use crate::users::SummaryRow;
use chat_domain::receipts::Positions;
use chat_domain::threads::{MAX_LISTED_FOLLOWERS, Thread, ThreadOverview};
use chat_domain::users::UserSummary;
use chat_domain::{ActionError, ConversationId, MessageId, Pos, Refusal, Seq, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = threads, check_for_backend(Pg))]
struct ThreadRow {
    id: Uuid,
    parent_id: Uuid,
    root_id: Uuid,
    root_seq: i64,
    deleted_messages: i64,
}

/// The newest `seq` and `pos`, the times of the opening and of the newest message.
type CounterRow = (i64, i64, i64, i64);

pub(super) async fn find(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    viewer: UserId,
) -> Result<ThreadOverview, ActionError> {
    let thread = find_for(connection, id, viewer).await?;
    Ok(overview(connection, thread, viewer).await?)
}

/// The thread, for a participant of its parent.
pub(super) async fn find_for(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    viewer: UserId,
) -> Result<Thread, ActionError> {
    let thread = load(connection, &[id]).await?.pop().ok_or(Refusal::UnknownThread)?;
    if takes_part(connection, thread.parent, viewer).await? { Ok(thread) } else { Err(Refusal::NotAParticipant.into()) }
}

/// The existing threads among these, in any order, by two queries.
pub(super) async fn load(connection: &mut AsyncPgConnection, ids: &[ConversationId]) -> Stored<Vec<Thread>> {
    let counters =
        (conversations::last_seq, conversations::last_pos, conversations::created_at, conversations::updated_at);
    let rows: Vec<(ThreadRow, CounterRow)> = threads::table
        .inner_join(conversations::table.on(conversations::id.eq(threads::id)))
        .filter(threads::id.eq_any(uuids(ids)))
        .select((ThreadRow::as_select(), counters))
        .load(connection)
        .await?;
    let parents: Vec<Uuid> = rows.iter().map(|(row, _)| row.parent_id).collect();
    let active: Vec<(Uuid, bool)> = conversations::table
        .filter(conversations::id.eq_any(parents))
        .select((conversations::id, conversations::is_active))
        .load(connection)
        .await?;
    let active: HashMap<Uuid, bool> = active.into_iter().collect();
    let thread = |(row, (last_seq, last_pos, created_at, active_at)): (ThreadRow, CounterRow)| Thread {
        id: ConversationId::new(row.id),
        parent: ConversationId::new(row.parent_id),
        root: MessageId::new(row.root_id),
        root_seq: Seq::from_i64(row.root_seq),
        is_active: active.get(&row.parent_id).copied().unwrap_or(false),
        last_seq: Seq::from_i64(last_seq),
        last_pos: Pos::from_i64(last_pos),
        deleted: u64::try_from(row.deleted_messages).unwrap_or(0),
        created_at: timestamp(created_at),
        active_at: timestamp(active_at),
    };
    Ok(rows.into_iter().map(thread).collect())
}

pub(super) async fn overview(
    connection: &mut AsyncPgConnection,
    thread: Thread,
    viewer: UserId,
) -> Stored<ThreadOverview> {
    let id = thread.id;
    let own = load_positions(connection, &[id], viewer).await?.remove(&id);
    let last_message = last_messages(connection, &[id]).await?.remove(&id);
    let followers = first_followers(connection, &[id]).await?.remove(&id).unwrap_or_default();
    Ok(ThreadOverview { thread, followers, last_message, own })
}

/// These threads as the viewer sees them, in their order, by three queries, whatever their number.
pub(super) async fn overviews(
    connection: &mut AsyncPgConnection,
    threads: Vec<Thread>,
    viewer: UserId,
) -> Stored<Vec<ThreadOverview>> {
    let ids: Vec<_> = threads.iter().map(|thread| thread.id).collect();
    let mut own = load_positions(connection, &ids, viewer).await?;
    let mut last_messages = last_messages(connection, &ids).await?;
    let mut followers = first_followers(connection, &ids).await?;
    let overview = |thread: Thread| ThreadOverview {
        followers: followers.remove(&thread.id).unwrap_or_default(),
        last_message: last_messages.remove(&thread.id),
        own: own.remove(&thread.id),
        thread,
    };
    Ok(threads.into_iter().map(overview).collect())
}

async fn load_positions(
    connection: &mut AsyncPgConnection,
    ids: &[ConversationId],
    user: UserId,
) -> Stored<HashMap<ConversationId, Positions>> {
    let columns = (present_followers::joined_seq, present_followers::delivered_seq, present_followers::read_seq);
    let rows: Vec<(Uuid, PositionColumns)> = present_followers::table
        .filter(present_followers::user_id.eq(user.as_uuid()))
        .filter(present_followers::thread_id.eq_any(uuids(ids)))
        .select((present_followers::thread_id, columns))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|(id, columns)| (ConversationId::new(id), positions(columns))).collect())
}

cached_statement!(
    /// The first followers of each thread, found one thread at a time.
    ListFirstFollowers { ids: Vec<Uuid>, limit: i64 } -> (SqlUuid, SummaryColumns),
    "SELECT asked.id, users.id, users.username, users.name, users.avatar
     FROM unnest(",
    ids as Array<SqlUuid>,
    ") AS asked (id)
     CROSS JOIN LATERAL (
         SELECT user_id, followed_at FROM present_followers
         WHERE present_followers.thread_id = asked.id
         ORDER BY followed_at, user_id
         LIMIT ",
    limit as BigInt,
    ") AS first
     JOIN users ON users.id = first.user_id
     ORDER BY first.followed_at, first.user_id",
);

async fn first_followers(
    connection: &mut AsyncPgConnection,
    ids: &[ConversationId],
) -> Stored<HashMap<ConversationId, Vec<UserSummary>>> {
    let limit = i64::try_from(MAX_LISTED_FOLLOWERS).unwrap_or(i64::MAX);
    let rows: Vec<(Uuid, SummaryRow)> = ListFirstFollowers { ids: uuids(ids), limit }.load(connection).await?;
    let mut followers: HashMap<ConversationId, Vec<UserSummary>> = HashMap::with_capacity(ids.len());
    for (thread, user) in rows {
        followers.entry(ConversationId::new(thread)).or_default().push(user.try_into()?);
    }
    Ok(followers)
}

fn uuids(ids: &[ConversationId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.as_uuid()).collect()
}
