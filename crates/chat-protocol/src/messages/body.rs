use crate::body::check;
use crate::field::IS_REQUIRED;
use crate::{Body, InvalidBody, Optional, Required, valid, valid_or_absent};
use chat_domain::messages::{AttachmentUrl, EditMessage, ForwardOf, MessageBody, MessageContent, SendMessage};
use chat_domain::{ClientMessageId, ConversationId, MessageId, Metadata, Pos};
use garde::Validate;
use serde::Deserialize;

/// The body of `POST /conversations/{id}/messages`: a new message.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct SendMessageBody {
    /// The text. Required, unless the message is forwarded.
    #[garde(custom(valid), custom(own_text(&self.forward_of)))]
    #[serde(default)]
    content: Optional<MessageBody>,
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
                body: self.content.take().unwrap_or_else(MessageBody::empty),
                attachment: self.attachment.take(),
                metadata: self.metadata.take(),
                forward_of: self.forward_of.take(),
                reply_to: self.reply_to.take(),
            },
            client_message_id: self.client_message_id.take(),
        })
    }
}

/// The `garde` rule of the text of a message: required, unless the message is forwarded.
pub(crate) fn own_text<C>(
    forward_of: &Optional<ForwardOf>,
) -> impl FnOnce(&Optional<MessageBody>, &C) -> garde::Result + use<C> {
    let forwards = forward_of.is_given();
    move |text, _| match (text.is_given(), forwards) {
        (false, false) => Err(garde::Error::new(IS_REQUIRED)),
        (true, true) => Err(garde::Error::new(EXCLUDES)),
        _ => Ok(()),
    }
}

/// The `garde` rule of a field that a forwarded message must not have.
pub(crate) fn not_beside<T, C>(
    forward_of: &Optional<ForwardOf>,
) -> impl FnOnce(&Optional<T>, &C) -> garde::Result + use<T, C> {
    let forwards = forward_of.is_given();
    move |field, _| if forwards && field.is_given() { Err(garde::Error::new(EXCLUDES)) } else { Ok(()) }
}

const EXCLUDES: &str = "and forwardOf exclude each other";

/// The body of `PATCH /conversations/{id}/messages/{messageId}`: omitted fields keep their value, `null` removes the
/// attachment or the metadata.
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
    /// Any JSON object of up to 4,096 bytes, for the product.
    #[garde(custom(valid))]
    #[serde(default)]
    metadata: Optional<Metadata>,
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
            metadata: self.metadata.take_change(),
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
