//! Reserved names of groups, and the index for searching them.

use crate::fault::Stored;
use crate::schema::{conversations, group_name_suffixes};
use chat_domain::ConversationId;
use chat_domain::conversations::{ConversationName, group_name_key, group_name_suffixes as suffixes};
use chat_domain::users::end_of_shared_key;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// Whether a group may reserve a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameStanding {
    /// No active group has reserved a name that looks like it. The unique index decides if another call reserves one
    /// now.
    Free,
    /// The group itself has reserved it, and keeps its key.
    Own,
    /// Another active group has reserved a name that looks like it.
    Taken,
}

/// Whether this group may reserve the name. Also finds groups that were named before look-alikes counted.
pub(super) async fn standing(
    connection: &mut AsyncPgConnection,
    name: &ConversationName,
    group: Option<ConversationId>,
) -> Stored<NameStanding> {
    let key = group_name_key(name);
    let holders: Vec<Uuid> = conversations::table
        .filter(conversations::group_name_key.ge(&key).and(conversations::group_name_key.lt(end_of_shared_key(&key))))
        .filter(conversations::is_active)
        .select(conversations::id)
        .load(connection)
        .await?;
    Ok(match group.map(ConversationId::as_uuid) {
        Some(group) if holders.contains(&group) => NameStanding::Own,
        _ if holders.is_empty() => NameStanding::Free,
        _ => NameStanding::Taken,
    })
}

/// Adds the group's reserved name to the search index.
pub(super) async fn index(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    name: &ConversationName,
) -> Stored<()> {
    let row = |suffix| (group_name_suffixes::suffix.eq(suffix), group_name_suffixes::conversation_id.eq(id.as_uuid()));
    let rows: Vec<_> = suffixes(name).into_iter().map(row).collect();
    diesel::insert_into(group_name_suffixes::table).values(rows).execute(connection).await?;
    Ok(())
}

/// Removes the group from the search index. Its participants still find it.
pub(super) async fn forget(connection: &mut AsyncPgConnection, id: ConversationId) -> Stored<()> {
    let of_group = group_name_suffixes::table.filter(group_name_suffixes::conversation_id.eq(id.as_uuid()));
    diesel::delete(of_group).execute(connection).await?;
    Ok(())
}
