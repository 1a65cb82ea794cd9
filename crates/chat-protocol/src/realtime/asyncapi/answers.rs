use super::super::table::schema_of;
use crate::chat::{LastSeenView, OnlineStatusView};
use crate::realtime::{
    AuthenticatedView, ChatMessageReceivedView, FetchedChatView, FetchedGroupView, FetchedView, MessageProgressView,
    MessageReceivedView, NoData, PresenceStatusView, SchemaOf,
};
use crate::receipts::PositionsView;

/// What the acknowledgement of this command carries in `data`, on a connection of the command's own dialect: an empty
/// object, unless there is something to say.
pub(super) fn answer_to(command: &str) -> SchemaOf {
    match command {
        "auth" => schema_of::<AuthenticatedView>,
        "message:send" => schema_of::<MessageReceivedView>,
        "sendMessage" => schema_of::<ChatMessageReceivedView>,
        "message:delivered" | "message:read" => schema_of::<PositionsView>,
        "messageDelivered" | "messageRead" => schema_of::<MessageProgressView>,
        "messages:fetch" => schema_of::<FetchedView>,
        "fetchMessages" => schema_of::<FetchedChatView>,
        "getGroupMessages" => schema_of::<FetchedGroupView>,
        "presence:get" => schema_of::<PresenceStatusView>,
        "getUserStatus" => schema_of::<OnlineStatusView>,
        "updateLastSeen" => schema_of::<LastSeenView>,
        _ => schema_of::<NoData>,
    }
}
