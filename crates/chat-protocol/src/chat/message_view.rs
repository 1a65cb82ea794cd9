use super::{ChatRoomId, ChatTypeView};
use crate::messages::{ForwardedFromView, MessageStatusView, QuotedMessageView, ReactionView};
use crate::{MetadataView, TimestampView};
use chat_domain::conversations::{ConversationKind, MAX_LISTED_PARTICIPANTS};
use chat_domain::messages::{AttachmentUrl, HistoryPage, Message};
use chat_domain::receipts::{DeliveryStatus, ParticipantPositions, delivery_status, read_by};
use chat_domain::users::{AvatarUrl, UserSummary, Username};
use chat_domain::{MessageId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The sender of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct SenderDetailsView {
    /// The user's id.
    pub id: Uuid,
    /// The username; `null` if the account was deleted.
    pub username: Option<String>,
    /// The display name; `deleted user` if the account was deleted.
    pub name: String,
    /// The URL of the avatar, or `null`.
    pub avatar: Option<String>,
}

impl From<UserSummary> for SenderDetailsView {
    fn from(user: UserSummary) -> Self {
        Self {
            id: user.id.as_uuid(),
            username: user.username.as_ref().map(Username::as_str).map(str::to_owned),
            name: user.name,
            avatar: user.avatar.map(AvatarUrl::into_string),
        }
    }
}

/// A message of a private chat or a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ChatMessageView {
    /// The message's id.
    pub message_id: Uuid,
    /// The two user ids sorted and joined by `_`, or `group_<groupId>`.
    pub chat_room_id: String,
    /// The id of the chat's conversation.
    pub conversation_id: Uuid,
    /// The message's number in its conversation: 1, 2, 3 and so on, without gaps.
    pub seq: u64,
    /// Whether the chat is private or a group.
    pub chat_type: ChatTypeView,
    /// The position of its sending among the changes of the conversation.
    pub pos: u64,
    /// The position of its last change. A client replaces what it shows of a message only by a view in which this is
    /// higher.
    pub changed_pos: u64,
    /// The sender's id.
    pub sender: Uuid,
    /// The recipient. Only in private chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<Uuid>"))]
    pub receiver: Option<Uuid>,
    /// The group's id. Only in groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<Uuid>"))]
    pub group_id: Option<Uuid>,
    /// The text; empty if the message was deleted.
    pub message: String,
    /// The attachment's URL. Omitted if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<String>"))]
    pub attachment: Option<String>,
    /// The JSON object that the sender's product attached. Omitted if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<MetadataView>"))]
    pub metadata: Option<MetadataView>,
    /// Whose message this one is a copy of. Omitted if it was not forwarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<ForwardedFromView>"))]
    pub forwarded_from: Option<ForwardedFromView>,
    /// The delivery status.
    pub status: MessageStatusView,
    /// The ids of up to 100 members who have read the message. Only in groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<Vec<Uuid>>"))]
    pub read_by: Option<Vec<Uuid>>,
    /// The number of members who have read the message. Only in groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<u32>"))]
    pub read_count: Option<u32>,
    /// Whether the caller is the sender.
    pub is_mine: bool,
    /// The sender's profile.
    pub sender_details: SenderDetailsView,
    /// The message that this one replies to. Omitted if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<Uuid>"))]
    pub reply_to: Option<Uuid>,
    /// What it shows of that message. Omitted if the message is no reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<QuotedMessageView>"))]
    pub quoted: Option<QuotedMessageView>,
    /// The reactions, in the order in which each kind was first used: at most 20 kinds. Omitted if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<ReactionView>,
    /// The time when it was pinned. Omitted if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<TimestampView>"))]
    pub pinned_at: Option<TimestampView>,
    /// The sender's idempotency key. Only the sender receives it; omitted if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<String>"))]
    pub client_message_id: Option<String>,
    /// `true` if the message had already been stored under the same key; otherwise omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<bool>"))]
    pub duplicate: Option<bool>,
    /// The time when the server stored the message.
    pub created_at: TimestampView,
    /// The time of the last edit or the deletion, or else of the sending. Reactions and pins do not count.
    pub updated_at: TimestampView,
    /// The time of the last edit. Omitted if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<TimestampView>"))]
    pub edited_at: Option<TimestampView>,
    /// The time of the deletion. Omitted if the message was not deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<TimestampView>"))]
    pub deleted_at: Option<TimestampView>,
    /// The id of the user who deleted the message. Omitted if it was not deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<Uuid>"))]
    pub deleted_by: Option<Uuid>,
}

