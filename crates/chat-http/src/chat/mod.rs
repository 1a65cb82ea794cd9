//! The `/chat` API over the same use cases: private chats are direct conversations, groups are group conversations.

mod groups;
mod members;
mod messages;
mod presence;
mod receipts;
mod rooms;

use crate::operation::Operation;
use apistos::web::ServiceConfig;

/// If a request matches the patterns of two paths, the more specific one must come first:
/// `/chat/group/join/{inviteCode}` before `/chat/group/{groupId}/member`.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(messages::routes)
        .configure(receipts::routes)
        .configure(members::routes)
        .configure(groups::routes)
        .configure(rooms::routes)
        .configure(presence::routes);
}

/// The operations of every file.
pub(crate) const OPERATIONS: [&[Operation]; 6] = [
    messages::OPERATIONS,
    receipts::OPERATIONS,
    members::OPERATIONS,
    groups::OPERATIONS,
    rooms::OPERATIONS,
    presence::OPERATIONS,
];
