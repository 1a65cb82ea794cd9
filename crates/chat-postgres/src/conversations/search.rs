use super::details::{find_many, participations};
use super::find::overviews;
use crate::fault::Stored;
use crate::schema::{conversations, participants};
use crate::users::end_of_prefix;
use chat_domain::columns::parsed;
use chat_domain::conversations::{
    ConversationName, ConversationOverview, GroupMatches, MAX_SEARCHED_OWN_GROUPS, group_name_prefix,
};
use chat_domain::users::{MAX_SEARCH_MATCHES, SearchTerm};
use chat_domain::{ConversationId, Page, PageRequest, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

/// The start of a range of the primary key, in the order of code points, in which `%` and `_` have no special meaning.
const RESERVED: &str = "SELECT c.id, c.name
     FROM (SELECT suffix, conversation_id FROM group_name_suffixes
           WHERE suffix >= $1 AND suffix < $2
           ORDER BY suffix, conversation_id LIMIT $3) AS s
     JOIN conversations AS c ON c.id = s.conversation_id
     WHERE c.name IS NOT NULL";

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
}

pub(super) async fn search(
    connection: &mut AsyncPgConnection,
    viewer: UserId,
    term: &SearchTerm,
    request: PageRequest,
) -> Stored<Page<ConversationOverview>> {
    let mut found = GroupMatches::of(term);
    for NameRow { id, name } in reserved(connection, term).await? {
        found.consider(ConversationId::new(id), &parsed("name", &name, ConversationName::from_stored)?);
    }
    for (id, name) in own(connection, viewer).await? {
        found.consider(
            ConversationId::new(id),
            &parsed("name", name.as_deref().unwrap_or_default(), ConversationName::from_stored)?,
        );
    }
    let (total, ids) = found.page(request);
    Ok(Page { items: seen_by(connection, viewer, &ids).await?, total, request })
}

async fn reserved(connection: &mut AsyncPgConnection, term: &SearchTerm) -> Stored<Vec<NameRow>> {
    let first = group_name_prefix(term);
    Ok(diesel::sql_query(RESERVED)
        .bind::<Text, _>(&first)
        .bind::<Text, _>(end_of_prefix(&first))
        .bind::<BigInt, _>(i64::from(MAX_SEARCH_MATCHES))
        .load(connection)
        .await?)
}

/// The viewer's own groups with a name, newest activity first.
async fn own(connection: &mut AsyncPgConnection, viewer: UserId) -> Stored<Vec<(Uuid, Option<String>)>> {
    Ok(participants::table
        .inner_join(conversations::table)
        .filter(participants::user_id.eq(viewer.as_uuid()))
        .filter(participants::left_at.is_null())
        .filter(conversations::is_group.and(conversations::is_active))
        .filter(conversations::name.is_not_null())
        .order((conversations::updated_at.desc(), conversations::id.desc()))
        .limit(MAX_SEARCHED_OWN_GROUPS.into())
        .select((conversations::id, conversations::name))
        .load(connection)
        .await?)
}

/// These conversations in this order, each with what the viewer may see.
async fn seen_by(
    connection: &mut AsyncPgConnection,
    viewer: UserId,
    ids: &[ConversationId],
) -> Stored<Vec<ConversationOverview>> {
    let takes_part = participations(connection, viewer, ids).await?;
    let (own, others): (Vec<_>, Vec<_>) =
        find_many(connection, ids).await?.into_iter().partition(|one| takes_part.contains_key(&one.id));
    let own = overviews(connection, own, viewer).await?;
    let mut seen: HashMap<ConversationId, ConversationOverview> = own
        .into_iter()
        .chain(others.into_iter().map(ConversationOverview::from_outside))
        .map(|overview| (overview.details.conversation.id, overview))
        .collect();
    Ok(ids.iter().filter_map(|id| seen.remove(id)).collect())
}
