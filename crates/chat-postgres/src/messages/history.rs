use super::reactions::load_hidden;
use super::related::Related;
use super::rows::MessageRow;
use crate::conversations::{KindRow, takes_part};
use crate::fault::{Fault, Stored};
use crate::receipts::{PositionColumns, positions};
use crate::schema::{conversations, messages, participants, pinned_messages, users};
use crate::threads;
use crate::users::SummaryRow;
use chat_domain::conversations::ConversationKind;
use chat_domain::messages::{Anchor, FoundMessages, HistoryPage, HistoryRequest, Message, SeqRange};
use chat_domain::receipts::ParticipantPositions;
use chat_domain::{ActionError, ConversationId, MessageId, Pos, Refusal, Seq, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;
use uuid::Uuid;

/// Needs no transaction: every message up to the newest one that the first statement sees also exists for the later
/// statements, and the first statement decides who may read.
pub(super) async fn history(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    reader: UserId,
    request: HistoryRequest,
) -> Result<HistoryPage, ActionError> {
    let Head { last_seq, last_pos, kind, participants } = load_head_for(connection, conversation, reader).await?;
    let anchor = match request.anchor() {
        Some(Anchor::Message(id)) => {
            find_in_conversation(connection, conversation, id).await?.ok_or(Refusal::UnknownMessage)?
        }
        Some(Anchor::Seq(seq)) => seq,
        None => last_seq,
    };
    let range = request.range(anchor, last_seq);
    let messages = load_range(connection, (conversation, kind), range).await?;
    let hidden_reactions = load_hidden(connection, &messages, reader).await?;
    Ok(HistoryPage { messages, hidden_reactions, range, last_seq, last_pos, participants })
}

/// Needs no transaction, for the reasons given at [`history`].
pub(super) async fn find_many(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    reader: UserId,
    ids: &[MessageId],
) -> Result<FoundMessages, ActionError> {
    let Head { kind, participants, .. } = load_head_for(connection, conversation, reader).await?;
    let messages = load_named(connection, (conversation, kind), ids).await?;
    let hidden_reactions = load_hidden(connection, &messages, reader).await?;
    Ok(FoundMessages { messages, hidden_reactions, participants })
}

/// The `seq` of a message of this conversation.
pub(crate) async fn find_in_conversation(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    message: MessageId,
) -> Stored<Option<Seq>> {
    let seq: Option<i64> = messages::table
        .filter(messages::id.eq(message.as_uuid()))
        .filter(messages::conversation_id.eq(conversation.as_uuid()))
        .select(messages::seq)
        .get_result(connection)
        .await
        .optional()?;
    Ok(seq.map(Seq::from_i64))
}

/// The newest message of each of these conversations, without quotes, by one query. Leaves out conversations without
/// messages, and messages that this release cannot read.
pub(crate) async fn last_messages(
    connection: &mut AsyncPgConnection,
    ids: &[ConversationId],
) -> Stored<HashMap<ConversationId, Message>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows: Vec<(MessageRow, SummaryRow, KindRow)> = messages::table
        .inner_join(conversations::table)
        .inner_join(users::table)
        .filter(conversations::id.eq_any(ids))
        .filter(messages::seq.eq(conversations::last_seq))
        .select((MessageRow::as_select(), SummaryRow::as_select(), KindRow::as_select()))
        .load(connection)
        .await?;
    let readable = rows.into_iter().filter_map(|(message, sender, kind)| {
        let message = message.sent_by(sender, kind.read().ok()?, &Related::default()).ok()?;
        Some((message.conversation_id, message))
    });
    Ok(readable.collect())
}

pub(super) async fn list_pinned(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    reader: UserId,
) -> Result<FoundMessages, ActionError> {
    let Head { last_seq, kind, participants, .. } = load_head_for(connection, conversation, reader).await?;
    let mut messages = load_pinned(connection, (conversation, kind), last_seq).await?;
    messages.sort_by_key(|message| std::cmp::Reverse((message.pinned_at, message.seq)));
    let hidden_reactions = load_hidden(connection, &messages, reader).await?;
    Ok(FoundMessages { messages, hidden_reactions, participants })
}

/// A conversation that the reader may read.
struct Head {
    last_seq: Seq,
    last_pos: Pos,
    kind: ConversationKind,
    participants: Vec<ParticipantPositions>,
}

type HeadRow = (i64, i64, KindRow, Uuid, PositionColumns);

async fn load_head_for(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    reader: UserId,
) -> Result<Head, ActionError> {
    let Some(head) = load_head(connection, conversation).await? else {
        return load_thread_head(connection, conversation, reader).await;
    };
    if !head.participants.iter().any(|participant| participant.user_id == reader) {
        return Err(Refusal::NotAParticipant.into());
    }
    Ok(head)
}

