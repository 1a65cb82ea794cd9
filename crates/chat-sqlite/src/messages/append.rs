use super::history::find_in_conversation;
use super::rows::MessageRow;
use crate::conversations::kind_from;
use crate::fault::Stored;
use crate::id::{Id, micros, timestamp};
use crate::schema::{conversations, messages, participants, users};
use crate::statement::cached_statement;
use crate::users::SummaryRow;
use chat_domain::conversations::ConversationKind;
use chat_domain::messages::{AppendError, Appended, AttachmentUrl, BodyFingerprint, Draft, Message, StoredFingerprint};
use chat_domain::users::UserSummary;
use chat_domain::{ClientMessageId, ConversationId, Pos, Seq, Timestamp};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

pub(super) fn append(connection: &mut SqliteConnection, draft: &Draft) -> Result<Appended, AppendError> {
    // Before membership: whoever was removed since may still learn that the message had arrived.
    if let Some(key) = &draft.client_message_id
        && let Some((message, fingerprint)) = find_replay(connection, draft, key)?
    {
        let same = fingerprint.is_some_and(|stored| draft.fingerprint.is_of(&stored));
        return if same { Ok(Appended::Replayed(message)) } else { Err(AppendError::KeyReused) };
    }
    let standing = find_standing(connection, draft)?.ok_or(AppendError::UnknownConversation)?;
    let sender = standing.sender.ok_or(AppendError::NotAParticipant)?;
    if !standing.is_active {
        return Err(AppendError::Inactive);
    }
    if let Some(answered) = draft.reply_to
        && find_in_conversation(connection, draft.conversation_id, answered)?.is_none()
    {
        return Err(AppendError::UnknownReply);
    }
    let numbers = (standing.last_seq.next(), standing.last_pos.next());
    // Clocks step back: time never runs against the numbers.
    let message = message(draft, sender, standing.kind, numbers, standing.last_at.max(draft.sent_at));
    store(connection, draft, &message)?;
    let is_first = !standing.kind.is_group() && !standing.has_written;
    Ok(if is_first { Appended::First(message) } else { Appended::New(message) })
}

/// What a send must know of its conversation and its sender.
struct Standing {
    last_seq: Seq,
    last_pos: Pos,
    /// When the conversation's last change took place.
    last_at: Timestamp,
    is_active: bool,
    kind: ConversationKind,
    /// `None` for whoever does not take part, or has deleted their account a moment ago.
    sender: Option<UserSummary>,
    /// Whether the sender has written here before.
    has_written: bool,
}

fn find_replay(
    connection: &mut SqliteConnection,
    draft: &Draft,
    key: &ClientMessageId,
) -> Stored<Option<(Message, Option<StoredFingerprint>)>> {
    let row: Option<(MessageRow, SummaryRow, Option<Vec<u8>>, i16)> = messages::table
        .inner_join(users::table)
        .filter(messages::conversation_id.eq(Id::from(draft.conversation_id)))
        .filter(messages::sender_id.eq(Id::from(draft.sender)))
        .filter(messages::client_message_id.eq(key.as_str()))
        .select((
            MessageRow::as_select(),
            SummaryRow::as_select(),
            messages::fingerprint,
            messages::fingerprint_version,
        ))
        .get_result(connection)
        .optional()?;
    let Some((message, sender, digest, version)) = row else { return Ok(None) };
    let digest = digest.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let fingerprint = digest.map(|digest| StoredFingerprint { version, digest });
    let kind = find_kind(connection, draft.conversation_id)?;
    Ok(Some((message.sent_by(sender, kind)?, fingerprint)))
}

/// Only a replay asks for it alone: it is seldom, and a send should not look up more for it.
fn find_kind(connection: &mut SqliteConnection, conversation: ConversationId) -> Stored<ConversationKind> {
    let direct_key: Option<String> =
        conversations::table.find(Id::from(conversation)).select(conversations::direct_key).get_result(connection)?;
    kind_from(direct_key.as_deref())
}

/// The newest numbers and time, whether the conversation is active, its pair, whether the sender has written there, and
/// the sender.
type StandingRow = (i64, i64, i64, bool, Option<String>, Option<bool>, Option<SummaryRow>);

