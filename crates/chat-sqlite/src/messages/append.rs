use super::quotes::find_quote;
use super::related::Related;
use super::rows::MessageRow;
use crate::changes::last_change;
use crate::conversations::{KindRow, is_active as is_active_parent};
use crate::fault::Stored;
use crate::id::{Id, micros};
use crate::schema::{conversations, messages, participants, users};
use crate::statement::cached_statement;
use crate::threads;
use crate::users::SummaryRow;
use chat_domain::conversations::ConversationKind;
use chat_domain::messages::{
    Appended, AttachmentUrl, BodyFingerprint, Draft, EarlierSend, Message, SendContext, SendPlace, Sender,
    StoredFingerprint, decide_send,
};
use chat_domain::users::UserSummary;
use chat_domain::{ActionError, ClientMessageId, ConversationId, Metadata, Pos, Seq, UserId};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use std::borrow::Cow;

pub(super) fn append(connection: &mut SqliteConnection, draft: &Draft) -> Result<Appended, ActionError> {
    let decided = decide_send(context(connection, draft)?, draft)?;
    if let Appended::New(message) | Appended::First(message) = &decided {
        store(connection, draft, message)?;
    }
    Ok(decided)
}

fn context(connection: &mut SqliteConnection, draft: &Draft) -> Stored<SendContext<'static>> {
    let Some(Found { place, sender, is_key_used }) = find_place(connection, draft)? else {
        return Ok(SendContext::default());
    };
    if is_key_used
        && let Some(key) = &draft.client_message_id
        && let Some(earlier) = find_earlier(connection, draft, key, place.kind)?
    {
        return Ok(SendContext { earlier: Some(earlier), ..SendContext::default() });
    }
    let quoted = match draft.content.reply_to {
        Some(answered) => find_quote(connection, draft.conversation_id, answered)?,
        None => None,
    };
    let source = match draft.content.forward_of {
        Some(of) => find_quote(connection, of.conversation_id, of.message_id)?,
        None => None,
    };
    let is_source_deleted = source.is_some_and(|source| source.deleted_at.is_some());
    Ok(SendContext { earlier: None, conversation: Some(place), sender, quoted, is_source_deleted })
}

fn find_earlier(
    connection: &mut SqliteConnection,
    draft: &Draft,
    key: &ClientMessageId,
    kind: ConversationKind,
) -> Stored<Option<EarlierSend<'static>>> {
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
    let related = Related::load(connection, std::iter::once(&message))?;
    Ok(Some(EarlierSend { message: Cow::Owned(message.sent_by(sender, kind, &related)?), fingerprint }))
}

/// The facts that every send needs.
struct Found {
    place: SendPlace,
    sender: Option<Sender<'static>>,
    /// Whether the sender has used the draft's key in this conversation.
    is_key_used: bool,
}

/// The conversation's newest `seq` and `pos`, its two times, whether it is active, its kind, whether the sender has
/// written in it, the sender, and whether the key is used.
type PlaceRow = (i64, i64, (i64, Option<i64>), bool, KindRow, Option<bool>, Option<SummaryRow>, bool);

