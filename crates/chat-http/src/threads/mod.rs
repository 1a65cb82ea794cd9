//! Threads. What works in every conversation, such as sending, is in the other subjects.

use crate::answer::{Answer, Opened, Part};
use crate::extract::{Bearer, ConversationMessagePath, ConversationPath, FollowedQuery, ThreadPath, ThreadsQuery};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, delete, get, post, put, resource};
use chat_domain::ErrorCode;
use chat_domain::conversations::Listing;
use chat_protocol::Pagination;
use chat_protocol::threads::ThreadView;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/conversations/{id}/messages/{messageId}/thread").route(post().to(open_thread)))
        .service(resource("/conversations/{id}/threads").route(get().to(list_threads)))
        .service(
            resource("/conversations/{id}/follow").route(put().to(follow_thread)).route(delete().to(unfollow_thread)),
        )
        .service(resource("/threads").route(get().to(list_followed_threads)))
        .service(resource("/threads/{id}").route(get().to(find_thread)));
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{
        ConversationNotFound, GroupInactive, MessageDeleted, MessageNotFound, NotAParticipant, UpgradePending,
    };
    &[
        Operation::new(
            "openThread",
            RequestKind::Other,
            &[ConversationNotFound, MessageNotFound, NotAParticipant, GroupInactive, MessageDeleted, UpgradePending],
        ),
        Operation::new("listThreads", RequestKind::Other, &[ConversationNotFound, NotAParticipant]),
        Operation::new("followThread", RequestKind::Other, &[ConversationNotFound, NotAParticipant]),
        Operation::new("unfollowThread", RequestKind::Other, &[ConversationNotFound, NotAParticipant]),
        Operation::new("listFollowedThreads", RequestKind::Other, &[]),
        Operation::new("findThread", RequestKind::Other, &[ConversationNotFound, NotAParticipant]),
    ]
};

#[api_operation(
    operation_id = "openThread",
    tag = "Threads",
    summary = "Open the thread of a message",
    description = "Returns the thread that the message has, or creates it: there is one for each message. Use its `id` \
        as that of a conversation to send, read, edit and delete its messages. The author of the message follows it. \
        A message in a thread has no thread of its own."
)]
async fn open_thread(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationMessagePath,
) -> Result<Opened<ThreadView>, ApiError> {
    let threads = state.app.threads.clone();
    let opened = state.run(async move { threads.open(actor.0, path.0, path.1).await }).await??;
    let status = if opened.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Opened::with_status(status, opened.overview.into()))
}

#[api_operation(
    operation_id = "listThreads",
    tag = "Threads",
    summary = "List the threads of a conversation, newest message first",
    description = "In the order of the messages on which they hang. The caller must be a participant."
)]
async fn list_threads(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationPath,
    query: ThreadsQuery,
) -> Result<Part<ThreadView>, ApiError> {
    let threads = state.app.threads.clone();
    let page = state.run(async move { threads.list(actor.0, path.0, query.0, query.1).await }).await??;
    let pagination = Pagination::of_threads(&page);
    Ok(Part::paged(page.items.into_iter().map(ThreadView::from).collect(), pagination))
}

#[api_operation(
    operation_id = "followThread",
    tag = "Threads",
    summary = "Follow a thread",
    description = "From its newest message on. For the participants of its conversation. A user who writes in a thread \
        follows it too. Following it again changes nothing."
)]
async fn follow_thread(
    state: Data<HttpState>,
    actor: Bearer,
    path: ThreadPath,
) -> Result<Answer<ThreadView>, ApiError> {
    let threads = state.app.threads.clone();
    Ok(Answer::ok(state.run(async move { threads.follow(actor.0, path.0).await }).await??.into()))
}

#[api_operation(
    operation_id = "unfollowThread",
    tag = "Threads",
    summary = "Stop following a thread",
    description = "The caller can still read the thread and write to it. Succeeds if the caller does not follow it."
)]
async fn unfollow_thread(
    state: Data<HttpState>,
    actor: Bearer,
    path: ThreadPath,
) -> Result<Answer<ThreadView>, ApiError> {
    let threads = state.app.threads.clone();
    Ok(Answer::ok(state.run(async move { threads.unfollow(actor.0, path.0).await }).await??.into()))
}

#[api_operation(
    operation_id = "listFollowedThreads",
    tag = "Threads",
    summary = "List the threads that the caller follows",
    description = "Newest activity first, of active conversations; with `unread=true` only those with unread messages. \
        A follow ends when the caller leaves the conversation, and does not come back with a rejoining."
)]
async fn list_followed_threads(
    state: Data<HttpState>,
    actor: Bearer,
    query: FollowedQuery,
) -> Result<Part<ThreadView>, ApiError> {
    let (threads, FollowedQuery(unread, cursor, limit)) = (state.app.threads.clone(), query);
    let page = state.run(async move { threads.list_followed(actor.0, unread, cursor, limit).await }).await??;
    let Listing { items, part } = page.into();
    Ok(Part::paged(items.into_iter().map(ThreadView::from).collect(), Pagination::of_list(part)))
}

#[api_operation(
    operation_id = "findThread",
    tag = "Threads",
    summary = "Get a thread",
    description = "For the participants of its conversation, whether they follow it or not."
)]
async fn find_thread(state: Data<HttpState>, actor: Bearer, path: ThreadPath) -> Result<Answer<ThreadView>, ApiError> {
    let threads = state.app.threads.clone();
    Ok(Answer::ok(state.run(async move { threads.find(actor.0, path.0).await }).await??.into()))
}
