//! Online status and last-seen times.

use crate::answer::Answer;
use crate::extract::{Bearer, ChatUserPath};
use crate::identity::must_be_oneself;
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, get, put, resource};
use chat_domain::ErrorCode;
use chat_protocol::chat::{LastSeenView, OnlineStatusView};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            resource("/chat/user/{userId}/last-seen").route(get().to(find_last_seen)).route(put().to(touch_last_seen)),
        )
        .service(resource("/chat/user/{userId}/online-status").route(get().to(find_online_status)));
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{Forbidden, UserNotFound};
    &[
        Operation::new("touchLastSeen", RequestKind::Other, &[Forbidden]),
        Operation::new("findLastSeen", RequestKind::Other, &[UserNotFound]),
        Operation::new("findOnlineStatus", RequestKind::Other, &[UserNotFound]),
    ]
};

#[api_operation(
    operation_id = "touchLastSeen",
    tag = "Chat",
    summary = "Update the caller's last-seen time",
    description = "Sets it to the server's current time. `userId` must be the caller's id."
)]
async fn touch_last_seen(
    state: Data<HttpState>,
    actor: Bearer,
    path: ChatUserPath,
) -> Result<Answer<LastSeenView>, ApiError> {
    must_be_oneself(actor.0, path.0)?;
    let presence = state.app.presence.clone();
    let at = state.run(async move { presence.touch(actor.0).await }).await??;
    Ok(Answer::ok(LastSeenView::new(path.0, Some(at))))
}

#[api_operation(
    operation_id = "findLastSeen",
    tag = "Chat",
    summary = "Get a user's last-seen time",
    description = "`null` if the user was never online, or if the caller is not allowed to see the user's presence."
)]
async fn find_last_seen(
    state: Data<HttpState>,
    actor: Bearer,
    path: ChatUserPath,
) -> Result<Answer<LastSeenView>, ApiError> {
    let presence = state.app.presence.clone();
    let profile = state.run(async move { presence.status_of(actor.0, path.0).await }).await??;
    Ok(Answer::ok(LastSeenView::new(path.0, profile.status.and(profile.user.last_seen))))
}

#[api_operation(
    operation_id = "findOnlineStatus",
    tag = "Chat",
    summary = "Get a user's online status",
    description = "If the caller is not allowed to see the user's presence, `isOnline` is `false` and `lastSeen` is \
        `null`."
)]
async fn find_online_status(
    state: Data<HttpState>,
    actor: Bearer,
    path: ChatUserPath,
) -> Result<Answer<OnlineStatusView>, ApiError> {
    let presence = state.app.presence.clone();
    let profile = state.run(async move { presence.status_of(actor.0, path.0).await }).await??;
    Ok(Answer::ok(OnlineStatusView::new(path.0, profile.status, profile.user.last_seen)))
}
