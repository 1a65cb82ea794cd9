//! Edits and deletions. Each begins by locking the conversation, as everything that takes a `pos` does.

use super::related::Related;
use super::rows::{MessageRow, VersionRow};
use crate::changes::{store as store_change, take_pos};
use crate::conversations::{find_conversation, hold_conversation};
use crate::fault::Stored;
use crate::schema::{
    changed_messages, conversation_changes, message_reactions, message_versions, messages, participants,
    pinned_messages, users,
};
use crate::threads;
use crate::time::micros;
use crate::users::SummaryRow;
use chat_domain::columns::UnreadableColumn;
use chat_domain::conversations::{Conversation, Role};
use chat_domain::messages::{
    AttachmentUrl, ChangedMessage, EditContext, EditHistory, EditMessage, Editor, Message, MessageVersion,
    ReactionChange, StoredFingerprint, decide_deletion, decide_edit,
};
use chat_domain::{ActionError, ChangeKind, ConversationId, MessageId, Metadata, Pos, Timestamp, UserId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The place of a change: its number and its time.
type Place = (Pos, Timestamp);

pub(super) async fn edit(
    connection: &mut AsyncPgConnection,
    command: &EditMessage,
    by: Editor,
) -> Result<ChangedMessage, ActionError> {
    let conversation = hold_conversation(connection, command.conversation_id).await?;
    threads::hold_membership(connection, conversation.as_ref(), by.user_id).await?;
    let seen = read(connection, conversation, by.user_id, command.message_id).await?;
    let earlier = count_versions(connection, command.message_id).await?;
    let (message, decided) = decide_edit(EditContext { earlier_versions: earlier, ..seen }, command, by)?;
    let Some(content) = decided else { return Ok(ChangedMessage { message, change: None }) };
    let place = take_pos(connection, message.conversation_id, by.at).await?;
    keep_version(connection, &message, i64::from(earlier) + 1, place).await?;
    let before = message.changed;
    let message = message.edited(content, place);
    store(connection, &message, before).await?;
    let kind = ChangeKind::MessageUpdated(Box::new(message.clone()));
    let change = store_change(connection, message.conversation_id, place, kind).await?;
    Ok(ChangedMessage { message, change: Some(change) })
}

pub(super) async fn delete(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    message: MessageId,
    by: Editor,
) -> Result<ChangedMessage, ActionError> {
    let found = hold_conversation(connection, conversation).await?;
    threads::hold_membership(connection, found.as_ref(), by.user_id).await?;
    let context = read(connection, found, by.user_id, message).await?;
    let (message, is_present) = decide_deletion(context, by)?;
    if !is_present {
        return Ok(ChangedMessage { message, change: None });
    }
    let place = take_pos(connection, conversation, by.at).await?;
    let before = message.changed;
    let message = message.deleted(by.user_id, place);
    store(connection, &message, before).await?;
    erase(connection, &message).await?;
    if message.kind.parent().is_some() {
        threads::count_deletion(connection, conversation).await?;
    }
    let kind = ChangeKind::MessageDeleted { message: Box::new(message.clone()), by: by.user_id };
    let change = store_change(connection, conversation, place, kind).await?;
    Ok(ChangedMessage { message, change: Some(change) })
}

pub(super) async fn list_versions(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    reader: UserId,
    message: MessageId,
    history: EditHistory,
) -> Result<Vec<MessageVersion>, ActionError> {
    let found = find_conversation(connection, conversation).await?;
    history.may_read(&read(connection, found, reader, message).await?)?;
    let rows: Vec<VersionRow> = message_versions::table
        .filter(message_versions::message_id.eq(message.as_uuid()))
        .order(message_versions::version)
        .select(VersionRow::as_select())
        .load(connection)
        .await
        .map_err(crate::fault::Fault::from)?;
    Ok(rows.into_iter().map(MessageVersion::try_from).collect::<Stored<_>>()?)
}

/// What a decision needs, without the number of earlier versions.
pub(crate) async fn read(
    connection: &mut AsyncPgConnection,
    conversation: Option<Conversation>,
    user: UserId,
    message: MessageId,
) -> Stored<EditContext> {
    let Some(conversation) = conversation else { return Ok(EditContext::default()) };
    // A deleted user stays in direct conversations.
    let participant: Option<(String, SummaryRow)> = participants::table
        .inner_join(users::table)
        .filter(participants::conversation_id.eq(conversation.home().as_uuid()))
        .filter(participants::user_id.eq(user.as_uuid()))
        .filter(participants::left_at.is_null())
        .filter(users::deleted_at.is_null())
        .select((participants::role, SummaryRow::as_select()))
        .get_result(connection)
        .await
        .optional()?;
    let row: Option<(MessageRow, SummaryRow)> = messages::table
        .inner_join(users::table)
        .filter(messages::id.eq(message.as_uuid()))
        .filter(messages::conversation_id.eq(conversation.id.as_uuid()))
        .select((MessageRow::as_select(), SummaryRow::as_select()))
        .get_result(connection)
        .await
        .optional()?;
    let related = Related::load(connection, row.iter().map(|(message, _)| message)).await?;
    let message = row.and_then(|(message, sender)| message.sent_by(sender, conversation.kind, &related).ok());
    let (role, user) = match participant {
        Some((role, user)) => (Some(Role::from_stored(&role)), Some(user.try_into()?)),
        None => (None, None),
    };
    Ok(EditContext { conversation: Some(conversation), role, user, message, earlier_versions: 0 })
}

async fn count_versions(connection: &mut AsyncPgConnection, message: MessageId) -> Stored<u32> {
    let versions = message_versions::table.filter(message_versions::message_id.eq(message.as_uuid()));
    let count: i64 = versions.count().get_result(connection).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Keeps the content that the edit at this place replaces.
async fn keep_version(
    connection: &mut AsyncPgConnection,
    message: &Message,
    version: i64,
    (pos, at): Place,
) -> Stored<()> {
    let row = (
        message_versions::message_id.eq(message.id.as_uuid()),
        message_versions::version.eq(version),
        message_versions::body.eq(message.body.as_str()),
        message_versions::attachment.eq(message.attachment.as_ref().map(AttachmentUrl::as_str)),
        message_versions::metadata.eq(message.metadata.as_ref().map(Metadata::as_str)),
        message_versions::edited_at.eq(micros(at)),
        message_versions::pos.eq(pos.to_i64()),
    );
    diesel::insert_into(message_versions::table).values(row).execute(connection).await?;
    Ok(())
}

/// Stores the columns that an edit or a deletion changes. `before` is the message's previous `changed_pos`.
async fn store(connection: &mut AsyncPgConnection, message: &Message, before: Option<Pos>) -> Stored<()> {
    let id = message.conversation_id.as_uuid();
    let origin = message.forwarded_from.as_deref();
    let changes = (
        messages::body.eq(message.body.as_str()),
        messages::attachment.eq(message.attachment.as_ref().map(AttachmentUrl::as_str)),
        messages::metadata.eq(message.metadata.as_ref().map(Metadata::as_str)),
        messages::forwarded_sender_id.eq(origin.map(|from| from.sender.id.as_uuid())),
        messages::forwarded_at.eq(origin.map(|from| micros(from.created_at))),
        messages::updated_at.eq(micros(message.updated_at)),
        messages::edited_at.eq(message.edited_at.map(micros)),
        messages::deleted_at.eq(message.deleted_at.map(micros)),
        messages::deleted_by.eq(message.deleted_by.map(UserId::as_uuid)),
        messages::changed_pos.eq(message.changed.map(Pos::to_i64)),
    );
    diesel::update(messages::table.find((id, message.seq.to_i64()))).set(changes).execute(connection).await?;
    move_changed(connection, message, before).await
}

/// Replaces the message's row in `changed_messages`, whose `changed_pos` was `before`.
pub(super) async fn move_changed(
    connection: &mut AsyncPgConnection,
    message: &Message,
    before: Option<Pos>,
) -> Stored<()> {
    let id = message.conversation_id.as_uuid();
    if let Some(before) = before {
        diesel::delete(changed_messages::table.find((id, before.to_i64()))).execute(connection).await?;
    }
    let row = (
        changed_messages::conversation_id.eq(id),
        changed_messages::changed_pos.eq(message.changed_pos().to_i64()),
        changed_messages::seq.eq(message.seq.to_i64()),
    );
    diesel::insert_into(changed_messages::table).values(row).execute(connection).await?;
    Ok(())
}

/// Erases the earlier versions, the reactions, the pin, and the digest of the content, from which short texts could be
/// guessed.
async fn erase(connection: &mut AsyncPgConnection, message: &Message) -> Stored<()> {
    diesel::delete(message_versions::table.filter(message_versions::message_id.eq(message.id.as_uuid())))
        .execute(connection)
        .await?;
    diesel::delete(message_reactions::table.filter(message_reactions::message_id.eq(message.id.as_uuid())))
        .execute(connection)
        .await?;
    erase_reactions_from_log(connection, message).await?;
    let place = (message.conversation_id.as_uuid(), message.seq.to_i64());
    diesel::delete(pinned_messages::table.find(place)).execute(connection).await?;
    let StoredFingerprint { version, digest } = StoredFingerprint::ERASED;
    let row = messages::table.find(place);
    let digest = message.client_message_id.as_ref().map(|_| digest.to_vec());
    let erased = (
        messages::fingerprint.eq(digest),
        messages::fingerprint_version.eq(version),
        messages::reactions.eq(None::<String>),
        messages::pinned_at.eq(None::<i64>),
    );
    diesel::update(row).set(erased).execute(connection).await?;
    Ok(())
}

/// Erases the kinds of reactions to the message from the change log, also those that were taken back.
async fn erase_reactions_from_log(connection: &mut AsyncPgConnection, message: &Message) -> Stored<()> {
    let detail = ReactionChange::erased_detail(message.seq).to_stored();
    let detail = detail.map_err(|fault| UnreadableColumn { column: "detail", fault })?;
    // Written as the index `reaction_changes` has it.
    let of_message = conversation_changes::table
        .filter(sql::<Bool>("kind IN ('reaction_added', 'reaction_removed')"))
        .filter(conversation_changes::message_id.eq(message.id.as_uuid()));
    diesel::update(of_message).set(conversation_changes::detail.eq(detail)).execute(connection).await?;
    Ok(())
}
