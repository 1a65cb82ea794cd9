//! Read positions.

use crate::answer::Answer;
use crate::extract::{Bearer, ConversationPath, OptionalJsonBody};
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, post, resource};
use chat_domain::receipts::{AdvancePositions, ReceiptTarget};
use chat_protocol::receipts::{PositionsView, ReadBody};

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(resource("/conversations/{id}/read").route(post().to(mark_read)));
}

#[api_operation(
    operation_id = "markRead",
    tag = "Messages",
    summary = "Move one's read position",
    description = "Up to `seq`, or up to `messageId`, or (with neither, or without a body) up to the newest message. It only moves forward; everything before it is read too. Not in a group that was deactivated."
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
