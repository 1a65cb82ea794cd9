//! Names that groups have to themselves, and what a search compares of them.

use crate::fault::Stored;
use crate::id::Id;
use crate::schema::{conversations, group_name_suffixes};
use chat_domain::ConversationId;
use chat_domain::conversations::{ConversationName, group_name_key, group_name_suffixes as suffixes};
use diesel::prelude::*;

/// Whether an active group other than this one has the name reserved.
pub(super) fn is_taken(
    connection: &mut SqliteConnection,
    name: &ConversationName,
    by_another_than: Option<ConversationId>,
) -> Stored<bool> {
    let holder: Option<Id> = conversations::table
        .filter(conversations::group_name_key.eq(group_name_key(name)))
        .filter(conversations::is_active)
        .select(conversations::id)
        .get_result(connection)
        .optional()?;
    Ok(holder.is_some_and(|holder| by_another_than.map(Id::from) != Some(holder)))
}

/// Makes the group be found by its reserved name.
pub(super) fn index(connection: &mut SqliteConnection, id: ConversationId, name: &ConversationName) -> Stored<()> {
    let row = |suffix| (group_name_suffixes::suffix.eq(suffix), group_name_suffixes::conversation_id.eq(Id::from(id)));
    let rows: Vec<_> = suffixes(name).into_iter().map(row).collect();
    diesel::insert_into(group_name_suffixes::table).values(rows).execute(connection)?;
    Ok(())
}

/// Makes the group be found by its name no more, except by those who take part.
pub(super) fn forget(connection: &mut SqliteConnection, id: ConversationId) -> Stored<()> {
    let of_group = group_name_suffixes::table.filter(group_name_suffixes::conversation_id.eq(Id::from(id)));
    diesel::delete(of_group).execute(connection)?;
    Ok(())
}
