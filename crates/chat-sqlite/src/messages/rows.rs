use super::related::Related;
use crate::fault::{Fault, Stored};
use crate::id::{Id, timestamp};
use crate::schema::{message_versions, messages};
use crate::users::SummaryRow;
use chat_domain::changes::ChangeRecord;
use chat_domain::columns::{parsed, parsed_option};
use chat_domain::conversations::ConversationKind;
use chat_domain::messages::{AttachmentUrl, Message, MessageBody, MessageVersion, Reactions};
use chat_domain::{Change, ClientMessageId, Metadata, Pos, Seq};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

#[derive(Queryable, Selectable)]
#[diesel(table_name = messages, check_for_backend(Sqlite))]
pub(crate) struct MessageRow {
    conversation_id: Id,
    seq: i64,
    id: Id,
    pos: i64,
    body: String,
    attachment: Option<String>,
    reply_to: Option<Id>,
    client_message_id: Option<String>,
    created_at: i64,
    updated_at: i64,
    edited_at: Option<i64>,
    deleted_at: Option<i64>,
    changed_pos: Option<i64>,
    deleted_by: Option<Id>,
    metadata: Option<String>,
    forwarded_sender_id: Option<Id>,
    forwarded_at: Option<i64>,
    reactions: Option<String>,
    pinned_at: Option<i64>,
}

impl MessageRow {
    /// The change by which this message was sent. It is unknown if this release cannot read the message, its sender or
    /// the kind of its conversation.
    pub(crate) fn into_change(self, sender: SummaryRow, kind: Option<ConversationKind>, related: &Related) -> Change {
        let (pos, at) = (Pos::from_i64(self.pos), timestamp(self.created_at));
        let sent = (sender.id(), self.id.into());
        let record = ChangeRecord::message_sent(self.conversation_id.into(), pos, at, sent);
        let message = kind.and_then(|kind| self.sent_by(sender, kind, related).ok());
        message.map_or_else(|| Change::unknown(record), Change::message_sent)
    }

    /// The id of the message to which this one replies.
    pub(super) const fn reply_to(&self) -> Option<Id> {
        self.reply_to
    }

    /// The id of the user whose message this one copies.
    pub(super) const fn origin(&self) -> Option<Id> {
        self.forwarded_sender_id
    }

    pub(crate) fn sent_by(self, sender: SummaryRow, kind: ConversationKind, related: &Related) -> Stored<Message> {
        let key = self.client_message_id.as_deref();
        // A node of an earlier release that deletes a message leaves the columns that it does not know.
        let is_there = self.deleted_at.is_none();
        let metadata = self.metadata.as_deref().filter(|_| is_there);
        let origin = self.forwarded_sender_id.zip(self.forwarded_at).filter(|_| is_there);
        Ok(Message {
            id: self.id.into(),
            conversation_id: self.conversation_id.into(),
            kind,
            seq: Seq::from_i64(self.seq),
            pos: Pos::from_i64(self.pos),
            changed: self.changed_pos.map(Pos::from_i64),
            sender: sender.try_into()?,
            body: parsed("body", &self.body, MessageBody::from_stored)?,
            attachment: parsed_option("attachment", self.attachment.as_deref(), AttachmentUrl::from_stored)?,
            metadata: parsed_option("metadata", metadata, Metadata::from_stored)?,
            forwarded_from: origin.and_then(|(id, at)| related.origin(id.into(), timestamp(at))),
            reply_to: self.reply_to.map(Into::into),
            quoted: self.reply_to.and_then(|id| related.quote(id.into())),
            reactions: parsed_option("reactions", self.reactions.as_deref(), Reactions::from_stored)?
                .filter(|_| is_there)
                .unwrap_or_default(),
            pinned_at: self.pinned_at.map(timestamp).filter(|_| is_there),
            client_message_id: parsed_option("client_message_id", key, ClientMessageId::parse)?,
            created_at: timestamp(self.created_at),
            updated_at: timestamp(self.updated_at),
            edited_at: self.edited_at.map(timestamp),
            deleted_at: self.deleted_at.map(timestamp),
            deleted_by: self.deleted_by.map(Into::into),
        })
    }
}

/// An earlier version of a message.
#[derive(Queryable, Selectable)]
#[diesel(table_name = message_versions, check_for_backend(Sqlite))]
pub(super) struct VersionRow {
    body: String,
    attachment: Option<String>,
    metadata: Option<String>,
    edited_at: i64,
    pos: i64,
}

impl TryFrom<VersionRow> for MessageVersion {
    type Error = Fault;

    fn try_from(row: VersionRow) -> Stored<Self> {
        let (edited_at, pos) = (timestamp(row.edited_at), Pos::from_i64(row.pos));
        Ok(Self::from_stored(&row.body, row.attachment.as_deref(), row.metadata.as_deref(), edited_at, pos)?)
    }
}
