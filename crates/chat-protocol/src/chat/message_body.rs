use super::{ChatRoomId, ChatTypeView, Untrusted};
use crate::body::check;
use crate::messages::{not_beside, own_text};
use crate::{Body, Fault, InvalidBody, Optional, Required, valid};
use chat_domain::conversations::DirectKey;
use chat_domain::messages::{AttachmentUrl, ForwardOf, MessageBody, MessageContent};
use chat_domain::receipts::DeliveryStatus;
use chat_domain::{ClientMessageId, ConversationId, MessageId, Metadata, PageLimit, PageNumber, PageRequest, UserId};
use garde::Validate;
use serde::Deserialize;

/// The body of `POST /chat/message`, and `messageData` of the frame `sendMessage`. If `chatType` is missing, a message
/// with a `groupId` is a group message.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ChatMessageBody {
    /// Ignored. `receiver` and `groupId` are the destination.
    #[garde(custom(valid))]
    #[serde(default)]
    chat_room_id: Optional<Untrusted>,
    #[garde(custom(valid))]
    #[serde(default)]
    chat_type: Optional<ChatTypeView>,
    #[garde(custom(valid))]
    #[serde(default)]
    receiver: Optional<UserId>,
    #[garde(custom(valid))]
    #[serde(default)]
    group_id: Optional<ConversationId>,
    /// The text. Required, unless the message is forwarded.
    #[garde(custom(valid), custom(own_text(&self.forward_of)))]
    #[serde(default)]
    message: Optional<MessageBody>,
    #[garde(custom(valid), custom(not_beside(&self.forward_of)))]
    #[serde(default)]
    attachment: Optional<AttachmentUrl>,
    /// Any JSON object of up to 4,096 bytes, for the product.
    #[garde(custom(valid))]
    #[serde(default)]
    metadata: Optional<Metadata>,
    /// The message of which this one is a copy: it has its text and its attachment.
    #[garde(custom(valid))]
    #[serde(default)]
    forward_of: Optional<ForwardOf>,
    #[garde(custom(valid))]
    #[serde(default)]
    client_message_id: Optional<ClientMessageId>,
    #[garde(custom(valid))]
    #[serde(default)]
    reply_to: Optional<MessageId>,
}

impl Body for ChatMessageBody {
    /// The sender is the user of the token. The server sets id and status.
    const IGNORED: &'static [&'static str] = &["sender", "messageId", "status"];
}

/// The destination of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatReceiver {
    /// This user, in the private chat with them.
    User(UserId),
    /// This group.
    Group(ConversationId),
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// The destination.
    pub receiver: ChatReceiver,
    /// The content.
    pub content: MessageContent,
    /// The client's idempotency key, if any.
    pub client_message_id: Option<ClientMessageId>,
}

impl ChatMessageBody {
    /// Parses the message and its destination.
    pub fn parse(self) -> Result<ChatMessage, InvalidBody> {
        let mut faults = check(&self, &()).err().map_or_else(Vec::new, |invalid| invalid.faults);
        let inferred = if self.group_id.is_given() { ChatTypeView::Group } else { ChatTypeView::Private };
        let (named, other, kind) = match self.chat_type.clone().take().unwrap_or(inferred) {
            ChatTypeView::Private => {
                (("receiver", self.receiver.is_given()), ("groupId", self.group_id.is_given()), "PRIVATE")
            }
            ChatTypeView::Group => {
                (("groupId", self.group_id.is_given()), ("receiver", self.receiver.is_given()), "GROUP")
            }
        };
        if !named.1 {
            faults.push(Fault::new(named.0, format!("is required for a {kind} message")));
        }
        if other.1 {
            faults.push(Fault::new(other.0, format!("must not be given for a {kind} message")));
        }
        if let Some(invalid) = InvalidBody::from_faults(faults) {
            return Err(invalid);
        }
        let receiver = match (self.receiver.take(), self.group_id.take()) {
            (_, Some(group)) => ChatReceiver::Group(group),
            (Some(user), None) => ChatReceiver::User(user),
            (None, None) => return Err(InvalidBody::of("receiver", "is required")),
        };
        Ok(ChatMessage {
            receiver,
            content: MessageContent {
                body: self.message.take().unwrap_or_else(MessageBody::empty),
                attachment: self.attachment.take(),
                metadata: self.metadata.take(),
                forward_of: self.forward_of.take(),
                reply_to: self.reply_to.take(),
            },
            client_message_id: self.client_message_id.take(),
        })
    }
}

