//! Names that groups have to themselves, and what a search compares of them.

use crate::fault::Stored;
use crate::schema::group_name_suffixes;
use chat_domain::ConversationId;
use chat_domain::conversations::{ConversationName, group_name_suffixes as suffixes};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Makes the group be found by its reserved name.
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

/// Makes the group be found by its name no more, except by those who take part.
pub(super) async fn forget(connection: &mut AsyncPgConnection, id: ConversationId) -> Stored<()> {
    let of_group = group_name_suffixes::table.filter(group_name_suffixes::conversation_id.eq(id.as_uuid()));
    diesel::delete(of_group).execute(connection).await?;
    Ok(())
}
