use crate::fault::Stored;
use crate::id::{Id, id_list};
use chat_domain::UserId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

#[derive(QueryableByName)]
struct ContactRow {
    #[diesel(sql_type = Binary)]
    id: Id,
}

/// Two users see each other's presence if they share an active group, or have both written in their direct
/// conversation.
pub(super) fn list(connection: &mut SqliteConnection, id: UserId, limit: u32) -> Stored<Vec<UserId>> {
    let rows: Vec<ContactRow> = diesel::sql_query(
        "SELECT DISTINCT other.user_id AS id
         FROM participants AS own
         JOIN conversations ON conversations.id = own.conversation_id
         JOIN participants AS other ON other.conversation_id = own.conversation_id AND other.left_at IS NULL
         JOIN users ON users.id = other.user_id AND users.deleted_at IS NULL
         WHERE own.user_id = ? AND own.left_at IS NULL AND other.user_id <> own.user_id
           AND ((conversations.is_group AND conversations.is_active)
                OR (NOT conversations.is_group AND own.has_written AND other.has_written))
         LIMIT ?",
    )
    .bind::<Binary, _>(Id::from(id))
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

pub(super) fn among(connection: &mut SqliteConnection, id: UserId, among: &[UserId]) -> Stored<Vec<UserId>> {
    let rows: Vec<ContactRow> = diesel::sql_query(
        "SELECT other.id
         FROM users AS other
         WHERE other.id IN (SELECT unhex(value) FROM json_each(?))
           AND other.deleted_at IS NULL
           AND other.id <> ?
           AND EXISTS (
               SELECT 1 FROM participants AS own
               JOIN participants AS theirs
                 ON theirs.conversation_id = own.conversation_id
                AND theirs.user_id = other.id
                AND theirs.left_at IS NULL
               JOIN conversations ON conversations.id = own.conversation_id
               WHERE own.user_id = ? AND own.left_at IS NULL
                 AND ((conversations.is_group AND conversations.is_active)
                      OR (NOT conversations.is_group AND own.has_written AND theirs.has_written)))",
    )
    .bind::<Text, _>(id_list(among))
    .bind::<Binary, _>(Id::from(id))
    .bind::<Binary, _>(Id::from(id))
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}