/// The body of `POST /chat/messages/fetch`, and the data of the frames `fetchMessages` and `getGroupMessages`: a page
/// of a private chat or of a group.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct FetchChatBody {
    /// If sent, the id of the caller.
    #[garde(custom(valid))]
    #[serde(default)]
    current_user_id: Optional<UserId>,
    /// One user of the private chat. Ignored for a group.
    #[garde(custom(valid))]
    #[serde(default)]
    sender_id: Optional<UserId>,
    /// The other user of the private chat.
    #[garde(custom(valid))]
    #[serde(default)]
    receiver_id: Optional<UserId>,
    #[garde(custom(valid))]
    #[serde(default)]
    group_id: Optional<ConversationId>,
    #[garde(custom(valid))]
    #[serde(default)]
    page: Optional<PageNumber>,
    #[garde(custom(valid))]
    #[serde(default)]
    limit: Optional<PageLimit>,
}

impl Body for FetchChatBody {}

/// A request for a part of a chat's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatFetch {
    /// The user that the client says it is, if it does; must be the actor.
    pub current_user: Option<UserId>,
    /// The chat. A pair need not contain the actor: then the result is empty.
    pub room: ChatRoomId,
    /// The page; the first page is the newest.
    pub page: PageRequest,
}

impl FetchChatBody {
    /// Parses the request.
    pub fn parse(self) -> Result<ChatFetch, InvalidBody> {
        let mut faults = check(&self, &()).err().map_or_else(Vec::new, |invalid| invalid.faults);
        match (self.group_id.is_given(), self.sender_id.is_given(), self.receiver_id.is_given()) {
            (true, _, false) | (false, true, true) => {}
            (true, _, true) => faults.push(Fault::new("receiverId", "and groupId exclude each other")),
            (false, false, true) => faults.push(Fault::new("senderId", "is required with receiverId")),
            (false, true, false) => faults.push(Fault::new("receiverId", "is required with senderId")),
            (false, false, false) => faults.push(Fault::new("", "must name a groupId, or senderId and receiverId")),
        }
        if let Some(invalid) = InvalidBody::from_faults(faults) {
            return Err(invalid);
        }
        let room = match (self.group_id.take(), self.sender_id.take(), self.receiver_id.take()) {
            (Some(group), _, _) => ChatRoomId::Group(group),
            (None, Some(sender), Some(receiver)) => ChatRoomId::Pair(DirectKey::new(sender, receiver)),
            (None, _, _) => return Err(InvalidBody::of("", "must name a groupId, or senderId and receiverId")),
        };
        let page = PageRequest {
            number: self.page.take().unwrap_or(PageNumber::FIRST),
            limit: self.limit.take().unwrap_or(PageLimit::HISTORY_DEFAULT),
        };
        Ok(ChatFetch { current_user: self.current_user_id.take(), room, page })
    }
}

/// The body of `PUT /chat/message/{messageId}/status`: the new status.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct UpdateStatusBody {
    #[garde(custom(valid))]
    status: Required<DeliveryStatus>,
}

impl Body for UpdateStatusBody {}

impl UpdateStatusBody {
    /// Returns the new status.
    pub fn parse(self) -> Result<DeliveryStatus, InvalidBody> {
        check(&self, &())?;
        self.status.take("status")
    }
}
