//! Read positions and unread messages.

use crate::answer::Answer;
use crate::extract::{Bearer, ConversationPath, OptionalJsonBody};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, get, post, resource};
use chat_domain::ErrorCode;
use chat_domain::receipts::{AdvancePositions, ReceiptTarget};
use chat_protocol::receipts::{PositionsView, ReadBody, UnreadView};

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/conversations/{id}/read").route(post().to(mark_read)))
        .service(resource("/users/me/unread").route(get().to(count_unread)));
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{ConversationNotFound, GroupInactive, MessageNotFound, NotAParticipant};
    &[
        Operation::new(
            "markRead",
            RequestKind::Other,
            &[ConversationNotFound, MessageNotFound, NotAParticipant, GroupInactive],
        ),
        Operation::new("countUnread", RequestKind::Other, &[]),
    ]
};

#[api_operation(
    operation_id = "markRead",
    tag = "Messages",
    summary = "Move the caller's read position",
    description = "Marks all messages up to `seq`, or up to `messageId`, as read; without either, or without a \
        body, all messages. The position never moves back. Fails in a deactivated group."
)]
async fn mark_read(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationPath,
    body: OptionalJsonBody<ReadBody>,
) -> Result<Answer<PositionsView>, ApiError> {
    let target = body.parse(ReadBody::parse)?.unwrap_or(ReceiptTarget::Latest);
    let (receipts, actor) = (state.app.receipts.clone(), actor.0);
    let advanced =
        state.run(async move { receipts.advance(actor, path.0, AdvancePositions::Read(target)).await }).await??;
    Ok(Answer::ok(PositionsView::new(path.0, actor.user_id, &advanced)))
}

#[api_operation(
    operation_id = "countUnread",
    tag = "Messages",
    summary = "Count the caller's unread messages",
    description = "For badges. Counts active conversations only, at most 10,000 of them."
)]
async fn count_unread(state: Data<HttpState>, actor: Bearer) -> Result<Answer<UnreadView>, ApiError> {
    let receipts = state.app.receipts.clone();
    Ok(Answer::ok(state.run(async move { receipts.unread(actor.0).await }).await??.into()))
}
