//! Send messages and read the history.

use crate::answer::{HistoryAnswer, Sent};
use crate::extract::{Bearer, ConversationPath, HistoryQuery, IdempotencyKey, JsonBody};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, get, post, resource};
use chat_domain::messages::{Appended, Message};
use chat_domain::receipts::DeliveryStatus;
use chat_domain::{ClientMessageId, ErrorCode};
use chat_protocol::Pagination;
use chat_protocol::messages::{MessageView, SendMessageBody};

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(
        resource("/conversations/{id}/messages").route(get().to(list_messages)).route(post().to(send_message)),
    );
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{
        ConversationNotFound, GroupInactive, IdempotencyKeyMismatch, IdempotencyKeyReused, MessageNotFound,
        NotAParticipant,
    };
    &[
        Operation::new("listMessages", RequestKind::Other, &[ConversationNotFound, MessageNotFound, NotAParticipant]),
        Operation::new(
            "sendMessage",
            RequestKind::Send,
            &[
                ConversationNotFound,
                MessageNotFound,
                NotAParticipant,
                GroupInactive,
                IdempotencyKeyMismatch,
                IdempotencyKeyReused,
            ],
        ),
    ]
};

#[api_operation(
    operation_id = "listMessages",
    tag = "Messages",
    summary = "List messages of a conversation, newest first",
    description = "By cursor (recommended: its cost does not grow with depth): `?before=`, `?after=` or `?around=` \
        with a message's id or `seq`. Or by `?page=`. To read the whole history, start without a cursor and \
        continue with `before` = `nextCursor`."
)]
async fn list_messages(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationPath,
    query: HistoryQuery,
) -> Result<HistoryAnswer<MessageView>, ApiError> {
    let (messages, actor, request) = (state.app.messages.clone(), actor.0, query.0);
    let page = state.run(async move { messages.history(actor, path.0, request).await }).await??;
    let pagination = Pagination::of_history(request, &page);
    Ok(HistoryAnswer::history(MessageView::of_history(page, actor.user_id), pagination))
}

#[api_operation(
    operation_id = "sendMessage",
    tag = "Messages",
    summary = "Send a message to a conversation",
    description = "With `clientMessageId` (or the header `Idempotency-Key`) a retry is safe: it returns the first \
        message, with status 200 and `duplicate: true`. Keys are unique per conversation and sender. The message is \
        stored durably before the server answers. `status` is the status at the time of sending; the history has \
        the current one."
)]
async fn send_message(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationPath,
    key: IdempotencyKey,
    body: JsonBody<SendMessageBody>,
) -> Result<Sent<MessageView>, ApiError> {
    let mut command = body.parse(|body| body.parse(path.0))?;
    command.client_message_id = one_key(key.0, command.client_message_id)?;
    let view = |message: Message| MessageView::new(message, DeliveryStatus::Sent, true);
    Ok(match state.send(actor.0, command.into()).await? {
        Appended::New(message) | Appended::First(message) => Sent::with_status(StatusCode::CREATED, view(message)),
        Appended::Replayed(message) => {
            Sent::with_status(StatusCode::OK, MessageView { duplicate: Some(true), ..view(message) })
        }
    })
}

/// Returns the key of a send, from the body or from the header. Both may be given if they are equal.
pub(crate) fn one_key(
    header: Option<ClientMessageId>,
    body: Option<ClientMessageId>,
) -> Result<Option<ClientMessageId>, ApiError> {
    match (header, body) {
        (Some(header), Some(body)) if header != body => Err(ApiError::new(
            ErrorCode::IdempotencyKeyMismatch,
            "clientMessageId and the header Idempotency-Key must be equal where both are given",
        )),
        (header, body) => Ok(header.or(body)),
    }
}
