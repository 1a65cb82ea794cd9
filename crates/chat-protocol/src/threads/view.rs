use crate::TimestampView;
use crate::conversations::LastMessageView;
use crate::users::UserSummaryView;
use chat_domain::threads::ThreadOverview;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A thread, as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ThreadView {
    /// The thread's id, which is its id as a conversation.
    pub id: Uuid,
    /// The conversation of the message on which the thread hangs. Its participants may read the thread and write to it.
    pub conversation_id: Uuid,
    /// The message on which the thread hangs.
    pub message_id: Uuid,
    /// `false` if the group was deactivated.
    pub is_active: bool,
    /// The number of messages that are not deleted.
    pub reply_count: u64,
    /// The time of the newest message, or `null`.
    pub last_reply_at: Option<TimestampView>,
    /// The first 5 followers, in the order in which they followed.
    pub participants: Vec<UserSummaryView>,
    /// The newest message, or `null`.
    pub last_message: Option<LastMessageView>,
    /// The `seq` of the newest message, or 0 before the first one.
    pub last_seq: u64,
    /// The `pos` of the newest change, or 0 before the first one.
    pub pos: u64,
    /// Whether the caller follows the thread.
    pub is_following: bool,
    /// The number of messages that the caller has not read; 0 if the caller does not follow the thread.
    pub unread_count: u64,
    /// The time when the thread was opened.
    pub created_at: TimestampView,
}

impl From<ThreadOverview> for ThreadView {
    fn from(overview: ThreadOverview) -> Self {
        let unread_count = overview.unread_count();
        let ThreadOverview { thread, followers, last_message, own } = overview;
        Self {
            id: thread.id.as_uuid(),
            conversation_id: thread.parent.as_uuid(),
            message_id: thread.root.as_uuid(),
            is_active: thread.is_active,
            reply_count: thread.reply_count(),
            last_reply_at: thread.last_reply_at().map(TimestampView::from),
            participants: followers.into_iter().map(UserSummaryView::from).collect(),
            last_message: last_message.map(LastMessageView::from),
            last_seq: thread.last_seq.get(),
            pos: thread.last_pos.get(),
            is_following: own.is_some(),
            unread_count,
            created_at: thread.created_at.into(),
        }
    }
}