fn find_standing(connection: &mut SqliteConnection, draft: &Draft) -> Stored<Option<Standing>> {
    let takes_part = participants::conversation_id
        .eq(conversations::id)
        .and(participants::user_id.eq(Id::from(draft.sender)))
        .and(participants::left_at.is_null());
    let exists = users::id.eq(participants::user_id).and(users::deleted_at.is_null());
    let row: Option<StandingRow> = conversations::table
        .left_join(participants::table.on(takes_part))
        .left_join(users::table.on(exists))
        .filter(conversations::id.eq(Id::from(draft.conversation_id)))
        .select((
            conversations::last_seq,
            conversations::last_pos,
            conversations::updated_at,
            conversations::is_active,
            conversations::direct_key,
            participants::has_written.nullable(),
            Option::<SummaryRow>::as_select(),
        ))
        .get_result(connection)
        .optional()?;
    row.map(|(last_seq, last_pos, updated_at, is_active, direct_key, has_written, sender)| {
        Ok(Standing {
            last_seq: Seq::from_i64(last_seq),
            last_pos: Pos::from_i64(last_pos),
            last_at: timestamp(updated_at),
            is_active,
            kind: kind_from(direct_key.as_deref())?,
            sender: sender.map(UserSummary::try_from).transpose()?,
            has_written: has_written.unwrap_or(false),
        })
    })
    .transpose()
}

fn message(
    draft: &Draft,
    sender: UserSummary,
    kind: ConversationKind,
    (seq, pos): (Seq, Pos),
    at: Timestamp,
) -> Message {
    Message {
        id: draft.id,
        conversation_id: draft.conversation_id,
        kind,
        seq,
        pos,
        sender,
        body: draft.body.clone(),
        attachment: draft.attachment.clone(),
        reply_to: draft.reply_to,
        client_message_id: draft.client_message_id.clone(),
        created_at: at,
        updated_at: at,
        edited_at: None,
        deleted_at: None,
    }
}

/// All columns, empty ones too: the statement is the same for every message and stays prepared.
#[derive(Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
struct NewMessageRow<'a> {
    conversation_id: Id,
    seq: i64,
    id: Id,
    pos: i64,
    sender_id: Id,
    body: &'a str,
    attachment: Option<String>,
    reply_to: Option<Id>,
    client_message_id: Option<String>,
    fingerprint: Option<Vec<u8>>,
    fingerprint_version: i16,
    created_at: i64,
    updated_at: i64,
}

cached_statement!(
    /// Moves the conversation to a new message. The order of lists never goes back, whatever the clocks say.
    BumpConversation { id: Id, seq: i64, pos: i64, at: i64 }
    "UPDATE conversations SET last_seq = ",
    seq as BigInt,
    ", last_pos = ",
    pos as BigInt,
    ", updated_at = max(updated_at, ",
    at as BigInt,
    ") WHERE id = ",
    id as Binary,
    "",
);

cached_statement!(
    /// What one has written, and all before it, one has received and read.
    BumpSender { conversation_id: Id, user_id: Id, seq: i64 }
    "UPDATE participants SET delivered_seq = ",
    seq as BigInt,
    ", read_seq = ",
    seq as BigInt,
    ", has_written = TRUE WHERE conversation_id = ",
    conversation_id as Binary,
    " AND user_id = ",
    user_id as Binary,
    "",
);

fn store(connection: &mut SqliteConnection, draft: &Draft, message: &Message) -> Stored<()> {
    let (seq, pos, at) = (message.seq.to_i64(), message.pos.to_i64(), micros(message.created_at));
    let row = NewMessageRow {
        conversation_id: draft.conversation_id.into(),
        seq,
        id: draft.id.into(),
        pos,
        sender_id: draft.sender.into(),
        body: draft.body.as_str(),
        attachment: draft.attachment.clone().map(AttachmentUrl::into_string),
        reply_to: draft.reply_to.map(Id::from),
        client_message_id: draft.client_message_id.as_ref().map(|key| key.as_str().to_owned()),
        fingerprint: draft.client_message_id.as_ref().map(|_| draft.fingerprint.stored().digest.to_vec()),
        fingerprint_version: BodyFingerprint::VERSION,
        created_at: at,
        updated_at: at,
    };
    diesel::insert_into(messages::table).values(row).execute(connection)?;
    BumpConversation { id: draft.conversation_id.into(), seq, pos, at }.execute(connection)?;
    BumpSender { conversation_id: draft.conversation_id.into(), user_id: draft.sender.into(), seq }
        .execute(connection)?;
    Ok(())
}
