use crate::users::UserSummaryView;
use crate::{MetadataView, TimestampView};
use chat_domain::messages::{
    AttachmentUrl, ForwardedFrom, FoundMessages, HiddenReactions, HistoryPage, Message, MessageVersion, QuotedMessage,
    Reaction,
};
use chat_domain::receipts::{DeliveryStatus, ParticipantPositions, delivery_status};
use chat_domain::{MessageId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The delivery status of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub enum MessageStatusView {
    /// Stored by the server.
    Sent,
    /// Delivered to all recipients.
    Delivered,
    /// Read by all recipients.
    Read,
}

impl From<DeliveryStatus> for MessageStatusView {
    fn from(status: DeliveryStatus) -> Self {
        match status {
            DeliveryStatus::Sent => Self::Sent,
            DeliveryStatus::Delivered => Self::Delivered,
            DeliveryStatus::Read => Self::Read,
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct MessageView {
    /// The message's id.
    pub id: Uuid,
    /// The conversation that the message belongs to.
    pub conversation_id: Uuid,
    /// The message's number in its conversation: 1, 2, 3 and so on, without gaps.
    pub seq: u64,
    /// The position of its sending among the changes of the conversation.
    pub pos: u64,
    /// The position of its last change. A client replaces what it shows of a message only by a view in which this is
    /// higher.
    pub changed_pos: u64,
    /// The sender.
    pub sender: UserSummaryView,
    /// The text; empty if the message was deleted.
    pub content: String,
    /// The attachment's URL, or `null`.
    pub attachment: Option<String>,
    /// The JSON object that the sender's product attached, or `null`.
    pub metadata: Option<MetadataView>,
    /// Whose message this one is a copy of; `null` if it was not forwarded.
    pub forwarded_from: Option<ForwardedFromView>,
    /// The message that this one replies to, or `null`.
    pub reply_to: Option<Uuid>,
    /// What it shows of that message; `null` if the message is no reply.
    pub quoted: Option<QuotedMessageView>,
    /// The reactions, in the order in which each kind was first used: at most 20 kinds.
    pub reactions: Vec<ReactionView>,
    /// The time when it was pinned, or `null`.
    pub pinned_at: Option<TimestampView>,
    /// The delivery status.
    pub status: MessageStatusView,
    /// The time when the server stored the message.
    pub created_at: TimestampView,
    /// The time of the last edit or the deletion, or else of the sending. Reactions and pins do not count.
    pub updated_at: TimestampView,
    /// The time of the last edit, or `null`.
    pub edited_at: Option<TimestampView>,
    /// The time of the deletion, or `null`.
    pub deleted_at: Option<TimestampView>,
    /// The id of the user who deleted the message, or `null`.
    pub deleted_by: Option<Uuid>,
    /// The sender's idempotency key. Only the sender receives it; omitted if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<String>"))]
    pub client_message_id: Option<String>,
    /// `true` if the message had already been stored under the same key; otherwise omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<bool>"))]
    pub duplicate: Option<bool>,
}

impl MessageView {
    /// Creates the view for the sender (`own`) or for others.
    pub fn new(message: Message, status: DeliveryStatus, own: bool) -> Self {
        Self {
            id: message.id.as_uuid(),
            conversation_id: message.conversation_id.as_uuid(),
            seq: message.seq.get(),
            pos: message.pos.get(),
            changed_pos: message.changed_pos().get(),
            sender: message.sender.into(),
            content: message.body.into_string(),
            attachment: message.attachment.map(AttachmentUrl::into_string),
            metadata: message.metadata.map(MetadataView::from),
            forwarded_from: message.forwarded_from.map(|from| (*from).into()),
            reply_to: message.reply_to.map(MessageId::as_uuid),
            quoted: message.quoted.map(|quoted| (*quoted).into()),
            reactions: message.reactions.into_kinds().into_iter().map(ReactionView::from).collect(),
            pinned_at: message.pinned_at.map(TimestampView::from),
            status: status.into(),
            created_at: message.created_at.into(),
            updated_at: message.updated_at.into(),
            edited_at: message.edited_at.map(TimestampView::from),
            deleted_at: message.deleted_at.map(TimestampView::from),
            deleted_by: message.deleted_by.map(UserId::as_uuid),
            client_message_id: message.client_message_id.filter(|_| own).map(|key| key.as_str().to_owned()),
            duplicate: None,
        }
    }

    /// Returns the messages of a page for `viewer`, each with the status that the participants' positions give.
    pub fn of_history(page: HistoryPage, viewer: UserId) -> Vec<Self> {
        let HistoryPage { messages, hidden_reactions, participants, .. } = page;
        Self::of_found(FoundMessages { messages, hidden_reactions, participants }, viewer)
    }

    /// Returns the found messages for `viewer`, each with the status that the participants' positions give.
    pub fn of_found(found: FoundMessages, viewer: UserId) -> Vec<Self> {
        let (positions, hidden) = (found.participants, found.hidden_reactions);
        found.messages.into_iter().map(|message| Self::at(message, viewer, &positions, &hidden)).collect()
    }

    /// Returns a message for `viewer`, with the status that the participants' positions give.
    pub fn at(message: Message, viewer: UserId, positions: &[ParticipantPositions], hidden: &HiddenReactions) -> Self {
        let (seq, sender) = (message.seq, message.sender.id);
        let reactions = ReactionView::of_reader(&message, viewer, hidden);
        let status = delivery_status(seq, sender, positions);
        Self { reactions, ..Self::new(message, status, sender == viewer) }
    }
}

/// The reactions of one kind to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ReactionView {
    /// The emoji, or the short name.
    pub emoji: String,
    /// The number of users who reacted so.
    pub count: u32,
    /// The first 20 of them, oldest first.
    pub user_ids: Vec<Uuid>,
    /// Whether the caller is one of them. Only in answers with messages of a history or by their ids; events and other
    /// answers omit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<bool>"))]
    pub mine: Option<bool>,
}

impl From<Reaction> for ReactionView {
    fn from(reaction: Reaction) -> Self {
        let user_ids = reaction.users.into_iter().map(UserId::as_uuid).collect();
        Self { emoji: reaction.emoji.into_string(), count: reaction.count, user_ids, mine: None }
    }
}

impl ReactionView {
    /// Returns the reactions to a message for a reader, whose reactions that the message does not name are `hidden`.
    pub(crate) fn of_reader(message: &Message, reader: UserId, hidden: &HiddenReactions) -> Vec<Self> {
        let view = |reaction: &Reaction| {
            let mine = reaction.users.contains(&reader) || hidden.contains(message.id, &reaction.emoji);
            Self { mine: Some(mine), ..reaction.clone().into() }
        };
        message.reactions.iter().map(view).collect()
    }
}

/// The origin of a forwarded message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ForwardedFromView {
    /// The user who wrote the message.
    pub sender: UserSummaryView,
    /// The time when they sent it.
    pub created_at: TimestampView,
}

impl From<ForwardedFrom> for ForwardedFromView {
    fn from(from: ForwardedFrom) -> Self {
        Self { sender: from.sender.into(), created_at: from.created_at.into() }
    }
}

/// A message to which another one replies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct QuotedMessageView {
    /// The message's id.
    pub id: Uuid,
    /// The message's number in its conversation.
    pub seq: u64,
    /// The sender.
    pub sender: UserSummaryView,
    /// The first 200 characters of the text; empty if the message was deleted.
    pub content: String,
    /// The time of the deletion, or `null`.
    pub deleted_at: Option<TimestampView>,
    /// The position of the message's last change. A client replaces a quote only by one in which this is higher.
    pub changed_pos: u64,
}

impl From<QuotedMessage> for QuotedMessageView {
    fn from(quoted: QuotedMessage) -> Self {
        Self {
            id: quoted.id.as_uuid(),
            seq: quoted.seq.get(),
            sender: quoted.sender.into(),
            content: quoted.excerpt.into_string(),
            deleted_at: quoted.deleted_at.map(TimestampView::from),
            changed_pos: quoted.changed_pos.get(),
        }
    }
}

/// An earlier version of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct MessageVersionView {
    /// The text.
    pub content: String,
    /// The attachment's URL, or `null`.
    pub attachment: Option<String>,
    /// The metadata, or `null`.
    pub metadata: Option<MetadataView>,
    /// The time of the edit that replaced this version.
    pub edited_at: TimestampView,
    /// The position of that edit among the changes of the conversation.
    pub pos: u64,
}

impl From<MessageVersion> for MessageVersionView {
    fn from(version: MessageVersion) -> Self {
        Self {
            content: version.body.into_string(),
            attachment: version.attachment.map(AttachmentUrl::into_string),
            metadata: version.metadata.map(MetadataView::from),
            edited_at: version.edited_at.into(),
            pos: version.pos.get(),
        }
    }
}
