//! Sending a message, for REST and sockets.

use crate::running::Running;
use crate::{ApiError, HttpState};
use chat_app::SendDirect;
use chat_domain::auth::Actor;
use chat_domain::messages::{Appended, MessageBody, MessageContent, SendMessage};
use chat_domain::{ClientMessageId, ConversationId, InvalidValue, UserId};
use chat_protocol::chat::{ChatMessage, ChatReceiver};
use chat_protocol::{BodyError, InvalidBody};

/// The destination of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination {
    Conversation(ConversationId),
    Group(ConversationId),
    /// The direct conversation with this user, which must be looked up first and may have to be created.
    User(UserId),
}

/// A message to be sent.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(crate) to: Destination,
    pub(crate) content: MessageContent,
    pub(crate) client_message_id: Option<ClientMessageId>,
}

impl From<SendMessage> for Sending {
    fn from(SendMessage { conversation_id, content, client_message_id }: SendMessage) -> Self {
        Self { to: Destination::Conversation(conversation_id), content, client_message_id }
    }
}

impl From<ChatMessage> for Sending {
    fn from(ChatMessage { receiver, content, client_message_id }: ChatMessage) -> Self {
        let to = match receiver {
            ChatReceiver::User(user) => Destination::User(user),
            ChatReceiver::Group(group) => Destination::Group(group),
        };
        Self { to, content, client_message_id }
    }
}

impl HttpState {
    /// Rejects a text that is longer than the setting allows, under the name that its field has in this API.
    pub(crate) fn check_length(&self, field: &str, text: &MessageBody) -> Result<(), ApiError> {
        let limit = self.app.messages.limit();
        if limit.admits(text) {
            return Ok(());
        }
        let fault = InvalidValue::TooLong { most: limit.get() as usize };
        Err(BodyError::from(InvalidBody::of(field, fault.to_string())).into())
    }

    /// Prepares to send. The first poll hands the message to the store, so that messages are stored in the order of
    /// the first polls. Not so for [`Destination::User`]: its conversation is looked up on the main runtime first.
    pub(crate) fn prepare_to_send(&self, actor: Actor, sending: Sending) -> Running<Result<Appended, ApiError>> {
        let messages = self.app.messages.clone();
        let Sending { to, content, client_message_id } = sending;
        match to {
            Destination::Conversation(conversation_id) => {
                let command = SendMessage { conversation_id, content, client_message_id };
                self.prepare(async move { Ok(messages.send(actor, command).await?) })
            }
            Destination::Group(conversation_id) => {
                let command = SendMessage { conversation_id, content, client_message_id };
                self.prepare(async move { Ok(messages.send_to_group(actor, command).await?) })
            }
            Destination::User(receiver) => {
                let (state, command) = (self.clone(), SendDirect { receiver, content, client_message_id });
                self.prepare(
                    async move { Ok(state.run(async move { messages.send_direct(actor, command).await }).await??) },
                )
            }
        }
    }

    /// Sends, and returns when the message is stored.
    pub(crate) async fn send(&self, actor: Actor, sending: Sending) -> Result<Appended, ApiError> {
        self.run_here(self.prepare_to_send(actor, sending)).await?
    }
}
