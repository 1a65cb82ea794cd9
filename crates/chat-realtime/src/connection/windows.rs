//! The conversations that a connection watches.

use super::Connection;
use chat_domain::ConversationId;
use chat_protocol::realtime::Dialect;
use std::collections::BTreeSet;

/// The windows that a client has opened and closed.
#[derive(Debug, Default)]
pub(super) struct Windows {
    opened: Vec<ConversationId>,
    /// For a dialect in which all windows are open from the start: the windows closed since.
    closed: BTreeSet<ConversationId>,
}

impl Connection {
    /// Opens a conversation's window. Returns `false` if the client has opened it before, or has opened `most` others.
    /// In a dialect in which all windows are open, beyond `most` the window only stops being closed.
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

    /// Closes a conversation's window. Returns `false` if it was not open.
    pub fn close_window(&self, conversation: ConversationId) -> bool {
        let was_open = self.has_window(conversation);
        let mut windows = self.windows.borrow_mut();
        windows.opened.retain(|opened| *opened != conversation);
        if self.looks_at_everything() {
            windows.closed.insert(conversation);
        }
        was_open
    }

    /// Removes the window's state, as if the client had neither opened nor closed it.
    pub fn forget_window(&self, conversation: ConversationId) {
        let mut windows = self.windows.borrow_mut();
        windows.opened.retain(|opened| *opened != conversation);
        windows.closed.remove(&conversation);
    }

    /// Whether the client itself has opened this window.
    pub fn has_opened(&self, conversation: ConversationId) -> bool {
        self.windows.borrow().opened.contains(&conversation)
    }

    /// Whether the window of this conversation is open. The conversation must be one of the user's.
    pub fn has_window(&self, conversation: ConversationId) -> bool {
        let windows = self.windows.borrow();
        windows.opened.contains(&conversation)
            || (self.looks_at_everything() && !windows.closed.contains(&conversation))
    }

    /// The number of windows closed in a dialect in which all are open from the start.
    pub fn closed_windows(&self) -> usize {
        self.windows.borrow().closed.len()
    }

    /// Removes the state of all windows, and returns those that the client had opened.
    pub fn take_windows(&self) -> Vec<ConversationId> {
        self.windows.take().opened
    }

    /// In `camel` the windows of all chats are open from the start, because the server joins the client to them on
    /// connection.
    fn looks_at_everything(&self) -> bool {
        self.format().dialect == Dialect::Camel
    }
}
