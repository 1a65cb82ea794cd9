//! What a client missed.

use crate::answer::{Answer, MissedAnswer};
use crate::extract::{Bearer, ConversationPath, JsonBody, MissedQuery};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, get, post, resource};
use chat_domain::{ActionError, ConversationId, ErrorCode, UserId};
use chat_protocol::Pagination;
use chat_protocol::changes::{EventView, MissedView, SyncBody, SyncView};
use chat_protocol::receipts::PositionsView;
use chat_realtime::{CaughtUp, catch_up};
use std::sync::Arc;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/conversations/{id}/changes").route(get().to(list_changes)))
        .service(resource("/sync").route(post().to(sync)));
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{ConversationNotFound, NotAParticipant};
    &[
        Operation::new("listChanges", RequestKind::Other, &[ConversationNotFound, NotAParticipant]),
        Operation::new("sync", RequestKind::Other, &[]),
    ]
};

#[api_operation(
    operation_id = "listChanges",
    tag = "Conversations",
    summary = "List what a client missed of a conversation, oldest first",
    description = "Events with a `pos` above `after`, as a socket of the dialect `colon` would send them, with the \
        present state of what they show. Each message that was sent or changed comes once or twice, however often it \
        changed. Continue with `after` = `nextCursor` until it is `null`, and then keep `asOfPos` as the position. \
        Changes do not expire. A client that missed more than 5,000, or whose `after` is beyond the newest `pos`, \
        gets `reset` instead."
)]
async fn list_changes(
    state: Data<HttpState>,
    actor: Bearer,
    path: ConversationPath,
    query: MissedQuery,
) -> Result<MissedAnswer<MissedView>, ApiError> {
    let (conversations, actor, MissedQuery(after, limit)) = (state.app.conversations.clone(), actor.0, query);
    let missed = state.run(async move { conversations.missed(actor, path.0, after, limit).await }).await??;
    let pagination = Pagination::of_changes(limit, &missed);
    Ok(MissedAnswer::paged(MissedView::new(state.fan_out.settings().epoch, missed, actor.user_id), pagination))
}

#[api_operation(
    operation_id = "sync",
    tag = "Conversations",
    summary = "Get what a client missed of all its conversations",
    description = "The same as a socket sends to a client that resumes, in one answer: for clients that poll, or that \
        a push has woken up. Conversations with more missed changes than `limit` in all are in `limited`: read their \
        changes."
)]
async fn sync(state: Data<HttpState>, actor: Bearer, body: JsonBody<SyncBody>) -> Result<Answer<SyncView>, ApiError> {
    let (positions, limit) = body.parse(SyncBody::parse)?;
    let (fan_out, user) = (Arc::clone(&state.fan_out), actor.0.user_id);
    // The view of up to 1,000 changes is made on the main runtime too: this thread delivers.
    let synced = async move { catch_up(&fan_out, user, &positions, limit).await.map(|all| view(all, user)) };
    Ok(Answer::ok(state.run(synced).await?.map_err(ActionError::from)?))
}

fn view(caught_up: CaughtUp, viewer: UserId) -> SyncView {
    let CaughtUp { epoch, changes, positions, limited, reset, moved } = caught_up;
    SyncView {
        epoch: epoch.as_uuid(),
        events: EventView::of_changes(changes, viewer),
        positions: positions.into_iter().map(|(id, pos)| (id.as_uuid(), pos.get())).collect(),
        limited: limited.into_iter().map(ConversationId::as_uuid).collect(),
        reset: reset.into_iter().map(ConversationId::as_uuid).collect(),
        read_positions: moved.iter().map(PositionsView::from).collect(),
    }
}
