use super::find::{load, overviews};
use crate::conversations::{find_conversation, takes_part};
use crate::fault::{Fault, Stored};
use crate::id::{Id, micros, timestamp};
use crate::schema::threads;
use chat_domain::conversations::{CursorPage, ListCursor, ListPlace};
use chat_domain::threads::{Thread, ThreadOverview, ThreadPage, cut_page};
use chat_domain::{ActionError, ConversationId, PageLimit, Refusal, Seq, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool};
use std::collections::HashMap;

pub(super) fn list(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    viewer: UserId,
    before: Option<Seq>,
    limit: PageLimit,
) -> Result<ThreadPage, ActionError> {
    let found = find_conversation(connection, conversation)?.ok_or(Refusal::UnknownConversation)?;
    if !takes_part(connection, found.home(), viewer)? {
        return Err(Refusal::NotAParticipant.into());
    }
    let ids: Vec<Id> = threads::table
        .filter(threads::parent_id.eq(Id::from(conversation)))
        .filter(threads::root_seq.lt(before.unwrap_or(Seq::MAX).to_i64()))
        .order(threads::root_seq.desc())
        .limit(i64::from(limit.get()) + 1)
        .select(threads::id)
        .load(connection)
        .map_err(Fault::from)?;
    let mut found = load_in_order(connection, ids.into_iter().map(ConversationId::from).collect())?;
    let next = cut_page(limit, &mut found);
    Ok(ThreadPage { items: overviews(connection, found, viewer)?, limit, next })
}

fn load_in_order(connection: &mut SqliteConnection, ids: Vec<ConversationId>) -> Stored<Vec<Thread>> {
    let mut found: HashMap<_, _> = load(connection, &ids)?.into_iter().map(|thread| (thread.id, thread)).collect();
    Ok(ids.into_iter().filter_map(|id| found.remove(&id)).collect())
}

#[derive(QueryableByName)]
struct PlaceRow {
    #[diesel(sql_type = BigInt)]
    active_at: i64,
    #[diesel(sql_type = Binary)]
    id: Id,
}

/// The places of the followed threads, without a bound and an order. The sort reads few bytes for each of the user's
/// threads, as it does for conversations.
const PLACES: &str = "SELECT thread.updated_at AS active_at, thread.id
     FROM present_followers AS followed
     CROSS JOIN conversations AS thread ON thread.id = followed.thread_id
     CROSS JOIN conversations AS parent ON parent.id = followed.parent_id
     WHERE followed.user_id = ? AND parent.is_active AND (NOT ? OR thread.last_seq > followed.read_seq)";

pub(super) fn list_followed(
    connection: &mut SqliteConnection,
    user: UserId,
    unread: bool,
    cursor: ListCursor,
    limit: PageLimit,
) -> Stored<CursorPage<ThreadOverview>> {
    let (bound, order, from) = match cursor {
        ListCursor::Newest => ("<=", "DESC", ListPlace::NEWEST),
        ListCursor::OlderThan(from) => ("<", "DESC", from),
        ListCursor::NewerThan(from) => (">", "ASC", from),
    };
    let query = format!(
        "{PLACES} AND (thread.updated_at, thread.id) {bound} (?, ?)
         ORDER BY thread.updated_at {order}, thread.id {order} LIMIT ?"
    );
    let rows: Vec<PlaceRow> = diesel::sql_query(query)
        .bind::<Binary, _>(Id::from(user))
        .bind::<Bool, _>(unread)
        .bind::<BigInt, _>(micros(from.active_at))
        .bind::<Binary, _>(Id::from(from.id))
        .bind::<BigInt, _>(i64::from(limit.get()) + 1)
        .load(connection)?;
    let places = rows.into_iter().map(|row| ListPlace { active_at: timestamp(row.active_at), id: row.id.into() });
    let CursorPage { items: places, limit, older, newer, has_more } =
        CursorPage::of(cursor, limit, places.collect(), |place: &ListPlace| *place);
    let threads = load_in_order(connection, places.into_iter().map(|place| place.id).collect())?;
    Ok(CursorPage { items: overviews(connection, threads, user)?, limit, older, newer, has_more })
}