async fn load_head(connection: &mut AsyncPgConnection, conversation: ConversationId) -> Stored<Option<Head>> {
    let columns = (participants::joined_seq, participants::delivered_seq, participants::read_seq);
    let rows: Vec<HeadRow> = participants::table
        .inner_join(conversations::table)
        .filter(participants::conversation_id.eq(conversation.as_uuid()))
        .filter(participants::left_at.is_null())
        .select((
            conversations::last_seq,
            conversations::last_pos,
            KindRow::as_select(),
            participants::user_id,
            columns,
        ))
        .load(connection)
        .await?;
    let Some((last_seq, last_pos, kind, ..)) = rows.as_slice().first() else { return Ok(None) };
    let (last_seq, last_pos, kind) = (Seq::from_i64(*last_seq), Pos::from_i64(*last_pos), kind.read()?);
    let of_one = |(_, _, _, user, columns): HeadRow| ParticipantPositions {
        user_id: UserId::new(user),
        positions: positions(columns),
    };
    Ok(Some(Head { last_seq, last_pos, kind, participants: rows.into_iter().map(of_one).collect() }))
}

/// The same for a conversation without participants, which may be a thread.
async fn load_thread_head(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    reader: UserId,
) -> Result<Head, ActionError> {
    let row: Option<(i64, i64, KindRow)> = conversations::table
        .find(conversation.as_uuid())
        .select((conversations::last_seq, conversations::last_pos, KindRow::as_select()))
        .get_result(connection)
        .await
        .optional()
        .map_err(Fault::from)?;
    let (last_seq, last_pos, kind) = row.ok_or(Refusal::UnknownConversation)?;
    let kind = kind.read()?;
    let parent = kind.parent().ok_or(Refusal::NotAParticipant)?;
    // After the reading of the newest message: the user may read everything up to it.
    if !takes_part(connection, parent, reader).await? {
        return Err(Refusal::NotAParticipant.into());
    }
    let participants = threads::load_positions(connection, conversation).await?;
    Ok(Head { last_seq: Seq::from_i64(last_seq), last_pos: Pos::from_i64(last_pos), kind, participants })
}

/// The messages of this range that this release can read, newest first.
async fn load_range(
    connection: &mut AsyncPgConnection,
    (conversation, kind): (ConversationId, ConversationKind),
    range: SeqRange,
) -> Stored<Vec<Message>> {
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(MessageRow, SummaryRow)> = messages::table
        .inner_join(users::table)
        .filter(messages::conversation_id.eq(conversation.as_uuid()))
        .filter(messages::seq.between(range.first.to_i64(), range.last.to_i64()))
        .order(messages::seq.desc())
        .select((MessageRow::as_select(), SummaryRow::as_select()))
        .load(connection)
        .await?;
    read(connection, kind, rows).await
}

/// Those of these messages that are in the conversation and that this release can read.
async fn load_named(
    connection: &mut AsyncPgConnection,
    (conversation, kind): (ConversationId, ConversationKind),
    ids: &[MessageId],
) -> Stored<Vec<Message>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows: Vec<(MessageRow, SummaryRow)> = messages::table
        .inner_join(users::table)
        .filter(messages::id.eq_any(ids))
        .filter(messages::conversation_id.eq(conversation.as_uuid()))
        .select((MessageRow::as_select(), SummaryRow::as_select()))
        .load(connection)
        .await?;
    read(connection, kind, rows).await
}

/// Those of these messages that this release can read.
async fn read(
    connection: &mut AsyncPgConnection,
    kind: ConversationKind,
    rows: Vec<(MessageRow, SummaryRow)>,
) -> Stored<Vec<Message>> {
    let related = Related::load(connection, rows.iter().map(|(message, _)| message)).await?;
    Ok(rows.into_iter().filter_map(|(message, sender)| message.sent_by(sender, kind, &related).ok()).collect())
}

/// The pinned messages that this release can read.
async fn load_pinned(
    connection: &mut AsyncPgConnection,
    (conversation, kind): (ConversationId, ConversationKind),
    last_seq: Seq,
) -> Stored<Vec<Message>> {
    let is_this = pinned_messages::conversation_id.eq(messages::conversation_id);
    let rows: Vec<(MessageRow, SummaryRow)> = pinned_messages::table
        .inner_join(messages::table.on(is_this.and(pinned_messages::seq.eq(messages::seq))))
        .inner_join(users::table.on(users::id.eq(messages::sender_id)))
        .filter(pinned_messages::conversation_id.eq(conversation.as_uuid()))
        .filter(pinned_messages::seq.le(last_seq.to_i64()))
        .filter(messages::deleted_at.is_null())
        .select((MessageRow::as_select(), SummaryRow::as_select()))
        .load(connection)
        .await?;
    read(connection, kind, rows).await
}
