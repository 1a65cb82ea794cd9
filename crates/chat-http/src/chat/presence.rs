//! Who is here, and since when not.

use crate::answer::Answer;
use crate::extract::{Bearer, ChatUserPath};
use crate::identity::must_be_oneself;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, get, put, resource};
use chat_protocol::chat::{LastSeenView, OnlineStatusView};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            resource("/chat/user/{userId}/last-seen").route(get().to(find_last_seen)).route(put().to(touch_last_seen)),
        )
        .service(resource("/chat/user/{userId}/online-status").route(get().to(find_online_status)));
}

#[api_operation(
    operation_id = "touchLastSeen",
    tag = "Chat",
    summary = "Say that one is here now",
    description = "The time is the server's. `userId` must be oneself."
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
    summary = "When somebody was last here",
    description = "`null` where they never were, or one may not know."
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
    summary = "Whether somebody is here",
    description = "As far as one may know: of whom one may not, `isOnline` is `false` and `lastSeen` is `null`."
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
