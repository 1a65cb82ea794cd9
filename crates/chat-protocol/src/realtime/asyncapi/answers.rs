use super::super::table::schema_of;
use crate::chat::OnlineStatusView;
use crate::realtime::{
    AuthenticatedView, FetchedChatView, FetchedGroupView, FetchedView, MessageReceivedView, NoData, PresenceStatusView,
    SchemaOf,
};
use crate::receipts::PositionsView;

/// What the acknowledgement of this command carries in `data`: an empty object, unless there is something to say.
pub(super) fn answer_to(command: &str) -> SchemaOf {
    match command {
        "auth" => schema_of::<AuthenticatedView>,
        "message:send" => schema_of::<MessageReceivedView>,
        "message:delivered" | "message:read" => schema_of::<PositionsView>,
        "messages:fetch" => schema_of::<FetchedView>,
        "fetchMessages" => schema_of::<FetchedChatView>,
        "getGroupMessages" => schema_of::<FetchedGroupView>,
        "presence:get" => schema_of::<PresenceStatusView>,
        "getUserStatus" => schema_of::<OnlineStatusView>,
        _ => schema_of::<NoData>,
    }
}
