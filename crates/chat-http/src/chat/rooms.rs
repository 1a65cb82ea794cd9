//! The lists of the caller's chats, with unread counts.

use crate::answer::ListedPart;
use crate::extract::{Bearer, ChatUserPath, RoomsQuery};
use crate::identity::must_be_oneself;
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::{ApiError, HttpState};
use actix_web::web::Data;
use apistos::api_operation;
use apistos::web::{ServiceConfig, get, resource};
use chat_app::{DirectRoom, OtherUser};
use chat_domain::ErrorCode;
use chat_domain::conversations::ConversationFilter;
use chat_domain::presence::PresenceStatus;
use chat_protocol::chat::{GroupRoomView, RoomView};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(resource("/chat/rooms/{userId}").route(get().to(list_rooms)))
        .service(resource("/chat/group-rooms/{userId}").route(get().to(list_group_rooms)));
}

fn room(room: DirectRoom) -> RoomView {
    let (other, status) = match room.other {
        OtherUser::Known(profile) => (profile.user.summary(), profile.status),
        OtherUser::Deleted(summary) => (summary, None),
    };
    RoomView::new(room.overview, other, status.is_some_and(PresenceStatus::is_online))
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::Forbidden;
    &[
        Operation::new("listRooms", RequestKind::Other, &[Forbidden]),
        Operation::new("listGroupRooms", RequestKind::Other, &[Forbidden]),
    ]
};

#[api_operation(
    operation_id = "listRooms",
    tag = "Chat",
    summary = "List the caller's private chats",
    description = "Private chats that have messages, each with its latest message and unread count, most recent \
        activity first. `userId` must be the caller's id."
)]
async fn list_rooms(
    state: Data<HttpState>,
    actor: Bearer,
    path: ChatUserPath,
    query: RoomsQuery,
) -> Result<ListedPart<RoomView>, ApiError> {
    must_be_oneself(actor.0, path.0)?;
    let conversations = state.app.conversations.clone();
    let found = state.run(async move { conversations.rooms(actor.0, query.0).await }).await??;
    Ok(ListedPart::part(found, room))
}

#[api_operation(
    operation_id = "listGroupRooms",
    tag = "Chat",
    summary = "List the caller's group chats",
    description = "Active groups, each with its latest message and unread count, most recent activity first. \
        `userId` must be the caller's id."
)]
async fn list_group_rooms(
    state: Data<HttpState>,
    actor: Bearer,
    path: ChatUserPath,
    query: RoomsQuery,
) -> Result<ListedPart<GroupRoomView>, ApiError> {
    must_be_oneself(actor.0, path.0)?;
    let conversations = state.app.conversations.clone();
    let listing = async move { conversations.list(actor.0, ConversationFilter::Groups, query.0).await };
    Ok(ListedPart::part(state.run(listing).await??, GroupRoomView::from))
}
