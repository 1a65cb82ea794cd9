use crate::fault::Stored;
use chat_domain::UserId;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

#[derive(QueryableByName)]
struct ContactRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Two users see each other's presence if they share an active group, or have both written in their direct
/// conversation.
pub(super) async fn list(connection: &mut AsyncPgConnection, id: UserId, limit: u32) -> Stored<Vec<UserId>> {
    let rows: Vec<ContactRow> = diesel::sql_query(
        "SELECT DISTINCT other.user_id AS id
         FROM participants AS own
         JOIN conversations ON conversations.id = own.conversation_id
         JOIN participants AS other ON other.conversation_id = own.conversation_id AND other.left_at IS NULL
         JOIN users ON users.id = other.user_id AND users.deleted_at IS NULL
         WHERE own.user_id = $1 AND own.left_at IS NULL AND other.user_id <> own.user_id
           AND ((conversations.is_group AND conversations.is_active)
                OR (NOT conversations.is_group AND own.has_written AND other.has_written))
         LIMIT $2",
    )
    .bind::<SqlUuid, _>(id.as_uuid())
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| UserId::new(row.id)).collect())
}

pub(super) async fn among(connection: &mut AsyncPgConnection, id: UserId, among: &[UserId]) -> Stored<Vec<UserId>> {
    let among: Vec<Uuid> = among.iter().map(|id| id.as_uuid()).collect();
    let rows: Vec<ContactRow> = diesel::sql_query(
        "SELECT other.id
         FROM users AS other
         WHERE other.id = ANY($1)
           AND other.deleted_at IS NULL
           AND other.id <> $2
           AND EXISTS (
               SELECT 1 FROM participants AS own
               JOIN participants AS theirs
                 ON theirs.conversation_id = own.conversation_id
                AND theirs.user_id = other.id
                AND theirs.left_at IS NULL
               JOIN conversations ON conversations.id = own.conversation_id
               WHERE own.user_id = $2 AND own.left_at IS NULL
                 AND ((conversations.is_group AND conversations.is_active)
                      OR (NOT conversations.is_group AND own.has_written AND theirs.has_written)))",
    )
    .bind::<Array<SqlUuid>, _>(among)
    .bind::<SqlUuid, _>(id.as_uuid())
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| UserId::new(row.id)).collect())
}
