use crate::conversations::takes_part;
use crate::fault::Stored;
use crate::id::{IN_LIST, Id, id_list, timestamp};
use crate::messages::last_messages;
use crate::schema::{conversations, present_followers, threads};
use crate::users::SummaryRow;
use chat_domain::receipts::Positions;
use chat_domain::threads::{MAX_LISTED_FOLLOWERS, Thread, ThreadOverview};
use chat_domain::users::UserSummary;
use chat_domain::{ActionError, ConversationId, Pos, Refusal, Seq, UserId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Text};
use diesel::sqlite::Sqlite;
use std::collections::HashMap;

#[derive(Queryable, Selectable)]
#[diesel(table_name = threads, check_for_backend(Sqlite))]
struct ThreadRow {
    id: Id,
    parent_id: Id,
    root_id: Id,
    root_seq: i64,
    deleted_messages: i64,
}

/// The newest `seq` and `pos`, the times of the opening and of the newest message.
type CounterRow = (i64, i64, i64, i64);

pub(super) fn find(
    connection: &mut SqliteConnection,
    id: ConversationId,
    viewer: UserId,
) -> Result<ThreadOverview, ActionError> {
    let thread = find_for(connection, id, viewer)?;
    Ok(overview(connection, thread, viewer)?)
}

/// The thread, for a participant of its parent.
pub(super) fn find_for(
    connection: &mut SqliteConnection,
    id: ConversationId,
    viewer: UserId,
) -> Result<Thread, ActionError> {
    let thread = load(connection, &[id])?.pop().ok_or(Refusal::UnknownThread)?;
    if takes_part(connection, thread.parent, viewer)? { Ok(thread) } else { Err(Refusal::NotAParticipant.into()) }
}

/// The existing threads among these, in any order, by two queries.
pub(super) fn load(connection: &mut SqliteConnection, ids: &[ConversationId]) -> Stored<Vec<Thread>> {
    let these = sql::<Bool>("threads.id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    let counters =
        (conversations::last_seq, conversations::last_pos, conversations::created_at, conversations::updated_at);
    let rows: Vec<(ThreadRow, CounterRow)> = threads::table
        .inner_join(conversations::table.on(conversations::id.eq(threads::id)))
        .filter(these)
        .select((ThreadRow::as_select(), counters))
        .load(connection)?;
    let parents: Vec<ConversationId> = rows.iter().map(|(row, _)| row.parent_id.into()).collect();
    let these = sql::<Bool>("conversations.id").sql(IN_LIST).bind::<Text, _>(id_list(&parents)).sql("))");
    let active: Vec<(Id, bool)> =
        conversations::table.filter(these).select((conversations::id, conversations::is_active)).load(connection)?;
    let active: HashMap<Id, bool> = active.into_iter().collect();
    let thread = |(row, (last_seq, last_pos, created_at, active_at)): (ThreadRow, CounterRow)| Thread {
        id: row.id.into(),
        parent: row.parent_id.into(),
        root: row.root_id.into(),
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

pub(super) fn overview(connection: &mut SqliteConnection, thread: Thread, viewer: UserId) -> Stored<ThreadOverview> {
    let own = positions(connection, &[thread.id], viewer)?.remove(&thread.id);
    let last_message = last_messages(connection, &[thread.id])?.remove(&thread.id);
    let followers = first_followers(connection, &[thread.id])?.remove(&thread.id).unwrap_or_default();
    Ok(ThreadOverview { thread, followers, last_message, own })
}

/// These threads as the viewer sees them, in their order, by three queries, whatever their number.
pub(super) fn overviews(
    connection: &mut SqliteConnection,
    threads: Vec<Thread>,
    viewer: UserId,
) -> Stored<Vec<ThreadOverview>> {
    let ids: Vec<_> = threads.iter().map(|thread| thread.id).collect();
    let mut own = positions(connection, &ids, viewer)?;
    let mut last_messages = last_messages(connection, &ids)?;
    let mut followers = first_followers(connection, &ids)?;
    let overview = |thread: Thread| ThreadOverview {
        followers: followers.remove(&thread.id).unwrap_or_default(),
        last_message: last_messages.remove(&thread.id),
        own: own.remove(&thread.id),
        thread,
    };
    Ok(threads.into_iter().map(overview).collect())
}

fn positions(
    connection: &mut SqliteConnection,
    ids: &[ConversationId],
    user: UserId,
) -> Stored<HashMap<ConversationId, Positions>> {
    let these = sql::<Bool>("present_followers.thread_id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    let rows: Vec<(Id, (i64, i64, i64))> = present_followers::table
        .filter(present_followers::user_id.eq(Id::from(user)))
        .filter(these)
        .select((
            present_followers::thread_id,
            (present_followers::joined_seq, present_followers::delivered_seq, present_followers::read_seq),
        ))
        .load(connection)?;
    Ok(rows.into_iter().map(|(id, columns)| (id.into(), super::followers::positions(columns))).collect())
}

#[derive(QueryableByName)]
struct FollowerRow {
    #[diesel(sql_type = Binary)]
    thread_id: Id,
    #[diesel(embed)]
    user: SummaryRow,
}

/// The first followers of each thread, found one thread at a time.
const FIRST_FOLLOWERS: &str = "SELECT listed.thread_id, users.id, users.username, users.name, users.avatar
     FROM json_each(?) AS asked
     CROSS JOIN thread_followers AS listed
       ON listed.thread_id = unhex(asked.value)
      AND listed.user_id IN (
          SELECT first.user_id FROM present_followers AS first
          WHERE first.thread_id = unhex(asked.value)
          ORDER BY first.followed_at, first.user_id
          LIMIT ?)
     CROSS JOIN users ON users.id = listed.user_id
     ORDER BY listed.followed_at, listed.user_id";

fn first_followers(
    connection: &mut SqliteConnection,
    ids: &[ConversationId],
) -> Stored<HashMap<ConversationId, Vec<UserSummary>>> {
    let rows: Vec<FollowerRow> = diesel::sql_query(FIRST_FOLLOWERS)
        .bind::<Text, _>(id_list(ids))
        .bind::<BigInt, _>(i64::try_from(MAX_LISTED_FOLLOWERS).unwrap_or(i64::MAX))
        .load(connection)?;
    let mut followers: HashMap<ConversationId, Vec<UserSummary>> = HashMap::with_capacity(ids.len());
    for row in rows {
        followers.entry(row.thread_id.into()).or_default().push(row.user.try_into()?);
    }
    Ok(followers)
}
