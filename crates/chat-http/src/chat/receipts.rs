//! Delivery status of messages.

use crate::answer::Answer;
use crate::extract::{Bearer, JsonBody, MessagePath, PartnerPath};
use crate::identity::must_be_oneself;
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, put, resource};
use chat_app::{Receipt, TrackedMessage};
use chat_domain::ErrorCode;
use chat_protocol::chat::{ChatMessageView, ModifiedView, UpdateStatusBody};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/chat/message/{messageId}/status").route(put().to(update_message_status)))
        .service(resource("/chat/messages/delivered/{userId}/{partnerId}").route(put().to(mark_delivered)))
        .service(resource("/chat/messages/read/{userId}/{partnerId}").route(put().to(mark_chat_read)));
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{Forbidden, GroupInactive, MessageNotFound, NotAParticipant};
    &[
        Operation::new("updateMessageStatus", RequestKind::Other, &[MessageNotFound, NotAParticipant, GroupInactive]),
        Operation::new("markDelivered", RequestKind::Other, &[Forbidden]),
        Operation::new("markChatRead", RequestKind::Other, &[Forbidden]),
    ]
};

#[api_operation(
    operation_id = "updateMessageStatus",
    tag = "Chat",
    summary = "Mark a message as delivered or read",
    description = "`DELIVERED` and `READ` also apply to every earlier message of the chat. A status never moves \
        back. `SENT`, and calls by the sender, change nothing. Fails in a deactivated group. Returns the message \
        with its new status."
)]
async fn update_message_status(
    state: Data<HttpState>,
    actor: Bearer,
    path: MessagePath,
    body: JsonBody<UpdateStatusBody>,
) -> Result<Answer<ChatMessageView>, ApiError> {
    let status = body.parse(UpdateStatusBody::parse)?;
    let (receipts, actor) = (state.app.receipts.clone(), actor.0);
    let TrackedMessage { message, participants } =
        state.run(async move { receipts.advance_message(actor, path.0, status).await }).await??;
    Ok(Answer::ok(ChatMessageView::at(message, actor.user_id, &participants)))
}

#[api_operation(
    operation_id = "markDelivered",
    tag = "Chat",
    summary = "Mark a partner's messages as delivered",
    description = "Marks all messages of the private chat. `modifiedCount` is the number of messages that were \
        undelivered before."
)]
async fn mark_delivered(
    state: Data<HttpState>,
    actor: Bearer,
    path: PartnerPath,
) -> Result<Answer<ModifiedView>, ApiError> {
    mark(&state, actor, path, Receipt::Delivered).await
}

#[api_operation(
    operation_id = "markChatRead",
    tag = "Chat",
    summary = "Mark a partner's messages as read",
    description = "Marks all messages of the private chat. `modifiedCount` is the number of messages that were \
        unread before."
)]
async fn mark_chat_read(
    state: Data<HttpState>,
    actor: Bearer,
    path: PartnerPath,
) -> Result<Answer<ModifiedView>, ApiError> {
    mark(&state, actor, path, Receipt::Read).await
}

async fn mark(
    state: &HttpState,
    actor: Bearer,
    path: PartnerPath,
    receipt: Receipt,
) -> Result<Answer<ModifiedView>, ApiError> {
    let PartnerPath(user, partner) = path;
    let (receipts, actor) = (state.app.receipts.clone(), actor.0);
    must_be_oneself(actor, user)?;
    let modified_count = state.run(async move { receipts.advance_pair(actor, partner, receipt).await }).await??;
    Ok(Answer::ok(ModifiedView { modified_count }))
}
