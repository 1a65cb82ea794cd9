//! Pin messages, and list those that are pinned.

use crate::answer::Answer;
use crate::extract::{Bearer, ConversationMessagePath, ConversationPath};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, get, put, resource};
use chat_domain::ErrorCode;
use chat_domain::auth::Actor;
use chat_domain::messages::PinMessage;
use chat_domain::receipts::DeliveryStatus;
use chat_protocol::messages::MessageView;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(resource("/conversations/{id}/pins").route(get().to(list_pins))).service(
        resource("/conversations/{id}/pins/{messageId}").route(put().to(pin_message)).route(delete().to(unpin_message)),
    );
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{
        ConversationNotFound, GroupInactive, MessageDeleted, MessageNotFound, NotAParticipant, NotAnAdmin, TooManyPins,
        UpgradePending,
    };
    &[
        Operation::new("listPins", RequestKind::Other, &[ConversationNotFound, NotAParticipant]),
        Operation::new(
            "pinMessage",
            RequestKind::Send,
            &[
                ConversationNotFound,
                MessageNotFound,
                NotAParticipant,
                NotAnAdmin,
                GroupInactive,
                MessageDeleted,
                TooManyPins,
                UpgradePending,
            ],
        ),
        Operation::new(
            "unpinMessage",
            RequestKind::Send,
            &[
                ConversationNotFound,
                MessageNotFound,
                NotAParticipant,
                NotAnAdmin,
                GroupInactive,
                MessageDeleted,
                UpgradePending,
            ],
        ),
    ]
};

#[api_operation(
    operation_id = "pinMessage",
    tag = "Messages",
    summary = "Pin a message",
    description = "For the admins of a group, and for both users of a direct conversation. A conversation has at most \
        50 pinned messages. Pinning a pinned message changes nothing. `status` is always `SENT`."
)]
async fn pin_message(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationMessagePath,
) -> Result<Answer<MessageView>, ApiError> {
    pin(&state, actor.0, path, true).await
}

#[api_operation(
    operation_id = "unpinMessage",
    tag = "Messages",
    summary = "Unpin a message",
    description = "For those who may pin it. Changes nothing if it is not pinned. `status` is always `SENT`."
)]
async fn unpin_message(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationMessagePath,
) -> Result<Answer<MessageView>, ApiError> {
    pin(&state, actor.0, path, false).await
}

async fn pin(
    state: &HttpState,
    actor: Actor,
    path: ConversationMessagePath,
    is_pinned: bool,
) -> Result<Answer<MessageView>, ApiError> {
    let pin = PinMessage { conversation_id: path.0, message_id: path.1, is_pinned };
    let messages = state.app.messages.clone();
    let message = state.run(async move { messages.pin(actor, pin).await }).await??;
    let is_own = message.sender.id == actor.user_id;
    Ok(Answer::ok(MessageView::new(message, DeliveryStatus::Sent, is_own)))
}

#[api_operation(
    operation_id = "listPins",
    tag = "Messages",
    summary = "List the pinned messages of a conversation, the last pinned first",
    description = "The caller must be a participant. At most 50."
)]
async fn list_pins(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationPath,
) -> Result<Answer<Vec<MessageView>>, ApiError> {
    let (messages, actor) = (state.app.messages.clone(), actor.0);
    let found = state.run(async move { messages.list_pinned(actor, path.0).await }).await??;
    Ok(Answer::ok(MessageView::of_found(found, actor.user_id)))
}
