use super::find::overviews;
use super::rows::ConversationRow;
use crate::fault::Stored;
use crate::schema::{conversations, participants};
use chat_domain::conversations::{Conversation, ConversationOverview};
use chat_domain::{Page, PageRequest, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub(super) async fn list(
    connection: &mut AsyncPgConnection,
    viewer: UserId,
    request: PageRequest,
) -> Stored<Page<ConversationOverview>> {
    let total: i64 = participants::table
        .inner_join(conversations::table)
        .filter(participants::user_id.eq(viewer.as_uuid()))
        .filter(participants::left_at.is_null())
        .filter(conversations::is_active)
        .count()
        .get_result(connection)
        .await?;
    let rows: Vec<ConversationRow> = participants::table
        .inner_join(conversations::table)
        .filter(participants::user_id.eq(viewer.as_uuid()))
        .filter(participants::left_at.is_null())
        .filter(conversations::is_active)
        .order((conversations::updated_at.desc(), conversations::id.desc()))
        .limit(request.limit.get().into())
        .offset(i64::try_from(request.offset()).unwrap_or(i64::MAX))
        .select(ConversationRow::as_select())
        .load(connection)
        .await?;
    let page = rows.into_iter().map(Conversation::try_from).collect::<Stored<Vec<_>>>()?;
    let items = overviews(connection, page, viewer).await?;
    Ok(Page { items, total: u64::try_from(total).unwrap_or(0), request })
}
