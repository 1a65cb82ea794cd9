use super::reactions::load_hidden;
use super::related::Related;
use super::rows::MessageRow;
use crate::conversations::{KindRow, takes_part};
use crate::fault::Stored;
use crate::id::{IN_LIST, Id, id_list};
use crate::schema::{conversations, messages, participants, pinned_messages, users};
use crate::threads;
use crate::users::SummaryRow;
use chat_domain::conversations::ConversationKind;
use chat_domain::messages::{Anchor, FoundMessages, HistoryPage, HistoryRequest, Message, SeqRange};
use chat_domain::receipts::{ParticipantPositions, Positions};
use chat_domain::{ActionError, ConversationId, MessageId, Pos, Refusal, Seq, UserId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use std::collections::HashMap;

pub(super) fn history(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    reader: UserId,
    request: HistoryRequest,
) -> Result<HistoryPage, ActionError> {
    let Head { last_seq, last_pos, kind, participants } = load_head(connection, conversation, reader)?;
    let anchor = match request.anchor() {
        Some(Anchor::Message(id)) => {
            find_in_conversation(connection, conversation, id)?.ok_or(Refusal::UnknownMessage)?
        }
        Some(Anchor::Seq(seq)) => seq,
        None => last_seq,
    };
    let range = request.range(anchor, last_seq);
    let messages = load_range(connection, (conversation, kind), range)?;
    let hidden_reactions = load_hidden(connection, &messages, reader)?;
    Ok(HistoryPage { messages, hidden_reactions, range, last_seq, last_pos, participants })
}

pub(super) fn find_many(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    reader: UserId,
    ids: &[MessageId],
) -> Result<FoundMessages, ActionError> {
    let Head { kind, participants, .. } = load_head(connection, conversation, reader)?;
    let messages = load_named(connection, (conversation, kind), ids)?;
    let hidden_reactions = load_hidden(connection, &messages, reader)?;
    Ok(FoundMessages { messages, hidden_reactions, participants })
}

pub(super) fn list_pinned(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    reader: UserId,
) -> Result<FoundMessages, ActionError> {
    let Head { last_seq, kind, participants, .. } = load_head(connection, conversation, reader)?;
    let mut messages = load_pinned(connection, (conversation, kind), last_seq)?;
    messages.sort_by_key(|message| std::cmp::Reverse((message.pinned_at, message.seq)));
    let hidden_reactions = load_hidden(connection, &messages, reader)?;
    Ok(FoundMessages { messages, hidden_reactions, participants })
}

/// A conversation that the reader may read.
struct Head {
    last_seq: Seq,
    last_pos: Pos,
    kind: ConversationKind,
    participants: Vec<ParticipantPositions>,
}

fn load_head(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    reader: UserId,
) -> Result<Head, ActionError> {
    let (last_seq, last_pos, kind) = find_head(connection, conversation)?.ok_or(Refusal::UnknownConversation)?;
    let participants = load_positions(connection, conversation, kind)?;
    let is_participant = match kind.parent() {
        Some(parent) => takes_part(connection, parent, reader)?,
        None => participants.iter().any(|participant| participant.user_id == reader),
    };
    if !is_participant {
        return Err(Refusal::NotAParticipant.into());
    }
    Ok(Head { last_seq, last_pos, kind, participants })
}

/// The `seq` of a message of this conversation.
pub(crate) fn find_in_conversation(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    message: MessageId,
) -> Stored<Option<Seq>> {
    let seq: Option<i64> = messages::table
        .filter(messages::id.eq(Id::from(message)))
        .filter(messages::conversation_id.eq(Id::from(conversation)))
        .select(messages::seq)
        .get_result(connection)
        .optional()?;
    Ok(seq.map(Seq::from_i64))
}

/// The newest message of each of these conversations, without quotes, by one query. Leaves out conversations without
/// messages, and messages that this release cannot read.
pub(crate) fn last_messages(
    connection: &mut SqliteConnection,
    ids: &[ConversationId],
) -> Stored<HashMap<ConversationId, Message>> {
    let these = sql::<Bool>("conversations.id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    let rows: Vec<(MessageRow, SummaryRow, KindRow)> = messages::table
        .inner_join(conversations::table)
        .inner_join(users::table)
        .filter(these)
        .filter(messages::seq.eq(conversations::last_seq))
        .select((MessageRow::as_select(), SummaryRow::as_select(), KindRow::as_select()))
        .load(connection)?;
    let readable = rows.into_iter().filter_map(|(message, sender, kind)| {
        let message = message.sent_by(sender, kind.read().ok()?, &Related::default()).ok()?;
        Some((message.conversation_id, message))
    });
    Ok(readable.collect())
}

fn find_head(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
) -> Stored<Option<(Seq, Pos, ConversationKind)>> {
    let row: Option<(i64, i64, KindRow)> = conversations::table
        .find(Id::from(conversation))
        .select((conversations::last_seq, conversations::last_pos, KindRow::as_select()))
        .get_result(connection)
        .optional()?;
    row.map(|(last_seq, last_pos, kind)| Ok((Seq::from_i64(last_seq), Pos::from_i64(last_pos), kind.read()?)))
        .transpose()
}

/// The positions of the participants, or of the followers of a thread.
pub(crate) fn load_positions(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    kind: ConversationKind,
) -> Stored<Vec<ParticipantPositions>> {
    if kind.parent().is_some() {
        return threads::load_positions(connection, conversation);
    }
    let rows: Vec<(Id, i64, i64, i64)> = participants::table
        .filter(participants::conversation_id.eq(Id::from(conversation)))
        .filter(participants::left_at.is_null())
        .select((participants::user_id, participants::joined_seq, participants::delivered_seq, participants::read_seq))
        .load(connection)?;
    let positions = |(user_id, joined, delivered, read): (Id, i64, i64, i64)| ParticipantPositions {
        user_id: user_id.into(),
        positions: Positions {
            joined: Seq::from_i64(joined),
            delivered: Seq::from_i64(delivered),
            read: Seq::from_i64(read),
        },
    };
    Ok(rows.into_iter().map(positions).collect())
}

/// The messages of this range that this release can read, newest first.
fn load_range(
    connection: &mut SqliteConnection,
    (conversation, kind): (ConversationId, ConversationKind),
    range: SeqRange,
) -> Stored<Vec<Message>> {
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(MessageRow, SummaryRow)> = messages::table
        .inner_join(users::table)
        .filter(messages::conversation_id.eq(Id::from(conversation)))
        .filter(messages::seq.between(range.first.to_i64(), range.last.to_i64()))
        .order(messages::seq.desc())
        .select((MessageRow::as_select(), SummaryRow::as_select()))
        .load(connection)?;
    read(connection, kind, rows)
}

/// Those of these messages that are in the conversation and that this release can read.
fn load_named(
    connection: &mut SqliteConnection,
    (conversation, kind): (ConversationId, ConversationKind),
    ids: &[MessageId],
) -> Stored<Vec<Message>> {
    let these = sql::<Bool>("messages.id").sql(IN_LIST).bind::<Text, _>(id_list(ids)).sql("))");
    let rows: Vec<(MessageRow, SummaryRow)> = messages::table
        .inner_join(users::table)
        .filter(these)
        .filter(messages::conversation_id.eq(Id::from(conversation)))
        .select((MessageRow::as_select(), SummaryRow::as_select()))
        .load(connection)?;
    read(connection, kind, rows)
}

/// Those of these messages that this release can read.
fn read(
    connection: &mut SqliteConnection,
    kind: ConversationKind,
    rows: Vec<(MessageRow, SummaryRow)>,
) -> Stored<Vec<Message>> {
    let related = Related::load(connection, rows.iter().map(|(message, _)| message))?;
    Ok(rows.into_iter().filter_map(|(message, sender)| message.sent_by(sender, kind, &related).ok()).collect())
}

/// The pinned messages that this release can read.
fn load_pinned(
    connection: &mut SqliteConnection,
    (conversation, kind): (ConversationId, ConversationKind),
    last_seq: Seq,
) -> Stored<Vec<Message>> {
    let is_this = pinned_messages::conversation_id.eq(messages::conversation_id);
    let rows: Vec<(MessageRow, SummaryRow)> = pinned_messages::table
        .inner_join(messages::table.on(is_this.and(pinned_messages::seq.eq(messages::seq))))
        .inner_join(users::table.on(users::id.eq(messages::sender_id)))
        .filter(pinned_messages::conversation_id.eq(Id::from(conversation)))
        .filter(pinned_messages::seq.le(last_seq.to_i64()))
        .filter(messages::deleted_at.is_null())
        .select((MessageRow::as_select(), SummaryRow::as_select()))
        .load(connection)?;
    read(connection, kind, rows)
}
