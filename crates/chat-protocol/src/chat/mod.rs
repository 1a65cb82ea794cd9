//! The `/chat` API: bodies and views of `/chat/...`, whose views the `camel` dialect shows too. The same data as in
//! [`crate::conversations`] and [`crate::messages`] under other names: a *group* is a group conversation, a *private
//! chat* a direct one.
//!
//! As in that document what is optional and absent is left out of a message (`receiver`, `groupId`, `attachment`,
//! `readBy`); everywhere else it is `null`.

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
