use super::details::find_many;
use super::find::overviews;
use crate::fault::Stored;
use crate::schema::{conversations, participants};
use crate::time::{micros, timestamp};
use chat_domain::conversations::{ConversationFilter, ConversationOverview, CursorPage, ListCursor, ListPlace};
use chat_domain::{ConversationId, Page, PageLimit, PageRequest, UserId};
use diesel::helper_types::{InnerJoin, IntoBoxed};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

/// The columns by which the list is sorted: few bytes for each of the user's conversations, whatever their size.
type PlaceRow = (i64, Uuid);

pub(super) async fn list(
    connection: &mut AsyncPgConnection,
    viewer: UserId,
    filter: ConversationFilter,
    request: PageRequest,
) -> Stored<Page<ConversationOverview>> {
    let total: i64 = in_list(viewer, filter).count().get_result(connection).await?;
    let places: Vec<PlaceRow> = in_list(viewer, filter)
        .order((conversations::updated_at.desc(), conversations::id.desc()))
        .limit(request.limit.get().into())
        .offset(i64::try_from(request.offset()).unwrap_or(i64::MAX))
        .select((conversations::updated_at, conversations::id))
        .load(connection)
        .await?;
    let ids: Vec<_> = places.into_iter().map(|(_, id)| ConversationId::new(id)).collect();
    let items = in_order(connection, viewer, &ids).await?;
    Ok(Page { items, total: u64::try_from(total).unwrap_or(0), request })
}

pub(super) async fn list_from(
    connection: &mut AsyncPgConnection,
    viewer: UserId,
    filter: ConversationFilter,
    cursor: ListCursor,
    limit: PageLimit,
) -> Stored<CursorPage<ConversationOverview>> {
    let query = in_list(viewer, filter)
        .limit(i64::from(limit.get()) + 1)
        .select((conversations::updated_at, conversations::id));
    let (updated_at, id) = (conversations::updated_at, conversations::id);
    let downwards = (updated_at.desc(), id.desc());
    let rows: Vec<PlaceRow> = match cursor {
        ListCursor::Newest => query.order(downwards).load(connection).await?,
        ListCursor::OlderThan(from) => {
            let (at, from) = (micros(from.active_at), from.id.as_uuid());
            let below = updated_at.lt(at).or(updated_at.eq(at).and(id.lt(from)));
            query.filter(below).order(downwards).load(connection).await?
        }
        ListCursor::NewerThan(from) => {
            let (at, from) = (micros(from.active_at), from.id.as_uuid());
            let above = updated_at.gt(at).or(updated_at.eq(at).and(id.gt(from)));
            query.filter(above).order((updated_at.asc(), id.asc())).load(connection).await?
        }
    };
    let places =
        rows.into_iter().map(|(at, id)| ListPlace { active_at: timestamp(at), id: ConversationId::new(id) }).collect();
    let CursorPage { items: places, limit, older, newer, has_more } =
        CursorPage::of(cursor, limit, places, |place: &ListPlace| *place);
    let ids: Vec<_> = places.iter().map(|place| place.id).collect();
    Ok(CursorPage { items: in_order(connection, viewer, &ids).await?, limit, older, newer, has_more })
}

/// The conversations in the user's list.
fn in_list<'a>(
    viewer: UserId,
    filter: ConversationFilter,
) -> IntoBoxed<'a, InnerJoin<participants::table, conversations::table>, Pg> {
    let shown = participants::table
        .inner_join(conversations::table)
        .into_boxed()
        .filter(participants::user_id.eq(viewer.as_uuid()))
        .filter(participants::left_at.is_null())
        .filter(conversations::is_active);
    match filter {
        ConversationFilter::All => shown,
        ConversationFilter::DirectWithMessages => {
            shown.filter(conversations::is_group.eq(false)).filter(conversations::last_seq.gt(0))
        }
        ConversationFilter::Groups => shown.filter(conversations::is_group),
    }
}

/// These conversations as the viewer sees them, in this order.
async fn in_order(
    connection: &mut AsyncPgConnection,
    viewer: UserId,
    ids: &[ConversationId],
) -> Stored<Vec<ConversationOverview>> {
    let found = find_many(connection, ids).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|conversation| (conversation.id, conversation)).collect();
    let page = ids.iter().filter_map(|id| found.remove(id)).collect();
    overviews(connection, page, viewer).await
}
