//! Send and fetch messages.

use crate::answer::{ChatPage, Sent, Undelivered};
use crate::extract::{Bearer, IdempotencyKey, JsonBody, PartnerPath, UndeliveredQuery};
use crate::identity::must_be_oneself;
use crate::limits::RequestKind;
use crate::messages::one_key;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, get, post, resource};
use chat_app::ChatTarget;
use chat_domain::ErrorCode;
use chat_domain::messages::{Appended, HistoryRequest, Message};
use chat_domain::receipts::DeliveryStatus;
use chat_protocol::Pagination;
use chat_protocol::chat::{ChatMessageBody, ChatMessageView, ChatRoomId, FetchChatBody};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/chat/message").route(post().to(send_chat_message)))
        .service(resource("/chat/messages/fetch").route(post().to(fetch_chat_messages)))
        .service(resource("/chat/messages/undelivered/{userId}/{partnerId}").route(get().to(list_undelivered)));
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{
        ConversationNotFound, Forbidden, GroupInactive, IdempotencyKeyMismatch, IdempotencyKeyReused, MessageDeleted,
        MessageNotFound, NotAParticipant, TooManyConversations, UpgradePending, UserNotFound,
    };
    &[
        Operation::new(
            "sendChatMessage",
            RequestKind::Send,
            &[
                UserNotFound,
                ConversationNotFound,
                MessageNotFound,
                NotAParticipant,
                GroupInactive,
                TooManyConversations,
                IdempotencyKeyMismatch,
                IdempotencyKeyReused,
                MessageDeleted,
                UpgradePending,
            ],
        ),
        Operation::new("fetchChatMessages", RequestKind::Other, &[Forbidden, ConversationNotFound, NotAParticipant]),
        Operation::new("listUndelivered", RequestKind::Other, &[Forbidden]),
    ]
};

#[api_operation(
    operation_id = "sendChatMessage",
    tag = "Chat",
    summary = "Send a message to a user or a group",
    description = "Send `receiver` for a `PRIVATE` message or `groupId` for a `GROUP` message. The first message to \
        a user creates the private chat. With `clientMessageId` (or the header `Idempotency-Key`) a retry is safe: \
        it returns the first message, with status 200 and `duplicate: true`. The message is stored durably before \
        the server answers. `status` is the status at the time of sending."
)]
async fn send_chat_message(
    state: Data<HttpState>,
    actor: Bearer,
    key: IdempotencyKey,
    body: JsonBody<ChatMessageBody>,
) -> Result<Sent<ChatMessageView>, ApiError> {
    let mut message = body.parse(ChatMessageBody::parse)?;
    state.check_length("message", &message.content.body)?;
    message.client_message_id = one_key(key.0, message.client_message_id)?;
    let sent = state.send(actor.0, message.into()).await?;
    let view = |message: Message| ChatMessageView::new(message, DeliveryStatus::Sent, &[], true);
    Ok(match sent {
        Appended::New(message) | Appended::First(message) => Sent::with_status(StatusCode::CREATED, view(message)),
        Appended::Replayed(message) => {
            Sent::with_status(StatusCode::OK, ChatMessageView { duplicate: Some(true), ..view(message) })
        }
    })
}

#[api_operation(
    operation_id = "fetchChatMessages",
    tag = "Chat",
    summary = "Get a page of a chat, oldest message first",
    description = "Send `senderId` and `receiverId`, one of them the caller, for a private chat, or `groupId` for a \
        group. Page 1 has the newest messages; the messages of a page are in the order in which they were sent. \
        Returned messages count as delivered. A private chat without messages has an empty page. `currentUserId`, \
        if sent, must be the id of the caller."
)]
async fn fetch_chat_messages(
    state: Data<HttpState>,
    actor: Bearer,
    body: JsonBody<FetchChatBody>,
) -> Result<ChatPage<ChatMessageView>, ApiError> {
    let fetch = body.parse(FetchChatBody::parse)?;
    let (messages, actor) = (state.app.messages.clone(), actor.0);
    if let Some(named) = fetch.current_user {
        must_be_oneself(actor, named)?;
    }
    let target = match fetch.room {
        ChatRoomId::Pair(pair) => ChatTarget::Pair(pair),
        ChatRoomId::Group(group) => ChatTarget::Group(group),
    };
    let fetched = state.run(async move { messages.fetch(actor, target, fetch.page).await }).await??;
    let pagination = Pagination::of_history(HistoryRequest::Page(fetch.page), &fetched.page);
    Ok(ChatPage::paged(ChatMessageView::of_history(fetched.page, actor.user_id), pagination))
}

#[api_operation(
    operation_id = "listUndelivered",
    tag = "Chat",
    summary = "List undelivered messages from a partner, oldest first",
    description = "Returns the messages after the caller's delivered position and marks none of them. While \
        `hasMore` is `true`, continue with `after` = `nextCursor`. `PUT \
        /chat/messages/delivered/{userId}/{partnerId}` marks all messages as delivered, those not listed yet \
        included. To mark only the messages that were received, send the id of the last one to `PUT \
        /chat/message/{messageId}/status`."
)]
async fn list_undelivered(
    state: Data<HttpState>,
    actor: Bearer,
    path: PartnerPath,
    query: UndeliveredQuery,
) -> Result<Undelivered<ChatMessageView>, ApiError> {
    let (PartnerPath(user, partner), UndeliveredQuery(after, limit)) = (path, query);
    let (messages, actor) = (state.app.messages.clone(), actor.0);
    must_be_oneself(actor, user)?;
    let page = state.run(async move { messages.undelivered(actor, partner, after, limit).await }).await??;
    let pagination = Pagination::oldest_first(limit, &page);
    Ok(Undelivered::paged(ChatMessageView::of_history(page, actor.user_id), pagination))
}
