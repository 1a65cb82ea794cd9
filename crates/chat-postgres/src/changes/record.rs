//! Writes and reads records of any kind.

use crate::fault::Stored;
use crate::schema::conversation_changes;
use crate::statement::cached_statement;
use crate::time::{micros, timestamp};
use chat_domain::changes::{ChangeRecord, ChangeTag, Detail, Effect};
use chat_domain::columns::UnreadableColumn;
use chat_domain::conversations::Role;
use chat_domain::{Change, ChangeKind, ConversationId, MessageId, Pos, Timestamp, UserId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

cached_statement!(
    /// Takes the next `pos`, and a time that is not before the previous change's, whatever the clocks say.
    TakePos { id: Uuid, at: i64 } -> (BigInt, BigInt),
    "UPDATE conversations SET last_pos = last_pos + 1, changed_at = greatest(updated_at, changed_at, ",
    at as BigInt,
    ") WHERE id = ",
    id as SqlUuid,
    " RETURNING last_pos, changed_at",
);

/// Returns the `pos` and the time of the conversation's next change, which must be stored in the same transaction. The
/// conversation keeps its place in lists.
pub(crate) async fn take_pos(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    at: Timestamp,
) -> Stored<(Pos, Timestamp)> {
    let (pos, at): (i64, i64) = TakePos { id: id.as_uuid(), at: micros(at) }.get_result(connection).await?;
    Ok((Pos::from_i64(pos), timestamp(at)))
}

/// Stores the record of a change that has its `pos`.
pub(crate) async fn store(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    (pos, at): (Pos, Timestamp),
    kind: ChangeKind,
) -> Stored<Change> {
    let change = Change { conversation_id: id, pos, at, kind };
    let record = change.record();
    let row = RecordRow {
        conversation_id: id.as_uuid(),
        pos: pos.to_i64(),
        kind: record.tag.as_str().to_owned(),
        at: micros(at),
        user_id: record.subject.map(UserId::as_uuid),
        role: record.role.map(|role| role.as_str().to_owned()),
        member_ids: record.named_users().map(|users| users.iter().map(|id| id.as_uuid()).collect()),
        effect: Some(record.effect.as_str().to_owned()),
        actor_id: record.actor.map(UserId::as_uuid),
        message_id: record.message.map(MessageId::as_uuid),
        detail: record.detail.to_stored().map_err(|fault| UnreadableColumn { column: "detail", fault })?,
    };
    diesel::insert_into(conversation_changes::table).values(row).execute(connection).await?;
    Ok(change)
}

/// A record's columns, as [`RecordRow`] reads them.
pub(super) type RecordColumns = (
    SqlUuid,
    BigInt,
    Text,
    BigInt,
    Nullable<SqlUuid>,
    Nullable<Text>,
    Nullable<Array<SqlUuid>>,
    Nullable<Text>,
    Nullable<SqlUuid>,
    Nullable<SqlUuid>,
    Nullable<Text>,
);

/// A row of the table of records.
#[derive(Queryable, Insertable)]
#[diesel(table_name = conversation_changes)]
pub(super) struct RecordRow {
    conversation_id: Uuid,
    pos: i64,
    kind: String,
    at: i64,
    user_id: Option<Uuid>,
    role: Option<String>,
    member_ids: Option<Vec<Uuid>>,
    effect: Option<String>,
    actor_id: Option<Uuid>,
    message_id: Option<Uuid>,
    detail: Option<String>,
}

impl RecordRow {
    pub(super) fn into_record(self) -> ChangeRecord {
        let subject = self.user_id.map(UserId::new);
        let named = self.member_ids.map(|ids| ids.into_iter().map(UserId::new).collect());
        ChangeRecord {
            conversation_id: ConversationId::new(self.conversation_id),
            pos: Pos::from_i64(self.pos),
            at: timestamp(self.at),
            tag: ChangeTag::from_stored(&self.kind),
            effect: Effect::from_stored(self.effect.as_deref().unwrap_or_default(), named, subject),
            actor: self.actor_id.map(UserId::new),
            subject,
            message: self.message_id.map(MessageId::new),
            // Without the role that its kind needs, the change resolves as unknown.
            role: self.role.as_deref().and_then(Role::known),
            detail: Detail::from_stored(self.detail.as_deref()),
        }
    }
}
