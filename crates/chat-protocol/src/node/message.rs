use super::PacketError;
use super::conversation::WireKind;
use super::user::{WireUser, malformed, parsed};
use chat_domain::messages::{AttachmentUrl, Message, MessageBody};
use chat_domain::{ClientMessageId, ConversationId, MessageId, Pos, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
pub(super) struct WireMessage<'a> {
    id: Uuid,
    conversation_id: Uuid,
    kind: WireKind,
    seq: u64,
    pos: u64,
    sender: WireUser<'a>,
    body: Cow<'a, str>,
    attachment: Option<Cow<'a, str>>,
    reply_to: Option<Uuid>,
    client_message_id: Option<Cow<'a, str>>,
    created_at: i64,
    updated_at: i64,
    edited_at: Option<i64>,
    deleted_at: Option<i64>,
}

impl<'a> From<&'a Message> for WireMessage<'a> {
    fn from(message: &'a Message) -> Self {
        Self {
            id: message.id.as_uuid(),
            conversation_id: message.conversation_id.as_uuid(),
            kind: message.kind.into(),
            seq: message.seq.get(),
            pos: message.pos.get(),
            sender: (&message.sender).into(),
            body: message.body.as_str().into(),
            attachment: message.attachment.as_ref().map(|url| url.as_str().into()),
            reply_to: message.reply_to.map(MessageId::as_uuid),
            client_message_id: message.client_message_id.as_ref().map(|key| key.as_str().into()),
            created_at: message.created_at.as_unix_micros(),
            updated_at: message.updated_at.as_unix_micros(),
            edited_at: message.edited_at.map(Timestamp::as_unix_micros),
            deleted_at: message.deleted_at.map(Timestamp::as_unix_micros),
        }
    }
}

impl TryFrom<WireMessage<'_>> for Message {
    type Error = PacketError;

    fn try_from(wire: WireMessage<'_>) -> Result<Self, PacketError> {
        Ok(Self {
            id: MessageId::new(wire.id),
            conversation_id: ConversationId::new(wire.conversation_id),
            kind: wire.kind.into(),
            seq: Seq::new(wire.seq),
            pos: Pos::new(wire.pos),
            sender: wire.sender.try_into()?,
            body: MessageBody::from_stored(&wire.body).map_err(|fault| malformed(&fault))?,
            attachment: parsed(wire.attachment, AttachmentUrl::from_stored)?,
            reply_to: wire.reply_to.map(MessageId::new),
            client_message_id: parsed(wire.client_message_id, ClientMessageId::parse)?,
            created_at: Timestamp::from_unix_micros(wire.created_at),
            updated_at: Timestamp::from_unix_micros(wire.updated_at),
            edited_at: wire.edited_at.map(Timestamp::from_unix_micros),
            deleted_at: wire.deleted_at.map(Timestamp::from_unix_micros),
        })
    }
}
