use crate::body::check;
use crate::{Body, InvalidBody, Optional, Required, valid};
use chat_domain::messages::{AttachmentUrl, MessageBody, MessageContent, SendMessage};
use chat_domain::{ClientMessageId, ConversationId, MessageId};
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
