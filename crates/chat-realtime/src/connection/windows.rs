//! Which conversations a connection looks at.

use super::Connection;
use chat_domain::ConversationId;
use chat_protocol::realtime::Dialect;
use std::collections::BTreeSet;

/// What a client has said of its windows.
#[derive(Debug, Default)]
pub(super) struct Windows {
    opened: Vec<ConversationId>,
    /// In a dialect that looks at everything from the start: what it has closed since.
    closed: BTreeSet<ConversationId>,
}

impl Connection {
    /// Notes that the client has opened a conversation's window; `false` where it has already, or has opened `most`
    /// others. In a dialect that looks at everything the window is open in any case: beyond `most` it is only not
    /// closed any more.
    pub fn open_window(&self, conversation: ConversationId, most: usize) -> bool {
        let looks_at_everything = self.looks_at_everything();
        let mut windows = self.windows.borrow_mut();
        if windows.opened.contains(&conversation) {
            return false;
        }
        let has_room = windows.opened.len() < most;
        if has_room {
            windows.opened.push(conversation);
        }
        if has_room || looks_at_everything {
            windows.closed.remove(&conversation);
        }
        has_room || looks_at_everything
    }

    /// Notes that the client has closed a conversation's window; `false` where it did not look at it.
    pub fn close_window(&self, conversation: ConversationId) -> bool {
        let was_open = self.has_window(conversation);
        let mut windows = self.windows.borrow_mut();
        windows.opened.retain(|opened| *opened != conversation);
        if self.looks_at_everything() {
            windows.closed.insert(conversation);
        }
        was_open
    }

    /// As if the client had said nothing of this window.
    pub fn forget_window(&self, conversation: ConversationId) {
        let mut windows = self.windows.borrow_mut();
        windows.opened.retain(|opened| *opened != conversation);
        windows.closed.remove(&conversation);
    }

    /// Whether the client itself has opened this window.
    pub fn has_opened(&self, conversation: ConversationId) -> bool {
        self.windows.borrow().opened.contains(&conversation)
    }

    /// Whether it looks at this conversation, which must be one of its user's.
    pub fn has_window(&self, conversation: ConversationId) -> bool {
        let windows = self.windows.borrow();
        windows.opened.contains(&conversation)
            || (self.looks_at_everything() && !windows.closed.contains(&conversation))
    }

    /// How many windows it does not look at although its dialect does.
    pub fn closed_windows(&self) -> usize {
        self.windows.borrow().closed.len()
    }

    /// Forgets all that the client has said of windows, and returns those that it had opened.
    pub fn take_windows(&self) -> Vec<ConversationId> {
        self.windows.take().opened
    }

    /// Clients of `camel` have the windows of all of their chats open from the start: their server's gateway joins them
    /// at connection.
    fn looks_at_everything(&self) -> bool {
        self.format().dialect == Dialect::Camel
    }
}
