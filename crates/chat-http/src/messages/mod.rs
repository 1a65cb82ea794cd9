//! Send, edit and delete messages, and read the history.

pub(crate) mod pins;
pub(crate) mod reactions;

use crate::answer::{Answer, HistoryAnswer, Sent};
use crate::extract::{Bearer, ConversationMessagePath, ConversationPath, HistoryQuery, IdempotencyKey, JsonBody};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, get, patch, post, resource};
use chat_domain::messages::{Appended, Message};
use chat_domain::receipts::DeliveryStatus;
use chat_domain::{ClientMessageId, ErrorCode};
use chat_protocol::Pagination;
use chat_protocol::messages::{EditMessageBody, MessageIdsBody, MessageVersionView, MessageView, SendMessageBody};

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/conversations/{id}/messages").route(get().to(list_messages)).route(post().to(send_message)))
        .service(resource("/conversations/{id}/messages/batch-get").route(post().to(find_messages)))
        .service(
            resource("/conversations/{id}/messages/{messageId}")
                .route(get().to(find_message))
                .route(patch().to(edit_message))
                .route(delete().to(delete_message)),
        )
        .service(resource("/conversations/{id}/messages/{messageId}/edits").route(get().to(list_edits)));
    reactions::routes(config);
    pins::routes(config);
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{
        ConversationNotFound, Forbidden, GroupInactive, IdempotencyKeyMismatch, IdempotencyKeyReused, MessageChanged,
        MessageDeleted, MessageNotFound, MessageTooOld, NotAParticipant, NotAnAdmin, TooManyEdits, UpgradePending,
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
                MessageDeleted,
                UpgradePending,
            ],
        ),
        Operation::new("findMessage", RequestKind::Other, &[ConversationNotFound, MessageNotFound, NotAParticipant]),
        Operation::new("findMessages", RequestKind::Other, &[ConversationNotFound, NotAParticipant]),
        Operation::new(
            "editMessage",
            RequestKind::Send,
            &[
                ConversationNotFound,
                MessageNotFound,
                NotAParticipant,
                Forbidden,
                GroupInactive,
                MessageTooOld,
                MessageDeleted,
                MessageChanged,
                TooManyEdits,
                UpgradePending,
            ],
        ),
        Operation::new(
            "deleteMessage",
            RequestKind::Send,
            &[
                ConversationNotFound,
                MessageNotFound,
                NotAParticipant,
                Forbidden,
                GroupInactive,
                MessageTooOld,
                UpgradePending,
            ],
        ),
        Operation::new(
            "listEdits",
            RequestKind::Other,
            &[ConversationNotFound, MessageNotFound, NotAParticipant, NotAnAdmin, Forbidden],
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
    Ok(HistoryAnswer::paged(MessageView::of_history(page, actor.user_id), pagination))
}

#[api_operation(
    operation_id = "sendMessage",
    tag = "Messages",
    summary = "Send a message to a conversation",
    description = "With `clientMessageId` (or the header `Idempotency-Key`) a retry is safe: it returns the first \
        message, with status 200 and `duplicate: true`. Keys are unique per conversation and sender. With `forwardOf` \
        the message is a copy of another one that the caller may read. The message is stored durably before the \
        server answers. `status` is the status at the time of sending; the history has \
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
    state.check_length("content", &command.content.body)?;
    command.client_message_id = one_key(key.0, command.client_message_id)?;
    let view = |message: Message| MessageView::new(message, DeliveryStatus::Sent, true);
    Ok(match state.send(actor.0, command.into()).await? {
        Appended::New(message) | Appended::First(message) => Sent::with_status(StatusCode::CREATED, view(message)),
        Appended::Replayed(message) => {
            Sent::with_status(StatusCode::OK, MessageView { duplicate: Some(true), ..view(message) })
        }
    })
}

#[api_operation(
    operation_id = "findMessage",
    tag = "Messages",
    summary = "Get a message",
    description = "The caller must be a participant. A deleted message has no content, and a `deletedAt`."
)]
async fn find_message(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationMessagePath,
) -> Result<Answer<MessageView>, ApiError> {
    let (messages, actor) = (state.app.messages.clone(), actor.0);
    let (message, positions, hidden) = state.run(async move { messages.find(actor, path.0, path.1).await }).await??;
    Ok(Answer::ok(MessageView::at(message, actor.user_id, &positions, &hidden)))
}

#[api_operation(
    operation_id = "findMessages",
    tag = "Messages",
    summary = "Get up to 100 messages by their ids",
    description = "In the order of `ids`. Ids that are not in the conversation are left out."
)]
async fn find_messages(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationPath,
    body: JsonBody<MessageIdsBody>,
) -> Result<Answer<Vec<MessageView>>, ApiError> {
    let ids = body.parse(MessageIdsBody::parse)?;
    let (messages, actor) = (state.app.messages.clone(), actor.0);
    let found = state.run(async move { messages.find_many(actor, path.0, &ids).await }).await??;
    Ok(Answer::ok(MessageView::of_found(found, actor.user_id)))
}

#[api_operation(
    operation_id = "editMessage",
    tag = "Messages",
    summary = "Edit a message of one's own",
    description = "Omitted fields keep their value; `null` removes the attachment or the metadata. An edit that \
        changes nothing succeeds, so that a retry is safe. With `ifChangedPos`, the message is edited only if its \
        `changedPos` is this one: otherwise 409 `MESSAGE_CHANGED`. The earlier content is kept, in at most 100 \
        versions. `status` is always `SENT`; the history has the current one."
)]
async fn edit_message(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationMessagePath,
    body: JsonBody<EditMessageBody>,
) -> Result<Answer<MessageView>, ApiError> {
    let command = body.parse(|body| body.parse((path.0, path.1)))?;
    if let Some(text) = &command.body {
        state.check_length("content", text)?;
    }
    let messages = state.app.messages.clone();
    let edited = state.run(async move { messages.edit(actor.0, command).await }).await??;
    Ok(Answer::ok(MessageView::new(edited, DeliveryStatus::Sent, true)))
}

#[api_operation(
    operation_id = "deleteMessage",
    tag = "Messages",
    summary = "Delete a message for everybody",
    description = "For its author, and for the admins of its group. The message keeps its place and its `seq`; its \
        content and its earlier versions are erased. Deleting it again succeeds. `status` is always `SENT`."
)]
async fn delete_message(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationMessagePath,
) -> Result<Answer<MessageView>, ApiError> {
    let (messages, actor) = (state.app.messages.clone(), actor.0);
    let deleted = state.run(async move { messages.delete(actor, path.0, path.1).await }).await??;
    let is_own = deleted.sender.id == actor.user_id;
    Ok(Answer::ok(MessageView::new(deleted, DeliveryStatus::Sent, is_own)))
}

#[api_operation(
    operation_id = "listEdits",
    tag = "Messages",
    summary = "List the earlier versions of a message, oldest first",
    description = "For participants, for admins only, or for nobody, as `MESSAGE_EDIT_HISTORY` says. `editedAt` and \
        `pos` are those of the edit that replaced the version. Empty after a deletion."
)]
async fn list_edits(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationMessagePath,
) -> Result<Answer<Vec<MessageVersionView>>, ApiError> {
    let (messages, actor) = (state.app.messages.clone(), actor.0);
    let versions = state.run(async move { messages.versions(actor, path.0, path.1).await }).await??;
    Ok(Answer::ok(versions.into_iter().map(MessageVersionView::from).collect()))
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
