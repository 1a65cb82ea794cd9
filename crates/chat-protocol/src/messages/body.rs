use crate::body::check;
use crate::{Body, InvalidBody, Optional, Required, valid, valid_or_absent};
use chat_domain::messages::{AttachmentUrl, EditMessage, MessageBody, MessageContent, SendMessage};
use chat_domain::{ClientMessageId, ConversationId, MessageId, Pos};
use garde::Validate;
use serde::Deserialize;

/// The body of `POST /conversations/{id}/messages`: a new message.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct SendMessageBody {
    #[garde(custom(valid))]
    content: Required<MessageBody>,
    #[garde(custom(valid))]
    #[serde(default)]
    attachment: Optional<AttachmentUrl>,
    #[garde(custom(valid))]
    #[serde(default)]
    client_message_id: Optional<ClientMessageId>,
    #[garde(custom(valid))]
    #[serde(default)]
    reply_to: Optional<MessageId>,
}

impl Body for SendMessageBody {
    /// The sender is the user of the token. The server sets id and status.
    const IGNORED: &'static [&'static str] = &["sender", "messageId", "status"];
}

impl SendMessageBody {
    /// Parses the command for this conversation.
    pub fn parse(self, conversation_id: ConversationId) -> Result<SendMessage, InvalidBody> {
        check(&self, &())?;
        Ok(SendMessage {
            conversation_id,
            content: MessageContent {
                body: self.content.take("content")?,
                attachment: self.attachment.take(),
                reply_to: self.reply_to.take(),
            },
            client_message_id: self.client_message_id.take(),
        })
    }
}

/// The body of `PATCH /conversations/{id}/messages/{messageId}`: omitted fields keep their value, `null` removes the
/// attachment.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct EditMessageBody {
    #[garde(custom(valid_or_absent))]
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::field::not_null::<MessageBody>"))]
    content: Optional<MessageBody>,
    #[garde(custom(valid))]
    #[serde(default)]
    attachment: Optional<AttachmentUrl>,
    /// The `changedPos` that the client has seen. If the message has another one now, it is not edited.
    #[garde(custom(valid_or_absent))]
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::field::not_null::<Pos>"))]
    if_changed_pos: Optional<Pos>,
}

impl Body for EditMessageBody {}

impl EditMessageBody {
    /// Parses the command for this message.
    pub fn parse(self, (conversation_id, message_id): (ConversationId, MessageId)) -> Result<EditMessage, InvalidBody> {
        check(&self, &())?;
        Ok(EditMessage {
            conversation_id,
            message_id,
            body: self.content.take(),
            attachment: self.attachment.take_change(),
            if_changed_pos: self.if_changed_pos.take(),
        })
    }
}

/// The body of `POST /conversations/{id}/messages/batch-get`: the messages to get.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct MessageIdsBody {
    #[garde(custom(valid))]
    ids: Required<Vec<MessageId>>,
}

impl Body for MessageIdsBody {}

impl MessageIdsBody {
    /// Returns the ids, at most 100.
    pub fn parse(self) -> Result<Vec<MessageId>, InvalidBody> {
        check(&self, &())?;
        self.ids.take("ids")
    }
}
