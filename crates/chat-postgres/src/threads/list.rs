use super::find::{load, overviews};
use crate::conversations::{find_conversation, takes_part};
use crate::fault::{Fault, Stored};
use crate::schema::threads;
use crate::time::{micros, timestamp};
use chat_domain::conversations::{CursorPage, ListCursor, ListPlace};
use chat_domain::threads::{Thread, ThreadOverview, ThreadPage, cut_page};
use chat_domain::{ActionError, ConversationId, PageLimit, Refusal, Seq, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

pub(super) async fn list(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    viewer: UserId,
    before: Option<Seq>,
    limit: PageLimit,
) -> Result<ThreadPage, ActionError> {
    let found = find_conversation(connection, conversation).await?.ok_or(Refusal::UnknownConversation)?;
    if !takes_part(connection, found.home(), viewer).await? {
        return Err(Refusal::NotAParticipant.into());
    }
    let ids: Vec<Uuid> = threads::table
        .filter(threads::parent_id.eq(conversation.as_uuid()))
        .filter(threads::root_seq.lt(before.unwrap_or(Seq::MAX).to_i64()))
        .order(threads::root_seq.desc())
        .limit(i64::from(limit.get()) + 1)
        .select(threads::id)
        .load(connection)
        .await
        .map_err(Fault::from)?;
    let mut found = load_in_order(connection, ids.into_iter().map(ConversationId::new).collect()).await?;
    let next = cut_page(limit, &mut found);
    Ok(ThreadPage { items: overviews(connection, found, viewer).await?, limit, next })
}

async fn load_in_order(connection: &mut AsyncPgConnection, ids: Vec<ConversationId>) -> Stored<Vec<Thread>> {
    let found = load(connection, &ids).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|thread| (thread.id, thread)).collect();
    Ok(ids.into_iter().filter_map(|id| found.remove(&id)).collect())
}

#[derive(QueryableByName)]
struct PlaceRow {
    #[diesel(sql_type = BigInt)]
    active_at: i64,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The places of the followed threads, without a bound and an order. The sort reads few bytes for each of the user's
/// threads, as it does for conversations.
const PLACES: &str = "SELECT thread.updated_at AS active_at, thread.id
     FROM present_followers AS followed
     JOIN conversations AS thread ON thread.id = followed.thread_id
     JOIN conversations AS parent ON parent.id = followed.parent_id
     WHERE followed.user_id = $1 AND parent.is_active AND (NOT $2 OR thread.last_seq > followed.read_seq)";

pub(super) async fn list_followed(
    connection: &mut AsyncPgConnection,
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
        "{PLACES} AND (thread.updated_at, thread.id) {bound} ($3, $4)
         ORDER BY thread.updated_at {order}, thread.id {order} LIMIT $5"
    );
    let rows: Vec<PlaceRow> = diesel::sql_query(query)
        .bind::<SqlUuid, _>(user.as_uuid())
        .bind::<Bool, _>(unread)
        .bind::<BigInt, _>(micros(from.active_at))
        .bind::<SqlUuid, _>(from.id.as_uuid())
        .bind::<BigInt, _>(i64::from(limit.get()) + 1)
        .load(connection)
        .await?;
    let place = |row: PlaceRow| ListPlace { active_at: timestamp(row.active_at), id: ConversationId::new(row.id) };
    let places = rows.into_iter().map(place).collect();
    let CursorPage { items: places, limit, older, newer, has_more } =
        CursorPage::of(cursor, limit, places, |place: &ListPlace| *place);
    let threads = load_in_order(connection, places.into_iter().map(|place| place.id).collect()).await?;
    Ok(CursorPage { items: overviews(connection, threads, user).await?, limit, older, newer, has_more })
}
