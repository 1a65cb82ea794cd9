//! Which conversations a connection looks at.

use super::Connection;
use chat_domain::ConversationId;

impl Connection {
    /// Notes that this connection looks at a conversation; `false` where it does already, or looks at `most` others.
    pub fn open_window(&self, conversation: ConversationId, most: usize) -> bool {
        let mut windows = self.windows.borrow_mut();
        let opens = windows.len() < most && !windows.contains(&conversation);
        if opens {
            windows.push(conversation);
        }
        opens
    }

    /// Notes that it looks away; `false` where it did not look.
    pub fn close_window(&self, conversation: ConversationId) -> bool {
        let mut windows = self.windows.borrow_mut();
        let found = windows.iter().position(|window| *window == conversation);
        found.map(|index| windows.swap_remove(index)).is_some()
    }

    /// Whether it looks at this conversation.
    pub fn has_window(&self, conversation: ConversationId) -> bool {
        self.windows.borrow().contains(&conversation)
    }

    /// Closes every window and says which.
    pub fn take_windows(&self) -> Vec<ConversationId> {
        self.windows.take()
    }
}
