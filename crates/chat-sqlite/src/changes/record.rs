//! Writes and reads records of any kind.

use crate::fault::Stored;
use crate::id::{Id, micros, timestamp};
use crate::schema::{conversation_changes, conversations};
use crate::statement::cached_statement;
use chat_domain::changes::{ChangeRecord, ChangeTag, Detail, Effect};
use chat_domain::columns::UnreadableColumn;
use chat_domain::conversations::Role;
use chat_domain::{Change, ChangeKind, ConversationId, Pos, Timestamp, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use diesel::sqlite::Sqlite;
use uuid::Uuid;

cached_statement!(
    /// Takes the next `pos`, and a time that is not before the previous change's, whatever the clocks say.
    TakePos { id: Id, at: i64 }
    "UPDATE conversations
     SET last_pos = last_pos + 1, changed_at = max(updated_at, coalesce(changed_at, updated_at), ",
    at as BigInt,
    ") WHERE id = ",
    id as Binary,
    "",
);

/// The time of a conversation's last change of any kind, from the columns `updated_at`, which orders lists, and
/// `changed_at`.
pub(crate) fn last_change(updated_at: i64, changed_at: Option<i64>) -> Timestamp {
    timestamp(changed_at.map_or(updated_at, |at| at.max(updated_at)))
}

/// Returns the `pos` and the time of the conversation's next change, which must be stored in the same transaction. The
/// conversation keeps its place in lists.
pub(crate) fn take_pos(
    connection: &mut SqliteConnection,
    id: ConversationId,
    at: Timestamp,
) -> Stored<(Pos, Timestamp)> {
    TakePos { id: id.into(), at: micros(at) }.execute(connection)?;
    let taken = (conversations::last_pos, conversations::changed_at.assume_not_null());
    let (pos, at): (i64, i64) = conversations::table.find(Id::from(id)).select(taken).get_result(connection)?;
    Ok((Pos::from_i64(pos), timestamp(at)))
}

/// Stores the record of a change that has its `pos`.
pub(crate) fn store(
    connection: &mut SqliteConnection,
    id: ConversationId,
    (pos, at): (Pos, Timestamp),
    kind: ChangeKind,
) -> Stored<Change> {
    let change = Change { conversation_id: id, pos, at, kind };
    let record = change.record();
    let row = RecordRow {
        conversation_id: id.into(),
        pos: pos.to_i64(),
        kind: record.tag.as_str().to_owned(),
        at: micros(at),
        user_id: record.subject.map(Id::from),
        role: record.role.map(|role| role.as_str().to_owned()),
        member_ids: record.named_users().map(packed),
        effect: Some(record.effect.as_str().to_owned()),
        actor_id: record.actor.map(Id::from),
        message_id: record.message.map(Id::from),
        detail: record.detail.to_stored().map_err(|fault| UnreadableColumn { column: "detail", fault })?,
    };
    diesel::insert_into(conversation_changes::table).values(row).execute(connection)?;
    Ok(change)
}

/// A row of the table of records.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = conversation_changes, check_for_backend(Sqlite))]
pub(super) struct RecordRow {
    conversation_id: Id,
    pos: i64,
    kind: String,
    at: i64,
    user_id: Option<Id>,
    role: Option<String>,
    member_ids: Option<Vec<u8>>,
    effect: Option<String>,
    actor_id: Option<Id>,
    message_id: Option<Id>,
    detail: Option<String>,
}

impl RecordRow {
    pub(super) fn into_record(self) -> ChangeRecord {
        let subject = self.user_id.map(UserId::from);
        ChangeRecord {
            conversation_id: self.conversation_id.into(),
            pos: Pos::from_i64(self.pos),
            at: timestamp(self.at),
            tag: ChangeTag::from_stored(&self.kind),
            effect: Effect::from_stored(
                self.effect.as_deref().unwrap_or_default(),
                self.member_ids.as_deref().map(unpacked),
                subject,
            ),
            actor: self.actor_id.map(UserId::from),
            subject,
            message: self.message_id.map(Into::into),
            // Without the role that its kind needs, the change resolves as unknown.
            role: self.role.as_deref().and_then(Role::known),
            detail: Detail::from_stored(self.detail.as_deref()),
        }
    }
}

fn packed(ids: &[UserId]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.as_uuid().into_bytes()).collect()
}

fn unpacked(bytes: &[u8]) -> Vec<UserId> {
    bytes.chunks_exact(16).filter_map(|id| Uuid::from_slice(id).ok()).map(UserId::new).collect()
}