impl ChatMessageView {
    /// Creates the view for the sender (`own`) or for others. `read_by` are the other participants who have read the
    /// message.
    pub fn new(message: Message, status: DeliveryStatus, read_by: &[UserId], own: bool) -> Self {
        let (sender, is_group) = (message.sender.id, message.kind.is_group());
        let (receiver, group_id) = match message.kind {
            ConversationKind::Direct(pair) => (Some(pair.other(sender).as_uuid()), None),
            ConversationKind::Group | ConversationKind::Thread(_) => (None, Some(message.conversation_id.as_uuid())),
        };
        Self {
            message_id: message.id.as_uuid(),
            chat_room_id: ChatRoomId::of(message.kind, message.conversation_id).as_text(),
            conversation_id: message.conversation_id.as_uuid(),
            seq: message.seq.get(),
            chat_type: message.kind.into(),
            pos: message.pos.get(),
            changed_pos: message.changed_pos().get(),
            sender: sender.as_uuid(),
            receiver,
            group_id,
            message: message.body.into_string(),
            attachment: message.attachment.map(AttachmentUrl::into_string),
            metadata: message.metadata.map(MetadataView::from),
            forwarded_from: message.forwarded_from.map(|from| (*from).into()),
            status: status.into(),
            // In a large group, a page of messages would contain megabytes of ids.
            read_by: is_group
                .then(|| read_by.iter().take(MAX_LISTED_PARTICIPANTS).map(|user| user.as_uuid()).collect()),
            read_count: is_group.then(|| u32::try_from(read_by.len()).unwrap_or(u32::MAX)),
            is_mine: own,
            sender_details: message.sender.into(),
            reply_to: message.reply_to.map(MessageId::as_uuid),
            quoted: message.quoted.map(|quoted| (*quoted).into()),
            reactions: message.reactions.into_kinds().into_iter().map(ReactionView::from).collect(),
            pinned_at: message.pinned_at.map(TimestampView::from),
            client_message_id: message.client_message_id.filter(|_| own).map(|key| key.as_str().to_owned()),
            duplicate: None,
            created_at: message.created_at.into(),
            updated_at: message.updated_at.into(),
            edited_at: message.edited_at.map(TimestampView::from),
            deleted_at: message.deleted_at.map(TimestampView::from),
            deleted_by: message.deleted_by.map(UserId::as_uuid),
        }
    }

    /// Creates the view for `viewer`, with the status that these positions of the participants give.
    pub fn at(message: Message, viewer: UserId, participants: &[ParticipantPositions]) -> Self {
        let (seq, sender) = (message.seq, message.sender.id);
        let status = delivery_status(seq, sender, participants);
        Self::new(message, status, &read_by(seq, sender, participants), sender == viewer)
    }