fn find_place(connection: &mut SqliteConnection, draft: &Draft) -> Stored<Option<Found>> {
    let takes_part = participants::conversation_id
        .eq(conversations::id)
        .and(participants::user_id.eq(Id::from(draft.sender)))
        .and(participants::left_at.is_null());
    let is_there = users::id.eq(participants::user_id).and(users::deleted_at.is_null());
    let with_key = messages::table
        .filter(messages::conversation_id.eq(Id::from(draft.conversation_id)))
        .filter(messages::sender_id.eq(Id::from(draft.sender)))
        .filter(messages::client_message_id.eq(draft.client_message_id.as_ref().map(ClientMessageId::as_str)));
    let row: Option<PlaceRow> = conversations::table
        .left_join(participants::table.on(takes_part))
        .left_join(users::table.on(is_there))
        .filter(conversations::id.eq(Id::from(draft.conversation_id)))
        .select((
            conversations::last_seq,
            conversations::last_pos,
            (conversations::updated_at, conversations::changed_at),
            conversations::is_active,
            KindRow::as_select(),
            participants::has_written.nullable(),
            Option::<SummaryRow>::as_select(),
            exists(with_key),
        ))
        .get_result(connection)
        .optional()?;
    let Some((last_seq, last_pos, times, is_active, kind, has_written, sender, is_key_used)) = row else {
        return Ok(None);
    };
    let mut place = SendPlace {
        last_seq: Seq::from_i64(last_seq),
        last_pos: Pos::from_i64(last_pos),
        last_at: last_change(times.0, times.1),
        is_active,
        kind: kind.read()?,
    };
    let sender = match place.kind.parent() {
        Some(parent) => {
            place.is_active = is_active_parent(connection, parent)?;
            find_sender_in(connection, parent, draft.sender)?
        }
        None => sender,
    };
    let summary = sender.map(UserSummary::try_from).transpose()?;
    let has_written = has_written.unwrap_or(false);
    let sender = summary.map(|summary| Sender { summary: Cow::Owned(summary), has_written });
    Ok(Some(Found { place, sender, is_key_used }))
}

/// The sender, if they take part in the parent of a thread.
fn find_sender_in(
    connection: &mut SqliteConnection,
    parent: ConversationId,
    sender: UserId,
) -> Stored<Option<SummaryRow>> {
    Ok(participants::table
        .inner_join(users::table)
        .filter(participants::conversation_id.eq(Id::from(parent)))
        .filter(participants::user_id.eq(Id::from(sender)))
        .filter(participants::left_at.is_null())
        .filter(users::deleted_at.is_null())
        .select(SummaryRow::as_select())
        .get_result(connection)
        .optional()?)
}

/// All columns, null ones too: the statement is the same for every message and stays prepared.
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
    metadata: Option<String>,
    forwarded_sender_id: Option<Id>,
    forwarded_at: Option<i64>,
    reply_to: Option<Id>,
    client_message_id: Option<String>,
    fingerprint: Option<Vec<u8>>,
    fingerprint_version: i16,
    created_at: i64,
    updated_at: i64,
}

cached_statement!(
    /// Moves the conversation to a new message. The time that orders lists never moves back, whatever the clocks say.
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
    /// Marks the sent message, and all before it, as delivered to and read by the sender.
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
    let origin = message.forwarded_from.as_deref();
    let row = NewMessageRow {
        conversation_id: draft.conversation_id.into(),
        seq,
        id: draft.id.into(),
        pos,
        sender_id: draft.sender.into(),
        body: draft.content.body.as_str(),
        attachment: draft.content.attachment.clone().map(AttachmentUrl::into_string),
        metadata: draft.content.metadata.clone().map(Metadata::into_string),
        forwarded_sender_id: origin.map(|from| from.sender.id.into()),
        forwarded_at: origin.map(|from| micros(from.created_at)),
        reply_to: draft.content.reply_to.map(Id::from),
        client_message_id: draft.client_message_id.as_ref().map(|key| key.as_str().to_owned()),
        fingerprint: draft.client_message_id.as_ref().map(|_| draft.fingerprint.stored().digest.to_vec()),
        fingerprint_version: BodyFingerprint::VERSION,
        created_at: at,
        updated_at: at,
    };
    diesel::insert_into(messages::table).values(row).execute(connection)?;
    BumpConversation { id: draft.conversation_id.into(), seq, pos, at }.execute(connection)?;
    match message.kind.parent() {
        Some(parent) => threads::follow_by_sending(connection, parent, message)?,
        None => {
            BumpSender { conversation_id: draft.conversation_id.into(), user_id: draft.sender.into(), seq }
                .execute(connection)?;
        }
    }
    Ok(())
}
