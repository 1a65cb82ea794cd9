//! The `/chat` API: bodies and views of `/chat/...`. The `camel` dialect uses the same views. They show the same data
//! as [`crate::conversations`] and [`crate::messages`] under other names: a *group* is a group conversation, a *private
//! chat* is a direct conversation.
//!
//! Absent optional fields of a message (`receiver`, `groupId`, `attachment`, `readBy`) are omitted; elsewhere they are
//! `null`.

mod fields;
mod group_body;
mod group_view;
mod message_body;
mod message_view;
mod presence_view;
mod room;
mod room_view;

pub use fields::{GroupMembers, Untrusted};
pub use group_body::{AddMemberBody, CreateGroupBody, GroupDraft, UpdateGroupBody};
pub use group_view::{GroupMemberView, GroupView, MemberPresenceView};
pub use message_body::{ChatFetch, ChatMessage, ChatMessageBody, ChatReceiver, FetchChatBody, UpdateStatusBody};
pub use message_view::{ChatMessageView, SenderDetailsView};
pub use presence_view::{LastSeenView, ModifiedView, OnlineStatusView};
pub use room::{ChatRoomId, ChatTypeView};
pub use room_view::{GroupRoomView, RoomView};