    /// Returns the messages of a page for `viewer`, **oldest first**, each with the status that the participants'
    /// positions give.
    pub fn of_history(page: HistoryPage, viewer: UserId) -> Vec<Self> {
        let (positions, hidden) = (page.participants, page.hidden_reactions);
        let view = |message: Message| {
            let reactions = ReactionView::of_reader(&message, viewer, &hidden);
            Self { reactions, ..Self::at(message, viewer, &positions) }
        };
        page.messages.into_iter().rev().map(view).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_domain::conversations::DirectKey;
    use chat_domain::messages::{HiddenReactions, MessageBody, Reactions, SeqRange};
    use chat_domain::receipts::Positions;
    use chat_domain::{ClientMessageId, ConversationId, Pos, Seq, Timestamp};
    use serde_json::json;

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    fn message(kind: ConversationKind) -> Message {
        Message {
            id: MessageId::new(Uuid::from_u128(7)),
            conversation_id: ConversationId::new(Uuid::from_u128(9)),
            kind,
            seq: Seq::new(3),
            pos: Pos::new(4),
            changed: None,
            sender: UserSummary {
                id: user(2),
                username: Some(Username::parse("bob").expect("a username")),
                name: "Bob".into(),
                avatar: None,
            },
            body: MessageBody::parse("Hello").expect("a body"),
            attachment: None,
            reply_to: None,
            quoted: None,
            metadata: None,
            forwarded_from: None,
            reactions: Reactions::default(),
            pinned_at: None,
            client_message_id: Some(ClientMessageId::parse("k1").expect("a key")),
            created_at: Timestamp::from_unix_micros(1_767_605_400_000_000),
            updated_at: Timestamp::from_unix_micros(1_767_605_400_000_000),
            edited_at: None,
            deleted_at: None,
            deleted_by: None,
        }
    }

    fn positions(number: u128, delivered: u64, read: u64) -> ParticipantPositions {
        let positions = Positions { joined: Seq::ZERO, delivered: Seq::new(delivered), read: Seq::new(read) };
        ParticipantPositions { user_id: user(number), positions }
    }

    #[test]
    fn a_private_message_names_its_receiver_and_leaves_out_what_groups_have() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let message = message(ConversationKind::Direct(DirectKey::new(user(2), user(1))));
        let view = ChatMessageView::at(message, user(1), &[positions(1, 3, 0), positions(2, 3, 3)]);
        let at = "2026-01-05T09:30:00.000Z";
        assert_eq!(
            serde_json::to_value(view).expect("JSON"),
            json!({
                "messageId": Uuid::from_u128(7), "chatRoomId": format!("{one}_{two}"), "chatType": "PRIVATE",
                "conversationId": Uuid::from_u128(9), "seq": 3, "pos": 4, "changedPos": 4, "sender": two,
                "receiver": one, "message": "Hello", "status": "DELIVERED", "isMine": false,
                "senderDetails": {"id": two, "username": "bob", "name": "Bob", "avatar": null},
                "createdAt": at, "updatedAt": at
            })
        );
    }

    #[test]
    fn a_group_message_names_its_group_and_its_readers() {
        let nine = Uuid::from_u128(9);
        let others = [positions(1, 3, 3), positions(2, 3, 3), positions(3, 3, 2)];
        let view = serde_json::to_value(ChatMessageView::at(message(ConversationKind::Group), user(2), &others));
        let view = view.expect("JSON");
        assert_eq!(
            (&view["chatRoomId"], &view["groupId"], &view["chatType"]),
            (&json!(format!("group_{nine}")), &json!(nine), &json!("GROUP"))
        );
        assert_eq!((&view["readBy"], &view["status"]), (&json!([Uuid::from_u128(1)]), &json!("DELIVERED")));
        assert_eq!((&view["isMine"], &view["clientMessageId"]), (&json!(true), &json!("k1")));
        assert_eq!((view.get("receiver"), &view["readCount"]), (None, &json!(1)));
    }

    #[test]
    fn of_many_readers_a_hundred_are_named_and_all_are_counted() {
        let everyone: Vec<_> = (1..=1_000).map(|number| positions(number, 3, 3)).collect();
        let view = ChatMessageView::at(message(ConversationKind::Group), user(2), &everyone);
        assert_eq!((view.read_by.map(|readers| readers.len()), view.read_count), (Some(100), Some(999)));
    }

    #[test]
    fn a_page_is_shown_oldest_first() {
        let newer = Message { seq: Seq::new(4), ..message(ConversationKind::Group) };
        let page = HistoryPage {
            messages: vec![newer, message(ConversationKind::Group)],
            hidden_reactions: HiddenReactions::default(),
            range: SeqRange { first: Seq::new(3), last: Seq::new(4) },
            last_seq: Seq::new(4),
            last_pos: Pos::new(5),
            participants: vec![positions(1, 3, 3)],
        };
        let statuses: Vec<_> =
            ChatMessageView::of_history(page, user(1)).into_iter().map(|message| message.status).collect();
        assert_eq!(statuses, [MessageStatusView::Read, MessageStatusView::Sent]);
    }
}
