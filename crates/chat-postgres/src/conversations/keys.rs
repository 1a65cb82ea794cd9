//! Keys of groups that were named under earlier rules, and groups whose keys became equal.

use super::names;
use super::rows::ConversationRow;
use crate::fault::Stored;
use crate::keys::BATCH;
use crate::schema::conversations;
use chat_domain::ConversationId;
use chat_domain::conversations::{
    Conversation, ConversationName, NameCollision, group_name_key, shared_group_name_key,
};
use chat_domain::users::{EXACT_SPELLING, KEY_VERSION};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = conversations, check_for_backend(diesel::pg::Pg))]
struct KeyRow {
    id: Uuid,
    name: Option<String>,
    created_at: i64,
}

impl KeyRow {
    fn name(&self) -> Option<ConversationName> {
        self.name.as_deref().and_then(|text| ConversationName::from_stored(text).ok())
    }

    fn age(&self) -> (i64, Uuid) {
        (self.created_at, self.id)
    }
}

/// Computes the keys of a batch of groups with older ones. Returns the number of groups.
pub(crate) async fn renew_keys(connection: &mut AsyncPgConnection) -> Stored<usize> {
    // Literals, as in the index's condition: a query with bound values would not use the index.
    let rows: Vec<KeyRow> = conversations::table
        .filter(sql::<Bool>("key_version < 1 AND is_active AND group_name_key IS NOT NULL"))
        .order(conversations::id)
        .limit(BATCH)
        .select(KeyRow::as_select())
        .for_update()
        .load(connection)
        .await?;
    for row in &rows {
        let group = conversations::table.find(row.id);
        if let Some(name) = row.name() {
            let key = free_key(connection, row, &name).await?;
            diesel::update(group).set(conversations::group_name_key.eq(key)).execute(connection).await?;
            names::forget(connection, ConversationId::new(row.id)).await?;
            names::index(connection, ConversationId::new(row.id), &name).await?;
        }
        diesel::update(group).set(conversations::key_version.eq(KEY_VERSION)).execute(connection).await?;
    }
    Ok(rows.len())
}

/// The name's key, if no older group has it. A younger group that has it gives it up.
async fn free_key(connection: &mut AsyncPgConnection, row: &KeyRow, name: &ConversationName) -> Stored<String> {
    let key = group_name_key(name);
    let shared = shared_group_name_key(name, ConversationId::new(row.id));
    let holder: Option<KeyRow> = conversations::table
        .filter(conversations::group_name_key.eq(&key).and(conversations::id.ne(row.id)))
        .filter(conversations::is_active)
        .select(KeyRow::as_select())
        .get_result(connection)
        .await
        .optional()?;
    let Some(holder) = holder else { return Ok(key) };
    let Some(held) = holder.name() else { return Ok(shared) };
    if group_name_key(&held) == key && holder.age() < row.age() {
        return Ok(shared);
    }
    let makes_way = shared_group_name_key(&held, ConversationId::new(holder.id));
    diesel::update(conversations::table.find(holder.id))
        .set(conversations::group_name_key.eq(makes_way))
        .execute(connection)
        .await?;
    Ok(key)
}

pub(super) async fn list_collisions(connection: &mut AsyncPgConnection, limit: u32) -> Stored<Vec<NameCollision>> {
    let others: Vec<(ConversationRow, Option<String>)> = conversations::table
        .filter(sql::<Bool>("position(chr(1) in group_name_key) > 0 AND is_active"))
        .order(conversations::group_name_key)
        .limit(limit.into())
        .select((ConversationRow::as_select(), conversations::group_name_key))
        .load(connection)
        .await?;
    let mut collisions = Vec::with_capacity(others.len());
    for (other, key) in others {
        let key = key.unwrap_or_default();
        let shared = key.split(EXACT_SPELLING).next().unwrap_or_default();
        let holder: Option<ConversationRow> = conversations::table
            .filter(conversations::group_name_key.eq(shared).and(conversations::is_active))
            .select(ConversationRow::as_select())
            .get_result(connection)
            .await
            .optional()?;
        collisions
            .push(NameCollision { holder: holder.map(Conversation::try_from).transpose()?, other: other.try_into()? });
    }
    Ok(collisions)
}
