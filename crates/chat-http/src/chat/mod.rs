//! The `/chat` API over the same use cases: private chats are direct conversations, groups are group conversations.

mod groups;
mod members;
mod messages;
mod presence;
mod receipts;
mod rooms;

use crate::ApiError;
use apistos::web::ServiceConfig;
use chat_domain::auth::Actor;
use chat_domain::{ErrorCode, UserId};

/// The longer of two paths that could be taken for each other comes first: `/chat/group/join/{inviteCode}` before
/// `/chat/group/{groupId}/member`.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(messages::routes)
        .configure(receipts::routes)
        .configure(members::routes)
        .configure(groups::routes)
        .configure(rooms::routes)
        .configure(presence::routes);
}

/// Holds an id by which clients name themselves to who they are (contract §2).
pub(crate) fn must_be_oneself(actor: Actor, id: UserId) -> Result<(), ApiError> {
    if id == actor.user_id { Ok(()) } else { Err(ApiError::new(ErrorCode::Forbidden, "This is for that user alone")) }
}
